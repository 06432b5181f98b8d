# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws only the cells that changed.

Textual repaints whole panels, and the whole screen after each layout, which is slow over ssh.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

APART = 5
"""Unchanged cells between two changes that are cheaper to write again than to go round."""

FRAME_ROWS = 4
"""Rows from which on the borders and bars of one color are written apart, after all text: between
texts each would cost a color of its own.
"""

ERASED, ERASED_AT_END = 11, 5
"""Empty cells that are cheaper to erase and go round, or to erase at the end of a change, than to
write.
"""

_VISIBLE_ON_SPACES = frozenset("479")
"""The codes of the attributes that are seen on spaces too: underline, reverse, strike."""

DOWN_AND_BACK = "\x1b[B\b"
"""From the cell after the one just written to the one below that."""

_ENDS = {
    "1": "22",
    "2": "22",
    "3": "23",
    "4": "24",
    "5": "25",
    "6": "25",
    "7": "27",
    "8": "28",
    "9": "29",
}
"""The code that ends each attribute."""

_ATTRIBUTES = (
    "bold",
    "dim",
    "italic",
    "underline",
    "blink",
    "blink2",
    "reverse",
    "conceal",
    "strike",
)


class Drawn(CompositorUpdate):
    """A screen update whose output for the terminal is already complete."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render_segments(self, console: Console) -> str:
        """The text."""
        return self.text


class Pen(NamedTuple):
    """A style as escape codes: of its attributes, its color and its background."""

    attributes: str
    color: str
    ground: str


NO_PEN = Pen("", "39", "49")
Cell = tuple[str, Pen] | None
"""A character with its style, "" in the second column of a wide one.

None where it is not known what the terminal shows.
"""


def erases_in_color() -> bool:
    """Whether the terminal named by $TERM erases cells with the current background color.

    If it does, an empty line needs only one escape sequence.
    """
    try:
        import curses
    except ImportError:  # a Python without it
        return False
    try:
        curses.setupterm(fd=1)
    except curses.error:
        return False
    return curses.tigetflag("bce") == 1 and bool(curses.tigetstr("ech"))


class Canvas:
    """The cells on the terminal now and the cells to be shown next.

    With `erases`, runs of empty cells may be erased; see erases_in_color.
    """

    def __init__(self, *, erases: bool = False) -> None:
        self._shown: list[list[Cell]] = []
        self._wanted: dict[int, list[Cell]] = {}
        self._erases = erases

    def forget(self) -> None:
        """Another program wrote on the terminal: everything is drawn again."""
        self._shown, self._wanted = [], {}

    def take(
        self,
        update: LayoutUpdate | ChopsUpdate,
        size: tuple[int, int],
        system: ColorSystem | None,
    ) -> int:
        """Want what the update shows on a terminal of this size (columns, rows).

        Return how many rows are to be written for it and all before it.
        """
        width, height = size
        if len(self._shown) != height or len(self._shown[0]) != width:
            self._shown, self._wanted = [[None] * width for _ in range(height)], {}
        if isinstance(update, LayoutUpdate):
            self._after_layout(update, system)
        else:
            self._after_chops(update, system)
        self._wanted = {
            y: row for y, row in self._wanted.items() if row != self._shown[y]
        }
        return len(self._wanted)

    def changes(self) -> str:
        """What to write so that the terminal shows all that was taken; "" when it does already."""
        parts = [
            (y, row, _runs(self._shown[y], row))
            for y, row in sorted(self._wanted.items())
        ]
        rows_of = Counter(
            pen
            for _, row, runs in parts
            for pen in {
                _pen_of(cell)
                for run in runs
                for cell in row[slice(*run)]
                if _is_frame(cell)
            }
        )
        common = {pen for pen, rows in rows_of.items() if rows >= FRAME_ROWS}
        texts: list[Piece] = []
        frames: dict[Pen, list[Piece]] = {}
        for y, row, runs in parts:
            for piece in (
                piece for run in runs for piece in _pieces(y, row, run, common)
            ):
                frames.setdefault(piece.pen, []).append(
                    piece
                ) if piece.is_frame else texts.append(piece)
            self._shown[y] = row
        self._wanted = {}
        written, pen = ["\x1b[0m"], NO_PEN
        before = None
        for piece in chain(texts, *frames.values()):
            is_below = (
                before
                and before.is_blank
                and piece.x == before.x
                and piece.y == before.y + 1
                and piece.x + 1 < len(self._shown[0])
            )
            written.append(
                DOWN_AND_BACK if is_below else f"\x1b[{piece.y + 1};{piece.x + 1}H"
            )
            text, pen = _written(piece.cells, pen, erases=self._erases)
            written.append(text)
            before = piece
        return f"{''.join(written)}\x1b[0m" if len(written) > 1 else ""

    def _row(self, y: int) -> list[Cell]:
        """The row as it is to be, for changes."""
        return self._wanted.setdefault(y, list(self._shown[y]))

    def _after_layout(self, update: LayoutUpdate, system: ColorSystem | None) -> None:
        for y, strips in enumerate(update.strips[: len(self._shown)], update.region.y):
            _put(self._row(y), update.region.x, strips, system)

    def _after_chops(self, update: ChopsUpdate, system: ColorSystem | None) -> None:
        for y, start, stop in update.spans:
            if y >= len(self._shown):
                continue
            row = self._row(y)
            for end, (x, strip) in zip(
                update.chop_ends[y], update.chops[y].items(), strict=False
            ):
                if strip is not None and x <= stop and end > start:
                    is_whole = start <= x < stop and end <= stop
                    _put(
                        row,
                        x,
                        [strip if is_whole else strip.crop(0, min(end, stop) - x)],
                        system,
                    )


def _put(
    row: list[Cell], x: int, strips: Iterable[Strip], system: ColorSystem | None
) -> None:
    cells: list[Cell] = []
    for strip in strips:
        for text, style, control in strip:
            if not control:
                cells += _cells(text, _pen(style, system) if style else NO_PEN)
    row[x : x + len(cells)] = cells[: len(row) - x]


@lru_cache(4096)
def _cells(text: str, pen: Pen) -> tuple[Cell, ...]:
    space = (
        Pen("", NO_PEN.color, pen.ground)
        if _VISIBLE_ON_SPACES.isdisjoint(pen.attributes)
        else pen
    )
    if text.isascii():
        return tuple((sign, space if sign == " " else pen) for sign in text)
    cells: list[tuple[str, Pen]] = []
    for sign in text:
        width = get_character_cell_size(sign)
        if width == 0 and cells:
            # a combining character belongs to the one before it
            at = -1 if cells[-1][0] else -2
            cells[at] = (cells[at][0] + sign, pen)
        elif width:
            cells += [(sign, pen), ("", pen)][:width]
    return tuple(cells)


class Piece(NamedTuple):
    """A run of cells to write in one row, starting at column `x`.

    Includes the pen of the first cell and whether the cells belong to the frame, which is written
    after all text.
    """

    y: int
    x: int
    cells: list[Cell]
    pen: Pen
    is_frame: bool

    @property
    def is_blank(self) -> bool:
        """Whether it is one empty cell, of which every terminal knows how wide it is."""
        return (
            len(self.cells) == 1
            and self.cells[0] is not None
            and self.cells[0][0] == " "
        )


def _pieces(
    y: int, row: list[Cell], run: tuple[int, int], common: AbstractSet[Pen]
) -> Iterator[Piece]:
    """A changed part of a row, divided where a part of the frame with one of the common pens begins
    or ends.
    """
    start, stop = run
    begun, pen, in_frame = start, NO_PEN, False
    for at in range(start, stop):
        cell = row[at]
        assert cell is not None
        same = cell[1] == pen or (cell[0] == " " and _looks_same(cell[1], pen))
        is_frame = _is_frame(cell) and (in_frame if same else cell[1] in common)
        if at > begun and (is_frame != in_frame or (is_frame and not same)):
            yield Piece(y, begun, row[begun:at], _pen_of(row[begun]), in_frame)
            begun = at
        in_frame = is_frame
        if not same:
            pen = cell[1]
    yield Piece(y, begun, row[begun:stop], _pen_of(row[begun]), in_frame)


def _pen_of(cell: Cell) -> Pen:
    """The pen of a cell that is to be written."""
    assert cell is not None
    return cell[1]


def _is_frame(cell: Cell) -> bool:
    """Whether it is a line of a box, a block of a bar, or empty."""
    return cell is not None and (cell[0] == " " or "\u2500" <= cell[0] <= "\u259f")


def _looks_same(space: Pen, pen: Pen) -> bool:
    """Whether a space written with `pen` looks as it should: the color of a space is not seen."""
    return (
        space.ground == pen.ground
        and not space.attributes
        and _VISIBLE_ON_SPACES.isdisjoint(pen.attributes)
    )


def _written(cells: list[Cell], pen: Pen, *, erases: bool) -> tuple[str, Pen]:
    """The codes and texts for the cells of a piece, where `pen` was used before it.

    And the pen after it.
    """
    parts: list[str] = []
    at = 0
    while at < len(cells):
        cell = cells[at]
        assert cell is not None
        wanted = _blank(cell[1], pen) if _is_blank(cell) else cell[1]
        if wanted != pen:
            parts.append(_turn(pen, wanted))
            pen = wanted
        blanks = _blanks(cells, at) if erases and _is_blank(cell) else 0
        if blanks >= (ERASED_AT_END if at + blanks == len(cells) else ERASED):
            parts.append(
                f"\x1b[{blanks}X"
                if at + blanks == len(cells)
                else f"\x1b[{blanks}X\x1b[{blanks}C"
            )
            at += blanks
        else:
            parts.append(cell[0])
            at += 1
    return "".join(parts), pen


def _is_blank(cell: Cell) -> bool:
    return cell is not None and cell[0] == " " and not cell[1].attributes


def _blanks(cells: list[Cell], at: int) -> int:
    """How many cells from here on are empty in the same way."""
    end = at + 1
    while end < len(cells) and cells[end] == cells[at]:
        end += 1
    return end - at


def _blank(space: Pen, pen: Pen) -> Pen:
    """The pen nearest to the one in use with which a space looks as it should: the color of a space
    is not seen, nor are most attributes.
    """
    return pen._replace(
        attributes=pen.attributes
        if _VISIBLE_ON_SPACES.isdisjoint(pen.attributes)
        else "",
        ground=space.ground,
    )


def _runs(old: list[Cell], new: list[Cell]) -> list[tuple[int, int]]:
    """The changed parts of a row, those that are near each other as one."""
    runs: list[tuple[int, int]] = []
    for at, cell in enumerate(new):
        if cell is None or cell == old[at]:
            continue
        # a wide character is written from its first column
        start = at - 1 if not cell[0] and at else at
        stop = at + 2 if at + 1 < len(new) and _is_second(new[at + 1]) else at + 1
        if (
            runs
            and start - runs[-1][1] <= APART
            and None not in new[runs[-1][1] : start]
        ):
            runs[-1] = (runs[-1][0], stop)
        else:
            runs.append((start, stop))
    return runs


def _is_second(cell: Cell) -> bool:
    return cell is not None and not cell[0]


@lru_cache(8192)
def _pen(style: Style, system: ColorSystem | None) -> Pen:
    attributes = ";".join(
        str(code) for code, name in enumerate(_ATTRIBUTES, 1) if getattr(style, name)
    )
    if system is None:
        return Pen(attributes, *NO_PEN[1:])
    color = (
        ";".join(style.color.downgrade(system).get_ansi_codes(foreground=True))
        if style.color
        else NO_PEN.color
    )
    ground = (
        ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False))
        if style.bgcolor
        else NO_PEN.ground
    )
    return Pen(attributes, color, ground)


@lru_cache(4096)
def _turn(pen: Pen, following: Pen) -> str:
    """The shortest codes from one style to the next."""
    changed = [
        code
        for code, known in zip(following[1:], pen[1:], strict=True)
        if code != known
    ]
    if pen.attributes == following.attributes:
        return f"\x1b[{';'.join(changed)}m"
    old, new = (
        set(filter(None, one.attributes.split(";"))) for one in (pen, following)
    )
    ended = {_ENDS[attribute] for attribute in old - new}
    # an end such as that of bold is the end of dim too
    begun = {
        attribute
        for attribute in new
        if attribute not in old or _ENDS[attribute] in ended
    }
    afresh = [
        code
        for code, default in zip(following[1:], NO_PEN[1:], strict=True)
        if code != default
    ]
    ways = (
        [*sorted(ended), *sorted(begun), *changed],
        ["0", *([following.attributes] if new else []), *afresh],
    )
    return f"\x1b[{min((';'.join(way) for way in ways), key=len)}m"
