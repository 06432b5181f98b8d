# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the colors of a diff view: the theme's colors, on backgrounds blended from them.

A line filter makes each text legible on its background.
"""

from functools import cache

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

LINE, WORD, CURSOR = 0.14, 0.3, 0.13
"""Share of the sign's color in a changed line and in a changed word, and of the text's color in the
line under the cursor.
"""
ROLES = {
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "quiet": "dim",
    "added": "green",
    "removed": "red",
    "hunk": "cyan",
    "header": "cyan",
    "trailer": "cyan",
    "accent": "cyan",
}
"""Maps the role of a text to its style."""


class DiffColors:
    """The styles of a diff view, by role and background.

    `tinted` is set if backgrounds are colored, which requires more than 16 colors.
    """

    def __init__(self, widget: Widget) -> None:
        ground, app = widget.background_colors[1], widget.app
        self.tinted = (
            not app.no_color and ground.ansi is None and app.console.color_system != "standard"
        )
        theme_colors = app.theme_variables
        self._text = Color.parse(theme_colors["foreground"])
        self._grounds = {"": ground, "panel": Color.parse(theme_colors["panel"])}
        for sign, name in (("added", "success"), ("removed", "error")):
            color = Color.parse(theme_colors[name])
            self._grounds[sign] = ground.blend(color, LINE)
            self._grounds[f"{sign}-word"] = ground.blend(color, WORD)
        self.style = cache(self._style)

    def _style(self, role: str = "", ground: str = "", *, cursor: bool = False) -> Style:
        style = Style.parse(ROLES.get(role, ""))
        sign, _, word_suffix = ground.partition("-")
        if not self.tinted:
            emphasis = Style(bold=bool(word_suffix) or None, underline=bool(word_suffix) or None)
            return Style.parse(ROLES.get(sign, "")) + style + emphasis
        background = self._grounds[ground]
        if cursor:
            background = background.blend(self._text, CURSOR)
        return style + Style(bgcolor=background.rich_color)

    @property
    def base(self) -> Style:
        return self.style() + Style(color=self._text.rich_color)
