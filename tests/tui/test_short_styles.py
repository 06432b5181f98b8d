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


def list_styled_characters(data: str) -> list[str]:
    """Return each character with the visible part of its style."""
    parsed_text, rich_console = Text.from_ansi(data), Console()
    styles = [
        parsed_text.get_style_at_offset(rich_console, char_index)
        for char_index in range(len(parsed_text))
    ]
    return [
        character
        + re.sub(
            "default|none|on | ",
            "",
            str(style.background_style if character == " " and not style.reverse else style),
        )
        for character, style in zip(parsed_text.plain, styles, strict=True)
    ]


def test_the_same_is_shown_with_fewer_styles() -> None:
    short = shorten_output(PAINTED)
    assert list_styled_characters(short) == list_styled_characters(PAINTED)
    assert short.count("m") < PAINTED.count("m")


def test_other_output_is_unchanged() -> None:
    for other in ("\x1b[?1049h", "\x1b]52;c;AAAA\x07", "plain", ""):
        assert shorten_output(other) == other
