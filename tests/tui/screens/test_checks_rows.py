# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a fix shows the lines that it changes."""

from patchpilot.tui.screens.checks_rows import format_changed_lines


def test_fix_shows_its_changed_lines() -> None:
    diff = ["--- a", "+++ b", "-\tif(rc)", "+\tif (rc)", " ", *["+more"] * 12]
    assert format_changed_lines(diff).plain.split("\n")[1:] == [
        "-       if(rc)",
        "+       if (rc)",
        *["+more"] * 10,
        "… 2 more lines",
    ]
