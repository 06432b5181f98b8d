# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that writing only changed cells shows the same as writing all."""

import random
import re

from patchpilot.tui.changed_cells import Cells

STYLES = ("", "38;2;1;2;3;48;2;9;9;9", "38;2;4;5;6;48;2;9;9;9", "1;48;2;7;7;7", "7")
SIZE = 5, 20


class Screen(dict[tuple[int, int], tuple[str, str]]):
    """A terminal that understands moves, styles and text."""

    def write(self, data: str) -> None:
        row, column, attributes, colors = 1, 1, "", {"3": "", "4": ""}
        for move, codes, text in re.findall(
            r"\x1b\[(\d+;\d+)H|(?:\x1b\[([\d;]*)m)|([^\x1b\n]+)", data
        ):
            if move:
                row, column = map(int, move.split(";"))
            elif not text:
                for color, ends, one in re.findall(
                    r"([34]8;2;\d+;\d+;\d+)|([34])9|(\d)", codes
                ):
                    if one == "0":
                        attributes, colors = "", {"3": "", "4": ""}
                    attributes += one.strip("0")
                    colors |= {color[:1] or ends: color} if color or ends else {}
            for sign in text:
                seen = f"{attributes} {colors['3']} "
                if sign == " ":
                    seen = re.sub("[^4-9]", "", attributes)
                self[row, column] = sign, seen + colors["4"]
                column += 1


def test_changed_cells_show_the_same_with_fewer_bytes() -> None:
    dice, cells, whole, changed = random.Random(1), Cells(), Screen(), Screen()
    signs, sizes = " ab c", [0, 0]
    for _ in range(300):
        parts = []
        for row in range(1, SIZE[0] + 1):
            start = dice.randint(1, SIZE[1] // 2)
            parts.append(f"\x1b[{row};{start}H")
            for _ in range(dice.randint(1, 5)):
                style, text = dice.choice(STYLES), "".join(dice.choices(signs, k=2))
                parts.append(f"\x1b[{style}m{text}\x1b[0m" if style else text)
        data = "".join([*parts, "\x1b[1;1H"])
        less = cells.changes(data)
        whole.write(data)
        changed.write(less)
        assert whole == changed
        sizes = [sizes[0] + len(data), sizes[1] + len(less)]
    assert sizes[1] < sizes[0]
    assert cells.changes(data) == ""


def test_what_is_no_text_is_written_as_it_is() -> None:
    for data in ("\x1b[1;1He\u0301", "\x1b[1;1H\x1b]8;;x\x1b\\a"):
        assert Cells().changes(data) == data
