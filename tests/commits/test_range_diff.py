# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a range-diff of messages equals git's range-diff of the commits."""

import re
from pathlib import Path

import pytest

from patchpilot.commits.range_diff import (
    Difference,
    compare_patches,
    read_range_diff,
    run_range_diff,
)
from patchpilot.commits.repository import Repository
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from tests.kit.repos import Repo

PUMP = "".join(
    f"int pump_{part}(void)\n{{\n\tint a;\n\tint b;\n\n\ta = {part};\n\tb = a;\n\treturn b;\n}}\n\n"
    for part in range(6)
)
VALVE = "".join(f"int valve_{part};\n" for part in range(40))


def format_patches(repo: Repo, revision: str) -> list[Patch]:
    mbox_text = repo.git("format-patch --stdout -M", revision)
    return [
        parse_patch(f"From {mail}".encode(), "mail")
        for mail in re.split(r"(?m)^From (?=[0-9a-f]{40} )", mbox_text)[1:]
    ]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit(
        "base",
        {
            "pump.c": PUMP,
            "valve.c": VALVE,
            'odd "name\\.c': "int odd;\n",
            "last": "no newline",
            "data": "\0one",
        },
    )
    repo.git("tag base")
    repo.commit(
        "pump: start at 10\n\nBecause.",
        {"pump.c": PUMP.replace("a = 1;", "a = 10;").replace("a = 4;", "a = 40;")},
    )
    repo.git("rm -q valve.c")
    repo.commit("valve: move it", {"tap.c": VALVE.replace("valve_20;", "valve_20 = 1;")})
    repo.commit("odd: end it", {'odd "name\\.c': "int odd = 1;\n", "last": "no newline at all"})
    repo.commit("data: two", {"data": "\0two"})
    repo.commit("only in v1", {"new.c": "int new;\n"})
    repo.git("tag v1")
    repo.git("checkout -q -b second base")
    # this is the same change with different context, as after a rebase
    moved_content = "/* moved */\n" * 30 + PUMP
    repo.commit("unrelated", {"pump.c": moved_content})
    repo.git("tag base2")
    repo.commit(
        "pump: start at 11\n\nBecause of that.",
        {"pump.c": moved_content.replace("a = 1;", "a = 11;").replace("a = 4;", "a = 40;")},
    )
    repo.git("rm -q valve.c")
    repo.commit("valve: move it", {"tap.c": VALVE.replace("valve_20;", "valve_20 = 2;")})
    repo.commit("odd: end it", {'odd "name\\.c': "int odd = 2;\n", "last": "no newline at all"})
    repo.commit("data: two", {"data": "\0three"})
    repo.commit("only in v2", {"drivers/other.c": "long other;\n" * 9})
    repo.git("tag v2")
    return repo


def test_messages_compare_like_commits(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        expected = read_range_diff(run_range_diff(repository.git, "base..v1", "base2..v2"))
    differences = compare_patches(
        format_patches(repo, "base..v1"), format_patches(repo, "base2..v2")
    )
    assert differences == expected
    assert {difference.difference for difference in differences} == set(Difference)
    assert "pump.c: int pump_1(void)" in differences[0].text


def test_rebased_patches_are_equal(repo: Repo) -> None:
    repo.git("checkout -q -b third base2")
    repo.git("cherry-pick base..v1")
    differences = compare_patches(
        format_patches(repo, "base..v1"), format_patches(repo, "base2..third")
    )
    assert [
        (difference.difference, difference.old, difference.new) for difference in differences
    ] == [(Difference.SAME, index, index) for index in range(1, 6)]


def test_patch_to_an_impossible_path_is_compared() -> None:
    text = (
        b"From: Ada <ada@example.org>\nSubject: [PATCH] x\n\nText %d.\n---\ndiff --git a/.git/x"
        b" b/.git/x\n--- a/.git/x\n+++ b/.git/x\n@@ -1 +1 @@\n-a\n+b\n"
    )
    (difference,) = compare_patches([parse_patch(text % 1, "1")], [parse_patch(text % 1, "2")])
    assert (difference.difference, difference.title) == (Difference.SAME, "x")
