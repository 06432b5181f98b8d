# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing both sides of a conflict."""

from patchpilot.backports.conflict_places import ConflictPlace, parse_conflict_markers


def test_each_conflict_has_both_sides() -> None:
    text = "a b c <<<<<<< o ||||||| p ======= q >>>>>>> d <<<<<<< r ||||||| ======= s >>>>>>> e f"
    lines = [word + (" x" if word[0] in "<|>" else "") + "\n" for word in text.split()]
    assert parse_conflict_markers("f", lines) == [
        ConflictPlace("f", 4, ("o",), ("q",)),
        ConflictPlace("f", 6, ("r",), ("s",)),
    ]
