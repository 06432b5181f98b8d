# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the templates of cover letters, and splitting a cover letter."""

from pathlib import Path

import pytest

from patchpilot.errors import UsageError
from patchpilot.series.cover_letter import (
    fill_template,
    format_changelog,
    has_changelog_items,
    read_template,
    split_cover,
    strip_template_comments,
)


def test_user_templates_take_precedence(tmp_path: Path) -> None:
    text = fill_template(
        read_template("cover"),
        {"subject": "S", "text": "T", "count": "2", "patches": "#~  a"},
    )
    assert strip_template_comments(text) == "S\n\nT"
    (tmp_path / "cover.txt").write_text("mine ${subject}\n")
    assert fill_template(read_template("cover", tmp_path), {"subject": "S"}) == "mine S\n"
    with pytest.raises(UsageError, match="unknown template"):
        read_template("covr")


def test_cover_letters_are_split() -> None:
    assert split_cover("s\n\nbody\n\n---\nChanges in v3:\n- a\n\n---\nmore") == (
        "s",
        "body\n---\nmore",
        "Changes in v3:\n- a",
    )
    assert split_cover("s") == ("s", "", "")
    assert not has_changelog_items(format_changelog(2, ["EDITME changed: x"], "https://x/"))
    assert has_changelog_items(format_changelog(2, ["mended the leak (Bob)"], "https://x/"))
