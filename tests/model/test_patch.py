# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the path and the added lines of a file's change, and the prefix of a subject."""

import pytest

from patchpilot.model.patch import DiffLine, FileChange, Hunk, add_subject_prefix


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


@pytest.mark.parametrize(
    ("row", "prefix", "shown"),
    [
        ("PATCH", "PATCH net v2", "PATCH net v2"),
        # check adds the prefix of the tree, but not the version
        ("PATCH net", "PATCH net v2", "PATCH net v2"),
        ("PATCH net 2/3", "PATCH net v2", "PATCH net v2 2/3"),
        ("PATCH 2/3", "RFC PATCH v2", "RFC PATCH v2 2/3"),
        ("PATCH net", "PATCH net-next v2", "PATCH net"),
        ("RFC PATCH", "PATCH", "RFC PATCH"),
        ("PATCH 6.1.y", "PATCH", "PATCH 6.1.y"),
    ],
)
def test_subject_prefix_is_completed(row: str, prefix: str, shown: str) -> None:
    rows = [f"Subject: [{row}] [media] cec: stop", "[PATCH] x"]
    assert add_subject_prefix(rows, prefix) == [f"Subject: [{shown}] [media] cec: stop", rows[1]]
