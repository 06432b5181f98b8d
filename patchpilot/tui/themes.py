# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the TUI's own themes, two of them with high contrast.

Each theme also defines the colors for plain names such as green and red.
"""

from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.theme import Theme

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
NAMES = "foreground background error success warning primary secondary accent"
"""The theme colors from which the terminal colors are taken."""
CYAN, MAGENTA = 0.5, 5 / 6
"""The hues of cyan and magenta."""


def terminal_colors(theme: Theme) -> TerminalTheme:
    """Return a theme's values for the sixteen terminal colors, such as red and green."""
    hex_colors = theme.to_color_system().generate()
    colors_by_name = {name: Color.parse(hex_colors[name]) for name in NAMES.split()}
    cyan, magenta = (
        min(
            ("secondary", "accent", "primary"),
            key=lambda name: _hue_distance(colors_by_name[name], hue),
        )
        for hue in (CYAN, MAGENTA)
    )
    names = f"background error success warning primary {magenta} {cyan} foreground"
    normal = [colors_by_name[name] for name in names.split()]
    background, *_, foreground = normal
    bright = [
        background.blend(foreground, 0.5),
        *(color.blend(foreground, 0.25) for color in normal[1:5]),
        user_task_color(theme),
        normal[6].blend(foreground, 0.25),
        foreground,
    ]
    return TerminalTheme(
        background.rgb,
        foreground.rgb,
        [color.rgb for color in normal],
        [color.rgb for color in bright],
    )


def user_task_color(theme: Theme) -> Color:
    """Return a theme's color for the user's tasks.

    patchpilot's own themes define it, because magenta is their accent.
    """
    if named_color := theme.variables.get("yours"):
        return Color.parse(named_color)
    return Color.from_hsl(MAGENTA, 1.0, 0.72 if theme.dark else 0.3)


def _hue_distance(color: Color, hue: float) -> float:
    return abs((color.hsl.h - hue + 0.5) % 1 - 0.5) if color.hsl.s > 0.15 else 1.0
