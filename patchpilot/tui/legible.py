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


def relative_luminance(color: RichColor) -> float:
    """Return the relative luminance of a color as defined by WCAG, from 0 to 1."""
    channels = (channel / 255 for channel in color.get_truecolor())
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast_ratio(first: RichColor, second: RichColor) -> float:
    darker, brighter = sorted((relative_luminance(first), relative_luminance(second)))
    return (brighter + 0.05) / (darker + 0.05)


def has_readable_text(text: str) -> bool:
    """Return whether the text contains readable characters, not only borders, bars and spaces."""
    return not _NO_TEXT.issuperset(text)


@lru_cache(4096)
def make_legible(
    color: RichColor, ground: RichColor, min_contrast: float, system: ColorSystem
) -> RichColor:
    """Shift a color toward white or black until it is legible on the background `ground`.

    Legible means a contrast of at least `min_contrast` between the colors as displayed in this
    color system.
    """
    displayed_ground = ground.downgrade(system)
    target = max((WHITE, BLACK), key=lambda end: contrast_ratio(end.rich_color, displayed_ground))
    original, adjusted = Color.from_rich_color(color), color
    for step in range(int(1 / STEP) + 2):
        adjusted = original.blend(target, min(1.0, step * STEP)).rich_color
        if contrast_ratio(adjusted.downgrade(system), displayed_ground) >= min_contrast:
            return adjusted
    return adjusted


class LegibleText(LineFilter):
    """A line filter that corrects the color of text with a contrast below `least`.

    The contrast is measured between the colors as displayed in this color system. Decoration keeps
    its color.
    """

    system, least = ColorSystem.TRUECOLOR, AA

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        ground = background.rich_color
        return [self._make_segment_legible(segment, ground) for segment in segments]

    def _make_segment_legible(self, segment: Segment, ground: RichColor) -> Segment:
        style = segment.style
        if (
            style is None
            or style.color is None
            or style.color.is_default
            or not has_readable_text(segment.text)
        ):
            return segment
        legible_style = _make_legible_style(style, ground, self.least, self.system)
        return (
            segment
            if legible_style is style
            else Segment(segment.text, legible_style, segment.control)
        )


@lru_cache(8192)
def _make_legible_style(
    style: Style, default_ground: RichColor, min_contrast: float, system: ColorSystem
) -> Style:
    assert style.color
    ground = default_ground if style.bgcolor is None or style.bgcolor.is_default else style.bgcolor
    if style.dim:
        return style
    if style.reverse:
        ground_color = make_legible(ground, style.color, min_contrast, system)
        return style if ground_color == ground else style + Style(bgcolor=ground_color)
    color = make_legible(style.color, ground, min_contrast, system)
    return style if color == style.color else style + Style(color=color)
