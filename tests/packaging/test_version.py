# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the version names the tag or the commit, whatever the files were made with."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.repos import Repo
from tests.kit.source import ROOT

FILES = (".git_archival.txt", ".gitattributes", "pyproject.toml")
PRINT = """
import sys, tomllib, pathlib
from hatch_vcs.version_source import VCSVersionSource
for name in sys.argv[1:]:
    text = pathlib.Path(name, "pyproject.toml").read_text()
    config = tomllib.loads(text)["tool"]["hatch"]["version"]
    print(VCSVersionSource(name, config).get_version_data()["version"])
"""


def read_versions(*folders: Path) -> list[str]:
    command = [sys.executable, "-W", "ignore", "-c", PRINT, *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return result.stdout.split()


def unpack(repo: Repo, folder: Path) -> Path:
    """Unpack an archive of HEAD, as a forge makes it."""
    folder.mkdir(parents=True)
    file = folder.with_name(f"{folder.name}.tar")
    repo.git("archive -o", str(file), "HEAD")
    shutil.unpack_archive(file, folder, filter="data")
    return folder


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return a repository with one commit that has what determines the version."""
    repo = Repo(tmp_path / "clone")
    repo.commit("first\n", {name: (ROOT / name).read_text() for name in FILES})
    return repo


def name_commit(version: str, commit: str) -> str:
    """Return a version with "COMMIT" for the abbreviated id of this commit."""
    start, mark, rest = version.partition("+g")
    name, dot, date = rest.partition(".")
    return f"{start}{mark}COMMIT{dot}{date[:3]}" if name and commit.startswith(name) else version


def test_version_names_the_commit_or_the_tag(repo: Repo, tmp_path: Path) -> None:
    first = repo.git("rev-parse HEAD")
    untagged = unpack(repo, tmp_path / "untagged")
    # another repository around an archive has other tags
    around = Repo(tmp_path / "around")
    around.commit("first\n", {"a": "b\n"})
    around.git("tag v7.0")
    inside = unpack(repo, around.path / "inside")
    copy = tmp_path / "copy"
    shutil.copytree(repo.path, copy, ignore=shutil.ignore_patterns(".git"))
    changed = shutil.copytree(repo.path, tmp_path / "changed")
    (changed / "pyproject.toml").open("a").write("# changed\n")
    versions = read_versions(repo.path, untagged, inside, changed, copy)
    assert [name_commit(version, first) for version in versions] == [
        "0.1.0.dev1+gCOMMIT",
        "0.1.0.dev0+gCOMMIT",
        "0.1.0.dev0+gCOMMIT",
        "0.1.0.dev1+gCOMMIT.d20",
        "0.1.0.dev0",
    ]
    repo.git("tag v0.2.0")
    tagged = unpack(repo, tmp_path / "tagged")
    second = repo.commit("second\n", {"a.c": "int a;\n"})
    later = unpack(repo, tmp_path / "later")
    versions = read_versions(tagged, later, repo.path)
    assert [name_commit(version, second) for version in versions] == [
        "0.2.0",
        "0.2.1.dev1+gCOMMIT",
        "0.2.1.dev1+gCOMMIT",
    ]


@pytest.mark.parametrize(
    ("built", "shown"),
    [
        ("0.2.0", "0.2.0"),
        ("0.1.0.dev7+g1234567", "0.1.0.dev7+g1234567"),
        ("0.1.0.dev0+g1234567", "0.1.0.dev0+g1234567"),
        ("0.1.0.dev0", "0.1.0.dev0+unknown"),
        ("", "0+unknown"),
    ],
)
def test_version_shows_that_the_commit_is_unknown(built: str, shown: str, tmp_path: Path) -> None:
    package = tmp_path / "patchpilot"
    package.mkdir()
    shutil.copy(ROOT / "patchpilot/__init__.py", package)
    if built:
        (package / "_version.py").write_text(f'__version__ = "{built}"\n')
    program = "import patchpilot; print(patchpilot.__file__, patchpilot.__version__)"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [str(package / "__init__.py"), shown]
