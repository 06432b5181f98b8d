# SPDX-License-Identifier: GPL-2.0-or-later
"""Test shortening the texts in the border of a panel to its width."""

import pytest

from patchpilot.tui.widgets.panel import fit_bottom_text


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
        ("likely: 5 of 6; press 4 to confirm", "1/6", 26, "press 4 to confirm"),
        ("4 in To, 2 in Cc; 3 open notes", "1/6", 20, "4 in To, 2 in Cc; 3…"),
        ("4 in To, 2 in Cc", "1/6", 12, "4 in To, 2 …"),
        ("", "", 12, ""),
    ],
)
def test_bottom_border_keeps_the_key(note: str, count: str, room: int, shown: str) -> None:
    assert fit_bottom_text(note, count, room) == shown
