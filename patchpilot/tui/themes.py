# SPDX-License-Identifier: GPL-2.0-or-later
"""The TUI's themes: Textual's dark and light ones, and one with high contrast."""

from textual.theme import Theme

LIGHT_AND_DARK = ("textual-dark", "textual-light")
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
    error="#ff6060",
    success="#60ff60",
    dark=True,
    variables={"block-cursor-background": "#ffffff", "block-cursor-foreground": "#000000", "footer-key-foreground": "#ffff00"},
)


def theme_after(name: str) -> str:
    """The theme after this one; dark after an unknown one."""
    known = [*LIGHT_AND_DARK, CONTRAST.name]
    return known[(known.index(name) + 1) % len(known) if name in known else 0]
