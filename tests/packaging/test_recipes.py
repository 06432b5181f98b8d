# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that packages, the container, CI and the page of platforms match pyproject.toml."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from tests.kit.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CORE = dict(
    re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement).groups()  # type: ignore[union-attr]
    for requirement in PROJECT["project"]["dependencies"]
)


def read_debian_file(name: str) -> str:
    return (ROOT / "packaging/debian" / name).read_text(encoding="utf-8")


def test_debian_dependencies_cover_the_core() -> None:
    needed = read_debian_file("control").partition("Build-Depends:")[2].splitlines()[0]
    known = {"google-re2": "python3-re2", "codespell": "codespell (>= 2.3)"}
    # Debian's version is too old: a line without a package makes dh_python3 ignore the requirement
    ignored = read_debian_file("py3dist-overrides").split()
    assert ignored == ["tree-sitter", "tree-sitter-c"]
    for name, version in CORE.items() - {(name, CORE[name]) for name in ignored}:
        assert known.get(name, f"python3-{name} (>= {version})") in needed


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        ("container.txt", PROJECT["project"]["dependencies"]),
        ("container-build.txt", PROJECT["build-system"]["requires"]),
    ],
)
def test_container_pins_what_the_project_requires(name: str, requirements: list[str]) -> None:
    lock = (ROOT / "packaging" / name).read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w-]+)==(\S+) \\$", lock, re.MULTILINE))
    assert len(pinned) == lock.count("==")
    assert lock.count(" \\\n    --hash=sha256:") >= len(pinned)
    for requirement in map(Requirement, requirements):
        assert requirement.specifier.contains(pinned[requirement.name])


def test_container_has_one_base_and_checks_hashes() -> None:
    recipe = (ROOT / "Containerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"^FROM (\S+)", recipe, re.MULTILINE)) == {"$BASE"}
    installs = re.findall(r"pip (?:install|wheel) [^&\n]*", recipe)
    assert len(installs) == 4
    for words in installs:
        assert "--require-hashes" in words or "--no-deps --no-" in words


def test_container_lists_its_contents() -> None:
    last = (ROOT / "Containerfile").read_text(encoding="utf-8").rpartition("FROM ")[2]
    assert re.search(r"^USER (?!root)\w+$", last, re.MULTILINE)
    assert "contents.sha256" in last


def test_container_home_is_not_the_tree_under_check() -> None:
    """Without HOME, it is WORKDIR for a user that podman adds (`--user` with another id)."""
    last = (ROOT / "Containerfile").read_text(encoding="utf-8").rpartition("FROM ")[2]
    (home,) = re.findall(r"^ENV HOME=(/\S+)$", last, re.MULTILINE)
    (workdir,) = re.findall(r"^WORKDIR (/\S+)$", last, re.MULTILINE)
    assert not f"{home}/".startswith(f"{workdir}/")
    assert f"chmod 755 {home}\n" in last


def test_pythons_of_the_project_ran_the_tests() -> None:
    """The classifiers are the Pythons of platforms.md and CI, and start at requires-python."""
    named = [
        line.rpartition(" ")[2]
        for line in PROJECT["project"]["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", line)
    ]
    page = (ROOT / "docs/reference/platforms.md").read_text(encoding="utf-8")
    ran = re.findall(r"^\| (3\.\d+)\.\d+ \|.*\| (?:whole suite|`\.ci/matrix`)", page, re.M)
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert named == sorted(set(ran), key=Version)
    assert named == workflow["jobs"]["matrix"]["strategy"]["matrix"]["python"]
    assert PROJECT["project"]["requires-python"] == f">={named[0]}"
    setup = (ROOT / ".ci/setup").read_text(encoding="utf-8")
    assert f"sys.version_info < ({named[0].replace('.', ', ')})" in setup
    assert PROJECT["tool"]["mypy"]["python_version"] == named[0]
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{named[0].replace('.', '')}"
