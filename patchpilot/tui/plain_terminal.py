# SPDX-License-Identifier: GPL-2.0-or-later
"""Plain terminals: NO_COLOR (only the terminal's default colors, with bold, reverse and underline
for emphasis) and ASCII.
"""

import os
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome

from patchpilot.tui.view.glyphs import uses_ascii


@lru_cache(4096)
def _without(style: Style) -> Style:
    # click actions are stored in the style as well
    return (
        style.without_color + Style(meta=style.meta)
        if style.meta
        else style.without_color
    )


class ColorRemover(LineFilter):
    """Removes the colors from what is drawn; Textual's own filter turns them into grays."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, their other attributes kept."""
        return [
            Segment(text, style and _without(style), control)
            for text, style, control in segments
        ]


def heed_no_color(app: App[int]) -> None:
    """Replace Textual's filter with ours.

    An empty NO_COLOR does not count (https://no-color.org).
    """
    app._filters[:] = [
        filter_ for filter_ in app._filters if not isinstance(filter_, Monochrome)
    ]
    app.no_color = bool(os.environ.get("NO_COLOR"))
    if app.no_color:
        app._filters.append(ColorRemover())


_ASCII_OF = {
    "-": "─━–—╌·",
    "|": "│┃▌▐▎",
    "+": "╭╮╰╯┏┓┗┛┌┐└┘├┤┬┴┼┳",
    "~": "…",
    "#": "█",
    ".": "░",
    "_": "▁▔",
    ">": "→",
    "v": "▼↓",
    "^": "▲↑",
    "o": "●○◌◇◔",
    "*": "◆",
}
_IN_ASCII = str.maketrans(
    {sign: plain for plain, signs in _ASCII_OF.items() for sign in signs}
)


class AsciiDrawer(LineFilter):
    """Draws borders and other signs of the TUI in ASCII.

    The text of patches and mails keeps its other characters.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with each such sign replaced by one of the same width."""
        return [
            segment
            if segment.text.isascii()
            else segment._replace(text=segment.text.translate(_IN_ASCII))
            for segment in segments
        ]


def heed_ascii(app: App[int]) -> None:
    """Draw in ASCII on a terminal that lacks the signs."""
    if uses_ascii():
        app._filters.append(AsciiDrawer())
