# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that shortened escape sequences result in the same cells."""

import re

from rich.console import Console
from rich.text import Text

from patchpilot.tui.short_styles import shorten_output

BLUE, RED, GRAY = "38;2;0;0;255", "38;2;255;0;0", "48;2;40;40;40"
PAINTED = (
    f"\x1b[1;1H\x1b[1;{BLUE};{GRAY}mtitle\x1b[0m\x1b[{RED};{GRAY}m    \x1b[0m"
    f"\x1b[{BLUE};{GRAY}mtext\x1b[0m\n\x1b[2;1H\x1b[7;{BLUE};{GRAY}m  \x1b[0m"
    f"\x1b[{BLUE}m  x\x1b[0m plain\x1b[31;44m \x1b[0m\x1b[32m y\x1b[0m"
)


def styled_characters(data: str) -> list[str]:
    """Return each character with the visible part of its style."""
    text, console = Text.from_ansi(data), Console()
    styles = [text.get_style_at_offset(console, at) for at in range(len(text))]
    return [
        sign
        + re.sub(
            "default|none|on | ",
            "",
            str(style.background_style if sign == " " and not style.reverse else style),
        )
        for sign, style in zip(text.plain, styles, strict=True)
    ]


def test_the_same_is_shown_with_fewer_styles() -> None:
    short = shorten_output(PAINTED)
    assert styled_characters(short) == styled_characters(PAINTED)
    assert short.count("m") < PAINTED.count("m")


def test_other_output_is_unchanged() -> None:
    for other in ("\x1b[?1049h", "\x1b]52;c;AAAA\x07", "plain", ""):
        assert shorten_output(other) == other
