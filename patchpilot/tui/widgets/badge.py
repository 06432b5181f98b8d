# SPDX-License-Identifier: GPL-2.0-or-later
"""Badges, which show a state as a symbol, a word and a color.

No information depends on only one of them. Also defines the theme's color for each tone.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.color import Color, ColorParseError

from patchpilot.model.printable import one_line
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import plain

LEGIBLE = 4.5
"""The contrast that WCAG AA asks for."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state: the name of its glyph, its word, and a style."""

    sign: str
    word: str
    style: str = ""

    @property
    def text(self) -> Text:
        """The badge on one line."""
        return plain(f"{glyph(self.sign)} {self.word}", self.style)


class Tone(StrEnum):
    """The tone of a badge or a card, which determines its color.

    Except for `quiet`, the values are color names of the theme: `warning` is for
    warnings, `yours` for what needs the user.
    """

    ERROR = "error"
    WARNING = "warning"
    YOURS = "yours"
    SUCCESS = "success"
    ACCENT = "primary"
    QUIET = "quiet"


def badge(app: App[int], word: str, tone: Tone) -> Text:
    """Return the word on a colored background, or in brackets if there are no colors.

    The badge is two columns wider than the word.
    """
    text = one_line(word)
    if app.no_color:
        return Text(f"[{text}]", style="" if tone is Tone.QUIET else "bold")
    names = (
        ("panel", "foreground")
        if tone is Tone.QUIET
        else (f"{tone}-muted", f"text-{tone}")
    )
    return Text(
        f" {text} ",
        style=_legible(*(app.theme_variables.get(name, "") for name in names)),
    )


def ink(app: App[int], tone: Tone) -> Style:
    """Return the style for a symbol or a word of this tone on the theme's background."""
    if app.no_color or tone is Tone.QUIET:
        return Style(bold=tone is not Tone.QUIET)
    variables = app.theme_variables
    return _legible(
        variables.get("background", ""), variables.get(f"text-{tone}", ""), fills=False
    )


@lru_cache(maxsize=256)
def _legible(ground: str, letters: str, *, fills: bool = True) -> Style:
    """Letters on a ground, in black or white where the theme's own color has too little contrast.

    `fills` colors the ground too.
    """
    under, over = _color(ground), _color(letters)
    if under is None or over is None:
        return Style(bold=True)
    if fills and contrast(under, over) < LEGIBLE:
        over = max(
            Color.parse("black"),
            Color.parse("white"),
            key=lambda color: contrast(under, color),
        )
    return Style(
        color=over.rich_color, bgcolor=under.rich_color if fills else None, bold=True
    )


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two opaque colors as WCAG 2 defines it, from 1 to 21."""
    low, high = sorted(_luminance(color) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _color(name: str) -> Color | None:
    try:
        return Color.parse(name)
    except ColorParseError:
        return None
