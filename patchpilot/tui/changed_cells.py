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

_VISIBLE_ON_SPACES = frozenset("479")
"""The codes of the attributes that are seen on spaces too: underline, reverse, strike."""

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


class Canvas:
    """The cells that the terminal shows now."""

    def __init__(self) -> None:
        self._rows: list[list[Cell]] = []

    def forget(self) -> None:
        """Another program wrote on the terminal: everything is drawn again."""
        self._rows = []

    def changes(self, update: LayoutUpdate | ChopsUpdate, size: tuple[int, int], system: ColorSystem | None) -> str:
        """What to write so that a terminal of this size (columns, rows) shows the update; "" when it does already."""
        width, height = size
        if len(self._rows) != height or len(self._rows[0]) != width:
            self._rows = [[None] * width for _ in range(height)]
        rows = self._after_layout(update, system) if isinstance(update, LayoutUpdate) else self._after_chops(update, system)
        written = []
        for y, row in rows.items():
            del row[width:]
            if row != self._rows[y]:
                written.append(_difference(y, self._rows[y], row))
                self._rows[y] = row
        text = "".join(written)
        return f"{text}\x1b[0m" if text else ""

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


def _difference(y: int, old: list[Cell], new: list[Cell]) -> str:
    """The codes and texts for the changed parts of a row; every part sets all of its colors."""
    parts = []
    for start, stop in _runs(old, new):
        parts.append(f"\x1b[{y + 1};{start + 1}H\x1b[0m")
        pen = NO_PEN
        for cell in new[start:stop]:
            assert cell is not None
            if cell[1] != pen and not (cell[0] == " " and _looks_same(cell[1], pen)):
                parts.append(_turn(pen, cell[1]))
                pen = cell[1]
            parts.append(cell[0])
    return "".join(parts)


def _looks_same(space: Pen, pen: Pen) -> bool:
    """Whether a space written with `pen` looks as it should: the color of a space is not seen."""
    return space.ground == pen.ground and not space.attributes and _VISIBLE_ON_SPACES.isdisjoint(pen.attributes)


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
    if pen.attributes != following.attributes:
        colors = [code for code, default in zip(following[1:], NO_PEN[1:], strict=True) if code != default]
        return f"\x1b[{';'.join(['0', *([following.attributes] if following.attributes else []), *colors])}m"
    return f"\x1b[{';'.join(code for code, known in zip(following[1:], pen[1:], strict=True) if code != known)}m"
