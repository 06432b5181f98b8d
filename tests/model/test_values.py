# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the properties of commits, trees, changes and plans."""

from datetime import UTC, datetime
from typing import Any

import pytest

from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.patch import DiffLine, FileChange, Hunk
from patchpilot.model.progress import ignore_progress
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.model.rule import Example
from patchpilot.model.source_tree import (
    changed_files_below,
    is_guessed_content,
    is_safe_path,
    parse_makefile_version,
    unpatched_tree,
)
from tests.kit.snippets import MemoryTree

ADA, THEN = Address("Ada", "ada@example.org"), datetime(2026, 11, 20, tzinfo=UTC)


def make_commit(message: str) -> Commit:
    return Commit("0123456789abcdef" * 2 + "01234567", "t" * 40, (), ADA, THEN, ADA, THEN, message)


@pytest.mark.parametrize(
    ("message", "subject", "body"),
    [
        ("net: x\n\nwhy\n\nFixes: a\n", "net: x", "why\n\nFixes: a\n"),
        ("net: x\n  goes on\n\nwhy\n", "net: x goes on", "why\n"),
        ("\n\nnet: x\n\nwhy\n", "net: x", "why\n"),
        ("net: x\n", "net: x", ""),
        ("X\n\nwhy\n", "X", "why\n"),
        ("", "", ""),
    ],
)
def test_subject_is_the_first_paragraph(message: str, subject: str, body: str) -> None:
    assert (make_commit(message).subject, make_commit(message).body) == (subject, body)


def test_commit_is_quoted_by_id_and_subject() -> None:
    quoted = make_commit("net: x\n\nwhy\n\nFixes: a\nCc: b@example.org\n")
    assert (quoted.short, quoted.reference) == (
        "0123456789ab",
        '0123456789ab ("net: x")',
    )
    assert quoted.lines == ("net: x", "", "why", "", "Fixes: a", "Cc: b@example.org")
    assert [str(tag) for tag in quoted.trailers] == ["Fixes: a", "Cc: b@example.org"]
    assert [tag.value for tag in quoted.tags("cc")] == ["b@example.org"]


@pytest.mark.parametrize(
    ("makefile", "version"),
    [
        (b"VERSION = 6\nPATCHLEVEL = 18\nSUBLEVEL = 0\n", (6, 18)),
        (b"VERSION=5\nPATCHLEVEL=4\n", (5, 4)),
        (b"VERSION = \nPATCHLEVEL = 18\n", None),
        (b"VERSION = 6\nPATCHLEVEL =\n", None),
        (b"PATCHLEVEL = 18\n", None),
        (b"VERSION = 6\n", None),
        (b"#" * 3000 + b"\nVERSION = 6\nPATCHLEVEL = 1\n", None),
        (b"", None),
        (None, None),
    ],
)
def test_makefile_contains_the_version(
    makefile: bytes | None, version: tuple[int, int] | None
) -> None:
    assert parse_makefile_version(makefile) == version


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("a/b.c", True),
        ("a..b/c", True),
        ("", False),
        ("/a", False),
        ("../a", False),
        ("a/../b", False),
        ("a\0b", False),
    ],
)
def test_path_outside_the_tree_is_unsafe(path: str, safe: bool) -> None:
    assert is_safe_path(path) is safe


def test_unpatched_tree_has_no_changes() -> None:
    tree = MemoryTree({"a/b.c": "x"})
    assert unpatched_tree(tree) is tree
    assert changed_files_below(tree, "a") == ()
    assert is_guessed_content(tree, "a/b.c") is False

    class Layered(MemoryTree):
        ground = tree

        def changed(self, directory: str) -> list[str]:
            return [f"{directory}/b.c"]

        def is_guess(self, path: str) -> bool:
            return path == "a/b.c"

    layered = Layered({})
    assert unpatched_tree(layered) is tree
    assert changed_files_below(layered, "a") == ("a/b.c",)
    assert (
        is_guessed_content(layered, "a/b.c"),
        is_guessed_content(layered, "a/c.c"),
    ) == (True, False)


def test_change_uses_its_new_path() -> None:
    assert FileChange("a", "b", (), 1).path == "b"
    assert FileChange("a", None, (), 1).path == "a"
    assert FileChange(None, "b", (), 1).path == "b"
    assert FileChange(None, None, (), 1).path == ""


def test_change_lists_its_added_lines() -> None:
    lines = tuple(DiffLine(kind, kind * 3, number, None) for number, kind in enumerate("+- +"))
    change = FileChange("a", "a", (Hunk(1, 1, 3, "", lines, 0),), 1)
    assert [line.patch_line for line in change.lines()] == [0, 3]
    assert [line.patch_line for line in change.lines("-")] == [1]


def test_plan_splits_recipients_by_header() -> None:
    to, cc = (Recipient(ADA, "maintainer", None, header, ()) for header in ("to", "cc"))
    plan = RecipientPlan((to, cc))
    assert (plan.to, plan.cc) == ((to,), (cc,))
    assert ignore_progress("checking") is None


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, ""),
        ({"subject": "a: b"}, "Subject: a: b"),
        ({"message": "\nWhy.\n\n", "trailers": "Cc: x\n"}, "Why.\nCc: x"),
        ({"path": "a.c", "code": "\nint a;\n"}, "a.c:\nint a;"),
        ({"diff": "-a\n+b\n"}, "-a\n+b"),
        ({"code": "int a;", "diff": "-a\n"}, "int a;"),
        ({"patch": "\nFrom: x\n"}, "From: x"),
        ({"series": ("\none\n", "two\n")}, "one\ntwo"),
        ({"subject": "a", "patch": "b", "series": ("c",)}, "Subject: a\nb\nc"),
    ],
)
def test_example_text_contains_its_parts(parts: dict[str, Any], text: str) -> None:
    assert Example(bad=True, **parts).text == text
