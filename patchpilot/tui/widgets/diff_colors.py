# SPDX-License-Identifier: GPL-2.0-or-later
"""The colors of a diff view, computed from the theme.

Each text has a contrast of at least 4.5:1 on each of its backgrounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

READABLE = 4.5
"""The contrast that WCAG AA asks for."""
LINE, WORD, CURSOR = 0.14, 0.36, 0.13
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
            grounds[f"{name}-word"] = _word_ground(ground, color, text)
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
        text = self.foregrounds[""]
        front = readable(self.foregrounds.get(role, text), back, text)
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


def _word_ground(ground: Color, sign: Color, text: Color) -> Color:
    """The ground of a changed word: as much of the sign's color as lets text be read on it, also in
    the line under the cursor.
    """
    for share in (WORD, 0.3, 0.26, 0.22, 0.18):
        mixed = ground.blend(sign, share)
        if (
            contrast(readable(text, under := mixed.blend(text, CURSOR), text), under)
            >= READABLE
        ):
            return mixed
    return ground.blend(sign, LINE)


def readable(color: Color, ground: Color, text: Color) -> Color:
    """Return the color, changed as little as necessary to be readable on `ground`.

    It is blended toward the color of the text, and then toward black or white.
    """
    goals = (text, Color(255, 255, 255) if ground.brightness < 0.5 else Color(0, 0, 0))
    for goal in goals:
        for step in range(11):
            nearer = color.blend(goal, step / 10)
            if contrast(nearer, ground) >= READABLE:
                return nearer
        color = goal
    return color


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colors as defined by WCAG 2, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    parts = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    )
    return sum(
        part * weight
        for part, weight in zip(parts, (0.2126, 0.7152, 0.0722), strict=True)
    )


def _color(variables: Mapping[str, str], name: str, otherwise: Color) -> Color:
    value = variables.get(name, "")
    try:
        color = Color.parse(value)
    except ValueError:
        return otherwise
    return otherwise if color.ansi is not None else color
