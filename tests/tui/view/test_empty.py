# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a screen without content explains why it is empty.

The explanation is in the middle, with the keys that help.
"""

from dataclasses import replace

import pytest

from patchpilot.backports.result import BackportResult
from patchpilot.model.printable import width
from patchpilot.tui.screens.backports_screen import (
    empty_result_keys,
)
from patchpilot.tui.screens.follow_rows import placeholder_rows
from patchpilot.tui.view.empty import format_placeholder


@pytest.mark.parametrize("size", [(78, 20), (40, 9)])
def test_text_is_centered(size: tuple[int, int]) -> None:
    columns, lines = size
    keys = (("f", "run git fetch"), ("Esc", "go back"))
    text = format_placeholder("Nothing yet", "One two.\n\nThree.", keys, columns, lines)
    rows = text.plain.split("\n")
    assert len(rows) <= lines
    assert all(width(row) <= columns for row in rows)
    shown = [row for row in rows if row.strip()]
    assert [row.split()[0] for row in shown] == ["Nothing", "One", "Three.", "f", "Esc"]
    above = rows.index(shown[0])
    assert abs(lines - len(rows) - above) <= 1
    left = len(shown[0]) - len(shown[0].lstrip())
    assert abs(columns - left * 2 - max(len(row.strip()) for row in shown)) <= 1


def test_blank_lines_give_way_first() -> None:
    text = format_placeholder("Nothing yet", "Why.", (("f", "run git fetch"),), 60, 3)
    assert len(text.split("\n")) == 3


def test_unfetched_branches_name_the_key() -> None:
    rules = ("Not fetched.\n\nRun `git fetch`.",)
    result = BackportResult("1" * 40, "x", rules=rules, unfetched=True)
    assert result.describe_rules() == ("Not fetched.", "Run git fetch.")
    assert empty_result_keys(result)[0] == ("g", "run git fetch, after confirmation")
    result = replace(result, unfetched=False)
    assert [key for key, _ in empty_result_keys(result)] == ["4", "n"]
    assert empty_result_keys(result, is_series=True)[0] == ("< >", "go to another patch")
    assert [key for key, _ in empty_result_keys(replace(result, commit=None))] == ["n"]


def test_follow_explains_the_wait() -> None:
    reading = [row.plain.strip() for row in placeholder_rows(76, 18, is_reading=True)]
    assert "Reading the tracked series …" in reading
    assert "Esc  cancel" in reading
    rows = placeholder_rows(76, 18, is_reading=False)
    nothing = "\n".join(row.plain.strip() for row in rows)
    assert nothing.lstrip().startswith("This topic was not sent yet.")
    assert "w there tracks any other series" in nothing
    merged = placeholder_rows(76, 18, is_reading=False, is_merged=True)
    assert any(row.plain.strip().startswith("5  go to LTS") for row in merged)
