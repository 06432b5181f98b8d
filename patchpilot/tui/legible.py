# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep text legible in every theme: its contrast with the background is at least what WCAG level AA
requires (4.5:1).
"""

from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.filter import LineFilter

AA, AAA = 4.5, 7.0
"""WCAG 2.2: minimum contrast of text at level AA (1.4.3) and at level AAA (1.4.6)."""

STEP = 0.08
"""How far a color is moved toward white or black in each step."""

_NO_TEXT = frozenset(" ─━│┃╭╮╰╯┏┓┗┛┌┐└┘├┤┬┴┼╌▁▂▃▄▅▆▇█▉▊▋▌▍▎▏▐░▔▕\n")
"""Spaces, borders and bars: decoration, which needs no contrast."""


def luminance(color: RichColor) -> float:
    """Return the relative luminance of a color as defined by WCAG, from 0 to 1."""
    parts = (part / 255 for part in color.get_truecolor())
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: RichColor, second: RichColor) -> float:
    darker, brighter = sorted((luminance(first), luminance(second)))
    return (brighter + 0.05) / (darker + 0.05)


def is_text(text: str) -> bool:
    """Return whether the text contains readable characters, not only borders, bars and spaces."""
    return not _NO_TEXT.issuperset(text)


@lru_cache(4096)
def legible(
    color: RichColor, ground: RichColor, least: float, system: ColorSystem
) -> RichColor:
    """Shift a color toward white or black until it is legible on the background `ground`.

    Legible means a contrast of at least `least` between the colors as displayed in this color
    system.
    """
    shown = ground.downgrade(system)
    goal = max((WHITE, BLACK), key=lambda end: contrast(end.rich_color, shown))
    start, moved = Color.from_rich_color(color), color
    for step in range(int(1 / STEP) + 2):
        moved = start.blend(goal, min(1.0, step * STEP)).rich_color
        if contrast(moved.downgrade(system), shown) >= least:
            return moved
    return moved


class LegibleText(LineFilter):
    """A line filter that corrects the color of text with a contrast below `least`.

    The contrast is measured between the colors as displayed in this color system. Decoration keeps
    its color.
    """

    def __init__(self) -> None:
        super().__init__()
        self.system, self.least = ColorSystem.TRUECOLOR, AA

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        below = background.rich_color
        return [self._legible_segment(segment, below) for segment in segments]

    def _legible_segment(self, segment: Segment, below: RichColor) -> Segment:
        style = segment.style
        if (
            style is None
            or style.color is None
            or style.color.is_default
            or not is_text(segment.text)
        ):
            return segment
        legible_style = _make_style(style, below, self.least, self.system)
        return (
            segment
            if legible_style is style
            else Segment(segment.text, legible_style, segment.control)
        )


@lru_cache(8192)
def _make_style(
    style: Style, below: RichColor, least: float, system: ColorSystem
) -> Style:
    assert style.color
    ground = (
        below if style.bgcolor is None or style.bgcolor.is_default else style.bgcolor
    )
    if style.dim:
        return style
    if style.reverse:
        ground_color = legible(ground, style.color, least, system)
        return style if ground_color == ground else style + Style(bgcolor=ground_color)
    color = legible(style.color, ground, least, system)
    return style if color == style.color else style + Style(color=color)
