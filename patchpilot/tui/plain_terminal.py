# SPDX-License-Identifier: GPL-2.0-or-later
"""Support plain terminals: NO_COLOR and ASCII.

With NO_COLOR, only the terminal's default colors are used; bold, reverse and underline provide
emphasis.
"""

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter


@lru_cache(4096)
def _strip_color(style: Style) -> Style:
    # keep the metadata, which holds click actions
    return style.without_color + Style(meta=style.meta)


class ColorRemover(LineFilter):
    """A line filter that removes all colors. (Textual's own filter would use grays.)"""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Remove the colors from segments, keeping other attributes."""
        return [
            Segment(text, style and _strip_color(style), control)
            for text, style, control in segments
        ]


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
_IN_ASCII = str.maketrans({sign: plain for plain, signs in _ASCII_OF.items() for sign in signs})


class AsciiDrawer(LineFilter):
    """A line filter that draws the TUI's borders and symbols in ASCII.

    Other characters in patches and messages are unchanged.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace the TUI's symbols in segments with ASCII of the same width."""
        return [
            segment
            if segment.text.isascii()
            else segment._replace(text=segment.text.translate(_IN_ASCII))
            for segment in segments
        ]
