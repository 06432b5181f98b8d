# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every text can be read on its background in every theme.

The contrast must meet WCAG AA, or AAA in themes with high contrast.
"""

from collections.abc import Iterator

import pytest
from rich.color import Color, ColorSystem
from rich.style import Style
from textual.pilot import Pilot

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.legible import (
    AA,
    AAA,
    contrast_ratio,
    has_readable_text,
    make_legible,
)
from patchpilot.tui.palette import Help
from patchpilot.tui.themes import CONTRAST, DARK, HIGH_CONTRAST
from patchpilot.tui.view.stages import Stage
from tests.kit.walk import keys, opened, running, text_of, until, visible

pytestmark = pytest.mark.long

ROUNDING = 0.02


@pytest.fixture(autouse=True)
def _force_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def colored_texts(app: PatchpilotApp) -> list[tuple[str, Style]]:
    """Return the texts on the screen whose text and background colors are both known."""
    return [
        (text, style)
        for strip in app.screen._compositor.render_strips()
        for text, style, _ in strip
        if has_readable_text(text) and style and style.color and style.bgcolor
    ]


def find_unreadable_texts(
    app: PatchpilotApp, least: float, system: ColorSystem = ColorSystem.TRUECOLOR
) -> Iterator[str]:
    """Yield the texts on the screen that have too little contrast with this color system."""
    for text, style in colored_texts(app):
        assert style.color
        assert style.bgcolor
        ratio = contrast_ratio(
            style.color.downgrade(system), style.bgcolor.downgrade(system)
        )
        if ratio < least - ROUNDING and not style.color.is_default:
            yield f"{app.theme}, {app.stage}: {ratio:.2f} {text.strip()!r} {style}"


def test_contrast_matches_wcag() -> None:
    black, white, gray = (
        Color.parse(name) for name in ("#000000", "#ffffff", "#767676")
    )
    assert contrast_ratio(black, white) == pytest.approx(21)
    assert contrast_ratio(gray, white) == pytest.approx(4.54, abs=0.01)
    assert contrast_ratio(gray, gray) == 1


def test_color_is_changed_minimally() -> None:
    ground = Color.parse("#1e1e1e")
    assert make_legible(
        Color.parse("#e0e0e0"), ground, AA, ColorSystem.TRUECOLOR
    ) == Color.parse("#e0e0e0")
    moved = make_legible(Color.parse("#aa0000"), ground, AA, ColorSystem.TRUECOLOR)
    assert AA <= contrast_ratio(moved, ground) < AA + 1.5
    assert moved.triplet is not None
    assert moved.triplet.red > moved.triplet.green
    on_sixteen = make_legible(Color.parse("#444466"), ground, AA, ColorSystem.STANDARD)
    assert (
        contrast_ratio(
            on_sixteen.downgrade(ColorSystem.STANDARD),
            ground.downgrade(ColorSystem.STANDARD),
        )
        >= AA
    )


async def find_illegible(
    app: PatchpilotApp, pilot: Pilot[int], high: float = AAA
) -> list[str]:
    """Map each theme to the texts on the current screen that have too little contrast.

    `high` is the minimum contrast in themes with high contrast.
    """
    wrong: list[str] = []
    for theme in app.available_themes:
        app.theme = theme
        await pilot.pause()
        assert len(colored_texts(app)) > 10
        wrong += find_unreadable_texts(
            app, high if theme.startswith(CONTRAST.name) else AA
        )
    return wrong


async def test_text_is_legible_in_every_theme(newcomer: PatchpilotApp) -> None:
    async with running(newcomer, (120, 36), Stage.CHECKS) as pilot:
        assert await find_illegible(newcomer, pilot) == []
        await keys(pilot, Stage.TAGS)
        assert await find_illegible(newcomer, pilot) == []
        await pilot.press("question_mark")
        # the screen below a dialog is dimmed and need not be readable
        assert await find_illegible(newcomer, pilot, AA) == []


async def test_every_stage_is_legible_also_with_sixteen_colors(
    newcomer: PatchpilotApp,
) -> None:
    plain = "textual-dark", "textual-light"
    looks = [(theme, AA, ColorSystem.TRUECOLOR) for theme in plain]
    looks += [(theme.name, AAA, ColorSystem.TRUECOLOR) for theme in HIGH_CONTRAST]
    looks += [(theme, AA, ColorSystem.STANDARD) for theme in plain]
    async with running(newcomer, (160, 50)) as pilot:
        for stage in Stage:
            await keys(pilot, stage)
            for theme, least, system in looks:
                newcomer._legible.system, newcomer.theme = system, theme
                await pilot.pause()
                assert len(colored_texts(newcomer)) > 10
                assert list(find_unreadable_texts(newcomer, least, system)) == []


async def test_theme_is_remembered(
    newcomer: PatchpilotApp,
) -> None:
    newcomer.memory.save_values(theme="ansi-dark")
    async with running(newcomer, (80, 24)) as pilot:
        assert newcomer.theme == DARK.name
        await pilot.press("question_mark")
        await opened(pilot, Help)
        await pilot.press("end", "enter")
        await visible(pilot, "gruvbox")
        await pilot.press(*"nord")
        await until(pilot, lambda: "gruvbox" not in text_of(newcomer), "the match")
        await pilot.press("enter")
        await until(pilot, lambda: newcomer.theme == "nord", "the theme")
        assert newcomer.memory.get("theme") == "nord"
