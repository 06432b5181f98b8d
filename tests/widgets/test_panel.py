# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the texts in a panel's border, fitted to its width."""

import pytest

from patchpilot.tui.widgets.panel import bottom_in, fit_heading


@pytest.mark.parametrize(
    ("note", "count", "room", "shown"),
    [
        ("v1 was sent", "1/2", 40, "v1 was sent · 1/2"),
        (
            "press a to answer 2 questions",
            "0/8 done",
            32,
            "press a to answer 2 questions",
        ),
        ("likely: 5 of 6; press 4 to confirm", "1/6", 26, "press 4 to confirm · 1/6"),
        ("4 in To, 2 in Cc; 3 open notes", "1/6", 20, "4 in To, 2 in… · 1/6"),
        ("4 in To, 2 in Cc", "1/6", 12, "1/6"),
        ("", "", 12, ""),
    ],
)
def test_bottom_border_keeps_the_key(
    note: str, count: str, room: int, shown: str
) -> None:
    assert bottom_in(note, count, room) == shown


def test_long_heading_is_cut_at_the_end() -> None:
    counts = "3 errors, 2 warnings, 2 more with strict"
    assert fit_heading(counts, 60) == counts
    assert fit_heading(counts, 32) == "3 errors, 2 warnings"
    assert fit_heading("net: add this, that", 12) == "net: add th…"
