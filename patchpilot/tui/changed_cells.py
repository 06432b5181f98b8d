# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws only the cells that changed: Textual repaints whole panels, and whole screens after every layout, which over ssh is what one waits for."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

APART = 5
"""Unchanged cells between two changes that are cheaper to write again than to go round."""

ERASED, ERASED_AT_END = 11, 5
"""Blank cells that are cheaper to erase and go round, or to erase at the end of a change, than to write."""

_VISIBLE_ON_SPACES = frozenset("479")
"""The codes of the attributes that are seen on spaces too: underline, reverse, strike."""

_ENDS = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29"}
"""The code that ends each attribute."""

_ATTRIBUTES = ("bold", "dim", "italic", "underline", "blink", "blink2", "reverse", "conceal", "strike")


class Drawn(CompositorUpdate):
    """A finished text for the terminal, as Textual takes it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render_segments(self, console: Console) -> str:
        """The text."""
        return self.text


class Pen(NamedTuple):
    """A style as it is written to the terminal: the codes of its attributes, of the color and of the background."""

    attributes: str
    color: str
    ground: str


NO_PEN = Pen("", "39", "49")
Cell = tuple[str, Pen] | None
"""A character with its style, "" in the second column of a wide one; None where it is not known what the terminal shows."""


def erases_in_color() -> bool:
    """Whether the terminal of $TERM fills what it erases with the background in use: a line of blanks is then one code."""
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
    """The cells that the terminal shows now. `erases`: blanks may be erased, see erases_in_color."""

    def __init__(self, *, erases: bool = False) -> None:
        self._rows: list[list[Cell]] = []
        self._erases = erases

    def forget(self) -> None:
        """Another program wrote on the terminal: everything is drawn again."""
        self._rows = []

    def changes(self, update: LayoutUpdate | ChopsUpdate, size: tuple[int, int], system: ColorSystem | None) -> str:
        """What to write so that a terminal of this size (columns, rows) shows the update; "" when it does already."""
        width, height = size
        if len(self._rows) != height or len(self._rows[0]) != width:
            self._rows = [[None] * width for _ in range(height)]
        rows = self._after_layout(update, system) if isinstance(update, LayoutUpdate) else self._after_chops(update, system)
        written, pen = ["\x1b[0m"], NO_PEN
        for y, row in rows.items():
            del row[width:]
            if row != self._rows[y]:
                text, pen = _difference(y, self._rows[y], row, pen, erases=self._erases)
                written.append(text)
                self._rows[y] = row
        return f"{''.join(written)}\x1b[0m" if len(written) > 1 else ""

    def _after_layout(self, update: LayoutUpdate, system: ColorSystem | None) -> dict[int, list[Cell]]:
        rows = {}
        for y, strips in enumerate(update.strips[: len(self._rows)], update.region.y):
            rows[y] = list(self._rows[y])
            _put(rows[y], update.region.x, strips, system)
        return rows

    def _after_chops(self, update: ChopsUpdate, system: ColorSystem | None) -> dict[int, list[Cell]]:
        rows: dict[int, list[Cell]] = {}
        for y, start, stop in update.spans:
            if y >= len(self._rows):
                continue
            row = rows.setdefault(y, list(self._rows[y]))
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x <= stop and end > start:
                    is_whole = start <= x < stop and end <= stop
                    _put(row, x, [strip if is_whole else strip.crop(0, min(end, stop) - x)], system)
        return rows


def _put(row: list[Cell], x: int, strips: Iterable[Strip], system: ColorSystem | None) -> None:
    cells: list[Cell] = []
    for strip in strips:
        for text, style, control in strip:
            if not control:
                cells += _cells(text, _pen(style, system) if style else NO_PEN)
    row[x : x + len(cells)] = cells


@lru_cache(4096)
def _cells(text: str, pen: Pen) -> tuple[Cell, ...]:
    space = Pen("", NO_PEN.color, pen.ground) if _VISIBLE_ON_SPACES.isdisjoint(pen.attributes) else pen
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


def _difference(y: int, old: list[Cell], new: list[Cell], pen: Pen, *, erases: bool) -> tuple[str, Pen]:
    """The codes and texts for the changed parts of a row, written with `pen` at first; and the pen after them."""
    parts = []
    for start, stop in _runs(old, new):
        parts.append(f"\x1b[{y + 1};{start + 1}H")
        at = start
        while at < stop:
            cell = new[at]
            assert cell is not None
            wanted = _blank(cell[1], pen) if _is_blank(cell) else cell[1]
            if wanted != pen:
                parts.append(_turn(pen, wanted))
                pen = wanted
            blanks = _blanks(new, at, stop) if erases and _is_blank(cell) else 0
            if blanks >= (ERASED_AT_END if at + blanks == stop else ERASED):
                parts.append(f"\x1b[{blanks}X" if at + blanks == stop else f"\x1b[{blanks}X\x1b[{blanks}C")
                at += blanks
            else:
                parts.append(cell[0])
                at += 1
    return "".join(parts), pen


def _is_blank(cell: Cell) -> bool:
    return cell is not None and cell[0] == " " and not cell[1].attributes


def _blanks(row: list[Cell], at: int, stop: int) -> int:
    """How many cells from here on are the same blank."""
    end = at + 1
    while end < stop and row[end] == row[at]:
        end += 1
    return end - at


def _blank(space: Pen, pen: Pen) -> Pen:
    """The pen nearest to the one in use with which a space looks as it should: the color of a space is not seen, nor are most attributes."""
    return pen._replace(attributes=pen.attributes if _VISIBLE_ON_SPACES.isdisjoint(pen.attributes) else "", ground=space.ground)


def _runs(old: list[Cell], new: list[Cell]) -> list[tuple[int, int]]:
    """The changed parts of a row, those that are near each other as one."""
    runs: list[tuple[int, int]] = []
    for at, cell in enumerate(new):
        if cell is None or cell == old[at]:
            continue
        # a wide character is written from its first column
        start = at - 1 if not cell[0] and at else at
        stop = at + 2 if at + 1 < len(new) and _is_second(new[at + 1]) else at + 1
        if runs and start - runs[-1][1] <= APART and None not in new[runs[-1][1] : start]:
            runs[-1] = (runs[-1][0], stop)
        else:
            runs.append((start, stop))
    return runs


def _is_second(cell: Cell) -> bool:
    return cell is not None and not cell[0]


@lru_cache(8192)
def _pen(style: Style, system: ColorSystem | None) -> Pen:
    attributes = ";".join(str(code) for code, name in enumerate(_ATTRIBUTES, 1) if getattr(style, name))
    if system is None:
        return Pen(attributes, *NO_PEN[1:])
    color = ";".join(style.color.downgrade(system).get_ansi_codes(foreground=True)) if style.color else NO_PEN.color
    ground = ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False)) if style.bgcolor else NO_PEN.ground
    return Pen(attributes, color, ground)


@lru_cache(4096)
def _turn(pen: Pen, following: Pen) -> str:
    """The shortest codes from one style to the next."""
    changed = [code for code, known in zip(following[1:], pen[1:], strict=True) if code != known]
    if pen.attributes == following.attributes:
        return f"\x1b[{';'.join(changed)}m"
    old, new = (set(filter(None, one.attributes.split(";"))) for one in (pen, following))
    ended = {_ENDS[attribute] for attribute in old - new}
    # an end such as that of bold is the end of dim too
    begun = {attribute for attribute in new if attribute not in old or _ENDS[attribute] in ended}
    afresh = [code for code, default in zip(following[1:], NO_PEN[1:], strict=True) if code != default]
    ways = ([*sorted(ended), *sorted(begun), *changed], ["0", *([following.attributes] if new else []), *afresh])
    return f"\x1b[{min((';'.join(way) for way in ways), key=len)}m"
