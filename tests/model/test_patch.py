# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the path and the added lines of a file's change."""

from patchpilot.model.patch import DiffLine, FileChange, Hunk


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
