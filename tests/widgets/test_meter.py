# SPDX-License-Identifier: GPL-2.0-or-later
"""A badge shows what it means without color and without Unicode."""

import pytest

from patchpilot.tui.screens.backports_rows import Badge


def test_a_badge_has_a_sign_and_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    badge = Badge("blocked", "conflict", "bold red")
    assert (badge.text.plain, str(badge.text.style)) == ("✗ conflict", "bold red")
    monkeypatch.setenv("PATCHPILOT_ASCII", "1")
    assert badge.text.plain.isascii()
