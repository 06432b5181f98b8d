# SPDX-License-Identifier: GPL-2.0-or-later
"""A meter and a badge show what they mean without color and without Unicode."""

import pytest

from patchpilot.tui.screens.backports_rows import Badge
from patchpilot.tui.screens.tags_rows import meter_bar


@pytest.mark.parametrize(
    ("share", "marks"),
    [
        (0, 0),
        (0.001, 1),
        (0.5, 5),
        (0.93, 9),
        (1, 10),
        (-1, 0),
        (7, 10),
    ],
)
def test_a_share_is_a_bar_of_its_length(
    share: float, marks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ascii_only, mark in (("0", "█"), ("1", "#")):
        monkeypatch.setenv("PATCHPILOT_ASCII", ascii_only)
        assert meter_bar(share, 10).plain == f"{mark * marks:<10}"


def test_a_badge_has_a_sign_and_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    badge = Badge("blocked", "conflict", "bold red")
    assert (badge.text.plain, str(badge.text.style)) == ("✗ conflict", "bold red")
    monkeypatch.setenv("PATCHPILOT_ASCII", "1")
    assert badge.text.plain.isascii()
