# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a badge shows its meaning without color and Unicode."""

import pytest

from patchpilot.tui.screens.backports_rows import Badge


def test_badge_has_sign_and_word(monkeypatch: pytest.MonkeyPatch) -> None:
    badge = Badge("blocked", "conflict", "bold red")
    assert (badge.text.plain, str(badge.text.style)) == ("✗ conflict", "bold red")
    monkeypatch.setenv("PATCHPILOT_ASCII", "1")
    assert badge.text.plain.isascii()
