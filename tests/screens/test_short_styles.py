# SPDX-License-Identifier: GPL-2.0-or-later
"""Shorter output must show the same cells."""

import re
from collections.abc import Iterator

import pytest

from patchpilot.tui.short_styles import shorten

BLUE, RED, GRAY = "38;2;0;0;255", "38;2;255;0;0", "48;2;40;40;40"
PAINTED = (
    f"\x1b[1;1H\x1b[1;{BLUE};{GRAY}mtitle\x1b[0m\x1b[{RED};{GRAY}m    \x1b[0m"
    f"\x1b[{BLUE};{GRAY}mtext\x1b[0m\n\x1b[2;1H\x1b[7;{BLUE};{GRAY}m  \x1b[0m"
    f"\x1b[{BLUE}m  x\x1b[0m plain\x1b[31;44m \x1b[0m\x1b[32m y\x1b[0m"
)
KIND, NONE = {"3": "color", "4": "ground"}, ("39", "49")


def cells(data: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each move of the cursor, and each character with what is visible of its style."""
    style = dict[str, str]()
    for codes, move, sign in re.findall(
        r"\x1b\[([\d;]*)m|(\x1b\[\d+;\d+H|\n)|(.)", data
    ):
        for code in re.findall(r"[34]8;2;\d+;\d+;\d+|\d+", codes):
            style = {} if code == "0" else style | {KIND.get(code[0], code): code}
        style = {kind: code for kind, code in style.items() if code not in NONE}
        if move:
            yield move, []
        elif sign == " " and "7" not in style:
            yield sign, [style.get("ground", "")]
        elif sign:
            yield sign, sorted(style.values())


def test_the_same_is_shown_with_fewer_styles() -> None:
    short = shorten(PAINTED)
    assert list(cells(short)) == list(cells(PAINTED))
    assert short.count("m") < PAINTED.count("m")


@pytest.mark.parametrize("other", ["\x1b[?1049h", "\x1b]52;c;AAAA\x07", "plain", ""])
def test_other_output_is_unchanged(other: str) -> None:
    assert shorten(other) == other
