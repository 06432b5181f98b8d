# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that open work and warnings look different.

They have two colors in every theme, and two signs without colors.
"""

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from patchpilot.model.rule import Severity
from patchpilot.reading.thread_values import Turn
from patchpilot.tui.screens.checks_rows import LOOKS
from patchpilot.tui.screens.home_rows import SIGNS as TURNS
from patchpilot.tui.themes import OURS, terminal_colors, user_task_color
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.stages import NEEDS_YOU, STYLES, StageState
from patchpilot.tui.widgets.diff_colors import ROLES

THEMES = [
    *(theme for name, theme in BUILTIN_THEMES.items() if not name.startswith("ansi-")),
    *OURS,
]
APART = 100
"""Minimum distance of two colors, as a sum over red, green and blue."""
YELLOW, BRIGHT_MAGENTA = 3, 13


def measure_color_distance(first_color: Color, second_color: Color) -> int:
    return sum(abs(a - b) for a, b in zip(first_color.rgb, second_color.rgb, strict=True))


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_open_work_has_its_own_color(
    theme: Theme,
) -> None:
    named = theme.to_color_system().generate()
    for other in ("warning", "error", *["accent"] * (theme in OURS)):
        assert measure_color_distance(user_task_color(theme), Color.parse(named[other])) >= APART, (
            other
        )
    colors = terminal_colors(theme).ansi_colors
    assert Color(*colors[BRIGHT_MAGENTA]) == Color(*user_task_color(theme).rgb)
    assert Color(*colors[YELLOW]) == Color(*Color.parse(named["warning"]).rgb)


@pytest.mark.parametrize("ascii_only", ["0", "1"])
def test_signs_differ_too(ascii_only: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHPILOT_ASCII", ascii_only)
    assert STYLES[StageState.TODO] == TURNS[Turn.YOURS][1] == NEEDS_YOU
    yours, (warning, role) = StageState.TODO.sign, LOOKS[Severity.WARNING]
    assert ROLES[role] == "yellow"
    assert TURNS[Turn.YOURS][0] == yours
    assert (STYLE_OF[yours], STYLE_OF[warning]) == (NEEDS_YOU, "yellow")
    assert glyph(yours) != glyph(warning)
