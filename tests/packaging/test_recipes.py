# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes of packages name what the core needs, are of one version, and can be parsed."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CORE = dict(
    re.fullmatch(r"([\w-]+)>=([\d.]+)", one).groups()  # type: ignore[union-attr]
    for one in PROJECT["tool"]["hatch"]["metadata"]["hooks"]["custom"]["core"]
)
PARSERS = {
    "rpm/patchpilot.spec": ("rpmspec", "-P"),
    "nix/default.nix": ("nix-instantiate", "--parse"),
    "homebrew/patchpilot.rb": ("ruby", "-c"),
}


def recipe(name: str) -> str:
    return (PACKAGING / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CORE)
def test_each_recipe_needs_what_the_core_needs(name: str) -> None:
    spec = recipe("rpm/patchpilot.spec")
    assert f"Requires:       python3dist({name}) >= {CORE[name]}\n" in spec
    dependencies = recipe("nix/default.nix").partition("dependencies = with")[2]
    assert f"    {name}\n" in dependencies.partition("];")[0]
    needed = re.search(r"# needs: (.*)", recipe("homebrew/patchpilot.rb"))
    assert needed
    assert name in needed[1].split()
    debian = recipe("debian/control").partition("Build-Depends:")[2].splitlines()[0]
    known = {"google-re2": "python3-re2", "codespell": "codespell (>= 2.3)"}
    assert known.get(name, f"python3-{name} (>= {CORE[name]})") in debian


def test_each_recipe_is_of_the_version_that_comes_next() -> None:
    version = PROJECT["tool"]["hatch"]["version"]["fallback-version"].partition(".dev")[
        0
    ]
    assert f"%global version_ {version}\n" in recipe("rpm/patchpilot.spec")
    assert recipe("nix/default.nix").count(f'"{version}"') == 2
    assert f"core-{version}.tar.gz" in recipe("homebrew/patchpilot.rb")
    assert recipe("debian/changelog").startswith(f"patchpilot ({version}")


@pytest.mark.parametrize("name", PARSERS)
def test_a_recipe_can_be_parsed(name: str) -> None:
    program, option = PARSERS[name]
    if not shutil.which(program):
        pytest.skip(f"needs {program}")
    words = [program, option, str(PACKAGING / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_container_runs_as_a_user_and_lists_what_is_inside() -> None:
    last = (ROOT / "Containerfile").read_text(encoding="utf-8").rpartition("FROM ")[2]
    assert re.search(r"^USER (?!root)\w+$", last, re.MULTILINE)
    assert "contents.sha256" in last
