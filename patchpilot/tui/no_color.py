# SPDX-License-Identifier: GPL-2.0-or-later
"""NO_COLOR: only the terminal's default colors, with bold, reverse and underline for emphasis."""

import os
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome


@lru_cache(4096)
def _without(style: Style) -> Style:
    # click actions are stored in the style as well
    return style.without_color + Style(meta=style.meta) if style.meta else style.without_color


class ColorRemover(LineFilter):
    """Removes the colors from what is drawn; Textual's own filter turns them into grays."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, their other attributes kept."""
        return [Segment(text, style and _without(style), control) for text, style, control in segments]


def heed_no_color(app: App[int]) -> None:
    """Replace Textual's filter with ours; an empty NO_COLOR does not count (https://no-color.org)."""
    app._filters[:] = [filter_ for filter_ in app._filters if not isinstance(filter_, Monochrome)]
    app.no_color = bool(os.environ.get("NO_COLOR"))
    if app.no_color:
        app._filters.append(ColorRemover())
