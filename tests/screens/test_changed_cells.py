# SPDX-License-Identifier: GPL-2.0-or-later
"""Only changed cells are written, and the terminal shows what Textual drew: judged by a small
terminal of our own.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from patchpilot.commits.run import git
from patchpilot.tui.changed_cells import Canvas
from patchpilot.tui.view.stages import Stage
from tests.kit.terminal import WALK, Terminal

# the bytes of many moves on large terminals are counted
pytestmark = pytest.mark.long

WIDE, HIGH = 24, 4
CODE = re.compile(r"\x1b\[([0-9;]*)([HmXCB])")
ENDED_BY = {
    "22": "12",
    "23": "3",
    "24": "4",
    "25": "56",
    "27": "7",
    "28": "8",
    "29": "9",
}
STYLES = [
    Style(),
    Style(color="#ff0000"),
    Style(color="#00ff00", bgcolor="#101010", bold=True),
    Style(reverse=True),
    Style(bgcolor="#202020"),
    Style(color="#00ff00", dim=True),
    Style(color="#00ff00", bold=True, dim=True, underline=True),
]


class Screen:
    """A terminal's cells: each the character and the codes that hold for it."""

    def __init__(self) -> None:
        self.rows = [[("", "")] * WIDE for _ in range(HIGH)]

    def write(self, text: str) -> None:
        x = y = at = 0
        pen: dict[str, str] = {}
        while at < len(text):
            found = CODE.match(text, at)
            if found and found[2] == "H":
                y, x = (int(part) - 1 for part in found[1].split(";"))
            elif found and found[2] == "X":
                for erased in range(x, x + int(found[1])):
                    self.rows[y][erased] = (
                        " ",
                        _look(" ", {"48": pen["48"]} if "48" in pen else {}),
                    )
            elif found and found[2] == "B":
                y += 1
            elif text[at] == "\b":
                x -= 1
            elif found and found[2] == "C":
                x += int(found[1])
            elif found:
                self._turn(pen, found[1])
            else:
                width = cell_len(text[at])
                self.rows[y][x : x + width] = [(text[at], _look(text[at], pen))] + [
                    ("", "")
                ] * (width - 1)
                x += width
            at = found.end() if found else at + 1

    @staticmethod
    def _turn(pen: dict[str, str], codes: str) -> None:
        parts = codes.split(";")
        while parts:
            code = parts.pop(0)
            if code == "0":
                pen.clear()
            elif code in ("38", "48"):
                pen[code] = ";".join(parts[:4])
                del parts[:4]
            elif code in ("39", "49"):
                pen.pop(str(int(code) - 1), None)
            elif code in ENDED_BY:
                for attribute in ENDED_BY[code]:
                    pen.pop(attribute, None)
            else:
                pen[code] = "on"


def _look(sign: str, pen: dict[str, str]) -> str:
    # the color of a space is not seen, nor is it bold
    seen = {
        code: value
        for code, value in pen.items()
        if sign != " " or code in ("48", "4", "7", "9") or "7" in pen
    }
    return str(sorted(seen.items()))


def frame(rows: Sequence[Sequence[tuple[str, int]]]) -> list[Strip]:
    """Rows of (text, style) as strips of the screen's width."""
    return [
        Strip([Segment(text, STYLES[style]) for text, style in row]).adjust_cell_length(
            WIDE, STYLES[0]
        )
        for row in rows
    ]


def layout(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDE, HIGH))


def drawn(
    canvas: Canvas,
    update: LayoutUpdate | ChopsUpdate,
    size: tuple[int, int],
    system: ColorSystem | None,
) -> str:
    """What is written for an update alone."""
    canvas.take(update, size, system)
    return canvas.changes()


ROW = st.lists(
    st.tuples(st.text("ab é漢─", max_size=9), st.integers(0, len(STYLES) - 1)),
    max_size=4,
)
FRAME = st.lists(ROW, min_size=HIGH, max_size=HIGH).map(frame)


@given(st.lists(FRAME, min_size=1, max_size=4), st.booleans())
def test_the_terminal_shows_every_frame(
    frames: list[list[Strip]], erases: bool
) -> None:
    canvas, screen = Canvas(erases=erases), Screen()
    for strips in frames:
        screen.write(drawn(canvas, layout(strips), (WIDE, HIGH), ColorSystem.TRUECOLOR))
        fresh = Screen()
        fresh.write(
            drawn(Canvas(), layout(strips), (WIDE, HIGH), ColorSystem.TRUECOLOR)
        )
        assert screen.rows == fresh.rows
        assert [cell_len("".join(sign for sign, _ in row)) for row in screen.rows] == [
            WIDE
        ] * HIGH
        assert drawn(canvas, layout(strips), (WIDE, HIGH), ColorSystem.TRUECOLOR) == ""


@given(st.lists(FRAME, min_size=2, max_size=4))
def test_frames_that_were_held_are_written_as_the_last_of_them(
    frames: list[list[Strip]],
) -> None:
    canvas, screen, fresh = Canvas(), Screen(), Screen()
    screen.write(drawn(canvas, layout(frames[0]), (WIDE, HIGH), ColorSystem.TRUECOLOR))
    for strips in frames[1:]:
        rows = canvas.take(layout(strips), (WIDE, HIGH), ColorSystem.TRUECOLOR)
    text = canvas.changes()
    screen.write(text)
    fresh.write(
        drawn(Canvas(), layout(frames[-1]), (WIDE, HIGH), ColorSystem.TRUECOLOR)
    )
    assert screen.rows == fresh.rows
    assert len(set(re.findall(r"\x1b\[(\d+);\d+H", text))) <= rows
    assert bool(text) == bool(rows)


@given(FRAME, ROW, st.integers(0, HIGH - 1), st.integers(1, 10))
def test_a_part_that_changed_is_written_alone(
    strips: list[Strip], row: list[tuple[str, int]], y: int, x: int
) -> None:
    canvas, screen = Canvas(), Screen()
    plain = frame([[("x" * WIDE, 0)]] * HIGH)
    screen.write(drawn(canvas, layout(plain), (WIDE, HIGH), ColorSystem.TRUECOLOR))
    part = Strip(
        [Segment(text, STYLES[style]) for text, style in row]
    ).adjust_cell_length(8, STYLES[1])
    chops: list[dict[int, Strip | None]] = [{0: None} for _ in range(HIGH)]
    chops[y] = {0: None, x: part}
    update = ChopsUpdate(chops, [(y, x, x + 8)], [[x, x + 8] for _ in range(HIGH)])
    screen.write(drawn(canvas, update, (WIDE, HIGH), ColorSystem.TRUECOLOR))
    line = "".join(sign for sign, _ in screen.rows[y])
    assert line == "x" * x + part.text + "x" * (WIDE - x - 8)


def test_what_is_not_known_is_never_written() -> None:
    canvas = Canvas()
    update = ChopsUpdate([{0: None, 3: Strip([Segment("abc")])}], [(0, 3, 6)], [[3, 6]])
    text = drawn(canvas, update, (20, 1), ColorSystem.TRUECOLOR)
    assert text == "\x1b[0m\x1b[1;4Habc\x1b[0m"
    canvas.forget()
    assert drawn(canvas, update, (20, 1), ColorSystem.TRUECOLOR) == text


def test_blanks_are_erased_where_that_takes_the_background() -> None:
    row = Strip(
        [
            Segment("a", STYLES[2]),
            Segment(" " * 15, STYLES[4]),
            Segment("b" + " " * 7, STYLES[1]),
        ]
    )
    update = LayoutUpdate([[row]], Region(0, 0, WIDE, 1))
    text = drawn(Canvas(erases=True), update, (WIDE, 1), ColorSystem.TRUECOLOR)
    ground = "\x1b[48;2;32;32;32m"
    assert text.endswith(
        f"a{ground}\x1b[15X\x1b[15C\x1b[0;38;2;255;0;0mb\x1b[7X\x1b[0m"
    ), text
    assert "X" not in drawn(Canvas(), update, (WIDE, 1), ColorSystem.TRUECOLOR)


@pytest.mark.parametrize(
    ("terminal", "erases"),
    [("xterm-256color", True), ("screen-256color", False), ("no such terminal", False)],
)
def test_the_terminal_is_asked_whether_it_erases_in_color(
    terminal: str, erases: bool
) -> None:
    code = "from patchpilot.tui.changed_cells import erases_in_color; print(erases_in_color())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TERM": terminal},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{erases}\n"


def test_without_colors_none_are_written() -> None:
    strip = Strip(
        [Segment("bold", Style(bold=True)), Segment(" red", Style(color="red"))]
    )
    text = drawn(Canvas(), LayoutUpdate([[strip]], Region(0, 0, 8, 1)), (8, 1), None)
    assert text == "\x1b[0m\x1b[1;1H\x1b[1mbold \x1b[0mred\x1b[0m"


@pytest.mark.parametrize(
    "size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_a_move_of_the_cursor_costs_few_bytes(
    fixed: Path, toured: Path, size: tuple[int, int]
) -> None:
    git(fixed, "config", "patchpilot.lore", "http://127.0.0.1:9")
    colors = {"NO_COLOR": "", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    with Terminal(WALK, fixed, size=size, env=colors) as walk:
        walk.wait_for("Subject: ", "quit")
        walk.quiet(2.0)
        # the first way out asks what a first-timer is asked
        walk.type(str(Stage.RECIPIENTS.number))
        walk.quiet(1.0)
        walk.type("\x1b")
        walk.wait_for("maya@acme.example.com")
        walk.quiet(1.5)
        for key in "jjk":
            begun = walk.type(key)
            walk.quiet(0.4)
            if len(walk.seen) == begun:
                # on a busy machine the answer takes longer
                walk.quiet(3.0)
            assert 0 < len(walk.seen[begun:].encode()) < 4_000


@pytest.mark.parametrize(
    ("stage", "moves"),
    [(Stage.CHECKS, "jjjkkk"), (Stage.TAGS, "jjkk"), (Stage.BACKPORTS, "jjjkkk")],
)
def test_details_that_follow_the_cursor_cost_few_bytes_on_a_large_terminal(
    clone: Path, toured: Path, stage: Stage, moves: str
) -> None:
    git(clone, "config", "patchpilot.lore", "http://127.0.0.1:9")
    with Terminal(
        WALK,
        clone,
        size=(160, 50),
        env={"NO_COLOR": "", "COLORTERM": "truecolor", "LANG": "C.UTF-8"},
    ) as walk:
        walk.wait_for("Subject: ", "quit")
        walk.quiet(1.0)
        walk.type(str(stage.number))
        walk.quiet(1.0)
        walk.type("\x1b")
        walk.quiet(2.0)
        walk.type(str(stage.number))
        walk.quiet(2.0)
        # the first time includes what is shown while it is found out
        for key in moves:
            walk.type(key)
            walk.quiet(1.0)
        for key in moves:
            begun = walk.type(key)
            walk.quiet(0.5)
            if len(walk.seen) == begun:
                walk.quiet(3.0)
            assert 0 < len(walk.seen[begun:].encode()) < 4_096, (key, walk.seen[begun:])


def test_all_is_drawn_again_when_asked(fixed: Path, toured: Path) -> None:
    with Terminal(WALK, fixed) as walk:
        walk.wait_for("Subject: ", "quit")
        walk.quiet(2.0)
        begun = walk.type("\x0c")
        walk.wait_for("Subject: ", "quit", since=begun)
