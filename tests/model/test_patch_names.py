# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every reader of a diff finds the same file names as git, whatever they contain."""

import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.finding.candidates import read_changes
from patchpilot.model.mail import parse_patch
from patchpilot.reading.posted_series import Revision
from patchpilot.tui.widgets.diff_rows import DiffRows
from tests.kit.repos import Repo

PIECES = (
    *(" ", "\t", '"', "\\", "\r", "\n", "'", "\x01", "\u00e9"),
    *("-", "a b/", " b/", "a", "=", ";"),
)


def make_names(seed: int, count: int) -> list[str]:
    """Return random file names that a tree can contain."""
    chooser = random.Random(seed)
    names = set[str]()
    while len(names) < count:
        word = "".join(chooser.choices(PIECES, k=chooser.randint(1, 5)))
        names.add(f"d{len(names)}/x{word}y.c")
    return sorted(names)


def check_readers(path: Path, names: list[str]) -> None:
    repo = Repo(path)
    repo.commit("begin", dict.fromkeys(names, "int a;\n"))
    commit = repo.commit("go on", dict.fromkeys(names, "int a;\nint b;\n"))
    expected = sorted(names)
    with Repository.open(repo.path) as repository:
        mail = repository.git("format-patch", "-1", "--stdout", commit).text
        patch = format_commit_patch(repository, commit)
        changes = read_changes(repository, [commit])[commit]
    assert sorted(patch.paths) == expected
    assert sorted(parse_patch(mail.encode(), "p").paths) == expected
    assert sorted(changes.files) == expected
    rows = DiffRows(mail.split("\n"))
    assert sorted(part.name for part in rows.files) == expected
    post = SimpleNamespace(mail=SimpleNamespace(body=mail))
    files = vars(Revision)["files"].func(SimpleNamespace(posts=[post]))
    assert sorted(files) == expected


def test_readers_agree_on_odd_names(tmp_path: Path) -> None:
    check_readers(tmp_path / "r", make_names(81, 30))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_readers_agree_on_all_odd_names(tmp_path: Path, seed: int) -> None:
    check_readers(tmp_path / "r", make_names(seed, 100))
