# SPDX-License-Identifier: GPL-2.0-or-later
"""The themes of the TUI: patchpilot's own, Textual's, and two with high contrast.

Each theme also defines the colors for plain names such as green and red.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

if TYPE_CHECKING:
    from textual.app import App

DARK = Theme(
    name="patchpilot-dark",
    primary="#5b8def",
    secondary="#4cc9dc",
    accent="#c792ff",
    foreground="#dfe3f0",
    background="#0e1019",
    surface="#161a29",
    panel="#232a42",
    warning="#f2bd55",
    error="#ff7285",
    success="#62d694",
    dark=True,
    variables={"border": "#c792ff", "yours": "#ff5fe0", "footer-foreground": "#dfe3f0"},
)
LIGHT = Theme(
    name="patchpilot-light",
    primary="#2b5fc7",
    secondary="#0a6c80",
    accent="#7a2bbd",
    foreground="#1a2033",
    background="#e6e9f2",
    surface="#f8f9fd",
    panel="#ccd4e8",
    warning="#865600",
    error="#b0203a",
    success="#17703a",
    dark=False,
    variables={"border": "#7a2bbd", "yours": "#a8109a", "footer-foreground": "#1a2033"},
)
CONTRAST = Theme(
    name="high-contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#ffffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#202020",
    warning="#ffff00",
    error="#ff8080",
    success="#60ff60",
    dark=True,
    variables={
        "block-cursor-background": "#ffffff",
        "block-cursor-foreground": "#000000",
        "footer-key-foreground": "#ffff00",
    },
)
CONTRAST_LIGHT = Theme(
    name="high-contrast-light",
    primary="#00008b",
    secondary="#005050",
    accent="#000000",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#e8e8e8",
    warning="#5c3c00",
    error="#8b0000",
    success="#004d00",
    dark=False,
    variables={
        "block-cursor-background": "#000000",
        "block-cursor-foreground": "#ffffff",
        "footer-key-foreground": "#00008b",
    },
)
HIGH_CONTRAST = (CONTRAST, CONTRAST_LIGHT)
OURS = (DARK, LIGHT, *HIGH_CONTRAST)
OFFERED = (
    DARK.name,
    LIGHT.name,
    *(name for name in BUILTIN_THEMES if not name.startswith("ansi-")),
    *(theme.name for theme in HIGH_CONTRAST),
)
"""The names of all themes that can be chosen, the default first.

Textual's ansi themes have colors that only the terminal knows: their contrast is unknown.
"""

CYAN, MAGENTA = 0.5, 5 / 6
"""Their hues."""
NEAR, APART = 0.17, 100
"""How far from magenta the hue of what needs the user may be, and how far from the colors of
warnings and errors it must be, as a sum over red, green and blue.
"""


def offered(name: str) -> str:
    """Return the theme's name, or the name of the first theme if this one is not available."""
    return name if name in OFFERED else OFFERED[0]


def color_names(theme: Theme) -> TerminalTheme:
    """Return a theme's values for the sixteen terminal colors, such as red and green."""
    named = theme.to_color_system().generate()
    known = {
        name: Color.parse(named[name])
        for name in (
            "foreground",
            "background",
            "error",
            "success",
            "warning",
            "primary",
            "secondary",
            "accent",
        )
    }
    foreground, background = known["foreground"], known["background"]
    cyan, magenta = (
        min(
            ("secondary", "accent", "primary"),
            key=lambda name: _distance(known[name], hue),
        )
        for hue in (CYAN, MAGENTA)
    )
    row = [
        background,
        known["error"],
        known["success"],
        known["warning"],
        known["primary"],
        known[magenta],
        known[cyan],
        foreground,
    ]
    bright = [
        background.blend(foreground, 0.5),
        *(color.blend(foreground, 0.25) for color in row[1:5]),
        needs_you(theme),
        row[6].blend(foreground, 0.25),
        foreground,
    ]
    return TerminalTheme(
        background.rgb,
        foreground.rgb,
        [color.rgb for color in row],
        [color.rgb for color in bright],
    )


def needs_you(theme: Theme) -> Color:
    """Return a theme's color for what needs the user: bright magenta among the color names.

    patchpilot's own themes name it: their accent is for the focus and for keys. In others it is
    the theme's color closest to magenta, or magenta itself if none is close enough or if that one
    could be taken for the color of warnings.
    """
    if named_color := theme.variables.get("yours"):
        return Color.parse(named_color)
    named = theme.to_color_system().generate()
    others = [Color.parse(named[name]) for name in ("warning", "error")]
    own = [Color.parse(named[name]) for name in ("accent", "secondary", "primary")]
    fitting = [
        color
        for color in own
        if _distance(color, MAGENTA) <= NEAR
        and all(apart(color, other) >= APART for other in others)
    ]
    if fitting:
        return min(fitting, key=lambda color: _distance(color, MAGENTA))
    return Color.from_hsl(MAGENTA, 0.75, 0.78 if theme.dark else 0.32)


def apart(one: Color, other: Color) -> int:
    """Return how far two colors are apart, as a sum over red, green and blue."""
    return sum(abs(a - b) for a, b in zip(one.rgb, other.rgb, strict=True))


def own_variables(theme: Theme) -> dict[str, str]:
    """Return the CSS variables that Textual's themes lack: the color of what needs the user,
    the same for text, and as a background.
    """
    color = needs_you(theme)
    ground = Color.parse(theme.to_color_system().generate()["background"])
    return {
        "yours": color.hex,
        "text-yours": color.hex,
        "yours-muted": ground.blend(color, 0.3).hex,
    }


def _distance(color: Color, hue: float) -> float:
    return abs((color.hsl.h - hue + 0.5) % 1 - 0.5) if color.hsl.s > 0.15 else 1.0


def choose_theme(app: "App[int]", keep: Callable[[str], None]) -> None:
    """Let the user choose a theme in a dialog that previews each one.

    `keep` saves the choice; Escape restores the previous theme.
    """
    from patchpilot.tui.widgets.choose import Choose

    before = app.theme

    def show(name: str) -> None:
        app.theme = name

    def chosen(name: str | None) -> None:
        app.theme = name or before
        if name:
            keep(name)

    answers = [
        (name, name.replace("textual-", "").replace("-", " ").capitalize())
        for name in OFFERED
    ]
    app.push_screen(
        Choose(
            "Each theme is previewed as you move to it.",
            answers,
            "Theme",
            at=before,
            preview=show,
        ),
        chosen,
    )
