# SPDX-License-Identifier: GPL-2.0-or-later
"""The colors of a diff view, computed from the theme.

That each text is legible on its background is the line filter's matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

LINE, WORD, CURSOR = 0.14, 0.3, 0.13
"""How much of the sign's color is in a changed line and in a changed word, and of the text's color
in the line under the cursor.
"""
_FOREGROUNDS = {
    "keyword": "text-accent",
    "type": "text-primary",
    "string": "text-success",
    "comment": "",
    "number": "text-warning",
    "preprocessor": "text-error",
    "function": "text-secondary",
    "error": "text-error",
    "warning": "text-warning",
    "info": "text-primary",
    "added": "text-success",
    "removed": "text-error",
    "hunk": "text-secondary",
    "header": "text-secondary",
    "accent": "text-primary",
}
_SIXTEEN = {
    "keyword": "",
    "string": "",
    "comment": "",
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "added": "green",
    "removed": "red",
    "hunk": "cyan",
    "header": "",
    "accent": "cyan",
    "quiet": "",
    "trailer": "cyan",
}


@dataclass(frozen=True)
class DiffColors:
    """The styles of a diff view by role and background.

    `tinted`: backgrounds are colored, which is not the case with 16 colors or fewer.
    """

    foregrounds: Mapping[str, Color] = field(default_factory=dict)
    grounds: Mapping[str, Color] = field(default_factory=dict)
    tinted: bool = False
    _known: dict[tuple[str, str, bool], Style] = field(default_factory=dict)

    @classmethod
    def of(
        cls, variables: Mapping[str, str], ground: Color, *, tinted: bool
    ) -> "DiffColors":
        """The colors for a theme's variables on this background."""
        if not tinted:
            return cls()
        text = _color(variables, "foreground", ground)
        signs = {
            "added": _color(variables, "success", text),
            "removed": _color(variables, "error", text),
        }
        grounds = {"": ground, "panel": _color(variables, "panel", ground)}
        for name, color in signs.items():
            grounds[name] = ground.blend(color, LINE)
            grounds[f"{name}-word"] = ground.blend(color, WORD)
        foregrounds = {
            role: _color(variables, name, text) if name else ground.blend(text, 0.66)
            for role, name in _FOREGROUNDS.items()
        }
        foregrounds |= {
            "": text,
            "quiet": ground.blend(text, 0.6),
            "trailer": foregrounds["type"],
        }
        return cls(foregrounds, grounds, True)

    def style(self, role: str = "", ground: str = "", *, cursor: bool = False) -> Style:
        """The style of a text of this role on this ground, in the line under the cursor or not."""
        key = role, ground, cursor
        if key not in self._known:
            self._known[key] = self._style(role, ground, cursor)
        return self._known[key]

    def _style(self, role: str, ground: str, cursor: bool) -> Style:
        if not self.tinted:
            sign = ground.partition("-")[0]
            words = _SIXTEEN.get(role, "") or (_SIXTEEN.get(sign, "") if sign else "")
            return Style.parse(words) + Style(
                bold=ground.endswith("-word") or None,
                underline=ground.endswith("-word") or None,
            )
        back = self.grounds[ground]
        if cursor:
            back = back.blend(self.foregrounds[""], CURSOR)
        front = self.foregrounds.get(role, self.foregrounds[""])
        return Style.from_color(front.rich_color, back.rich_color) + Style(
            italic=role == "comment" or None
        )


def colors_on(widget: Widget) -> DiffColors:
    """Return the diff colors for the theme of a widget's app, on the widget's background."""
    ground, app = widget.background_colors[1], widget.app
    tinted = (
        not app.no_color
        and ground.ansi is None
        and app.console.color_system != "standard"
    )
    return DiffColors.of(app.theme_variables, ground, tinted=tinted)


def _color(variables: Mapping[str, str], name: str, otherwise: Color) -> Color:
    value = variables.get(name, "")
    try:
        color = Color.parse(value)
    except ValueError:
        return otherwise
    return otherwise if color.ansi is not None else color
