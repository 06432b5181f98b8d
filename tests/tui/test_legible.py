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
from patchpilot.tui.themes import CONTRAST, DARK, HIGH_CONTRAST
from patchpilot.tui.view.stages import Stage
from tests.kit.walk import keys, running, text_of, until, visible

pytestmark = pytest.mark.long

ROUNDING = 0.02


@pytest.fixture(autouse=True)
def _force_color_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def list_colored_texts(app: PatchpilotApp) -> list[tuple[str, Style]]:
    """Return the texts on the screen whose text and background colors are both known."""
    return [
        (text, style)
        for screen_strip in app.screen._compositor.render_strips()
        for text, style, _ in screen_strip
        if has_readable_text(text) and style and style.color and style.bgcolor
    ]


def find_unreadable_texts(
    app: PatchpilotApp,
    min_contrast: float,
    color_system: ColorSystem = ColorSystem.TRUECOLOR,
) -> Iterator[str]:
    """Yield the texts on the screen that have too little contrast with this color system."""
    for text, style in list_colored_texts(app):
        assert style.color
        assert style.bgcolor
        ratio = contrast_ratio(
            style.color.downgrade(color_system), style.bgcolor.downgrade(color_system)
        )
        if ratio < min_contrast - ROUNDING and not style.color.is_default:
            yield f"{app.theme}, {app.stage}: {ratio:.2f} {text.strip()!r} {style}"


def test_contrast_matches_wcag() -> None:
    black, white, gray = (Color.parse(name) for name in ("#000000", "#ffffff", "#767676"))
    assert contrast_ratio(black, white) == pytest.approx(21)
    assert contrast_ratio(gray, white) == pytest.approx(4.54, abs=0.01)
    assert contrast_ratio(gray, gray) == 1


def test_color_is_changed_minimally() -> None:
    ground = Color.parse("#1e1e1e")
    assert make_legible(Color.parse("#e0e0e0"), ground, AA, ColorSystem.TRUECOLOR) == Color.parse(
        "#e0e0e0"
    )
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


async def find_illegible_by_theme(
    app: PatchpilotApp, pilot: Pilot[int], min_contrast: float = AAA
) -> list[str]:
    """Map each theme to the texts on the current screen that have too little contrast.

    `min_contrast` is the minimum contrast in themes with high contrast.
    """
    illegible_texts: list[str] = []
    for theme in app.available_themes:
        app.theme = theme
        await pilot.pause()
        assert len(list_colored_texts(app)) > 10
        illegible_texts += find_unreadable_texts(
            app, min_contrast if theme.startswith(CONTRAST.name) else AA
        )
    return illegible_texts


async def test_text_is_legible_in_every_theme(newcomer_app: PatchpilotApp) -> None:
    async with running(newcomer_app, (120, 36), Stage.CHECKS) as pilot:
        assert await find_illegible_by_theme(newcomer_app, pilot) == []
        await keys(pilot, Stage.TAGS)
        assert await find_illegible_by_theme(newcomer_app, pilot) == []
        await pilot.press("question_mark")
        # the screen below a dialog is dimmed and need not be readable
        assert await find_illegible_by_theme(newcomer_app, pilot, AA) == []


async def test_every_stage_is_legible_also_with_sixteen_colors(
    newcomer_app: PatchpilotApp,
) -> None:
    plain = "textual-dark", "textual-light"
    looks = [(theme, AA, ColorSystem.TRUECOLOR) for theme in plain]
    looks += [(theme.name, AAA, ColorSystem.TRUECOLOR) for theme in HIGH_CONTRAST]
    looks += [(theme, AA, ColorSystem.STANDARD) for theme in plain]
    async with running(newcomer_app, (160, 50)) as pilot:
        for stage in Stage:
            await keys(pilot, stage)
            for theme, least, system in looks:
                newcomer_app._legible.system, newcomer_app.theme = system, theme
                await pilot.pause()
                assert len(list_colored_texts(newcomer_app)) > 10
                assert list(find_unreadable_texts(newcomer_app, least, system)) == []


async def test_theme_is_remembered(
    newcomer_app: PatchpilotApp,
) -> None:
    newcomer_app.memory.save_values(theme="ansi-dark")
    async with running(newcomer_app, (80, 24)) as pilot:
        assert newcomer_app.theme == DARK.name
        await pilot.press("ctrl+t")
        await visible(pilot, "gruvbox")
        await pilot.press(*"nord")
        await until(pilot, lambda: "gruvbox" not in text_of(newcomer_app), "the match")
        await pilot.press("enter")
        await until(pilot, lambda: newcomer_app.theme == "nord", "the theme")
        assert newcomer_app.memory.get("theme") == "nord"
