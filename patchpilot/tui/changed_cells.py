# SPDX-License-Identifier: GPL-2.0-or-later
"""Write only the cells that changed: Textual paints whole panels, which is slow over ssh."""

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rich.cells import get_character_cell_size
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

_MOVE = re.compile(r"\x1b\[\d+;\d+H")
_PART = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|([^\x1b\n]+)|(\x1b)")
_VISIBLE = re.compile("[4-9]")
"""The attributes that are seen on spaces, and colors of small palettes."""
_STYLE = re.compile(r"(.*?);?(38;2;\d+;\d+;\d+)?;?(48;2;\d+;\d+;\d+)?")


@lru_cache(4096)
def _codes(style: str, pen: str | None) -> str:
    """Return the escape sequence that changes the terminal's style from `pen`, without colors
    that stay.
    """
    if pen is None or (new := _parts(style))[0] != (old := _parts(pen))[0]:
        return f"\x1b[0;{style}m" if style else "\x1b[0m"
    ways = zip(new[1:], old[1:], ("39", "49"), strict=True)
    return f"\x1b[{';'.join(to or none for to, it, none in ways if to != it)}m"


def _parts(style: str) -> tuple[str, ...]:
    """Return the attributes, the color and the background."""
    return _STYLE.fullmatch(style).groups("")  # type: ignore[union-attr]


@lru_cache(4096)
def _on_space(style: str) -> str:
    """Return the style of a space: the color of text is not seen, nor are most attributes."""
    attributes, _, ground = _parts(style)
    return style if _VISIBLE.search(attributes) else ground


def _cells(data: str) -> Iterator[tuple[int, int, str, str, int]]:
    """Yield the row, column, character, style and width of each cell, the cursor at the end.

    Raise ValueError for anything but moves, styles and text.
    """
    row, column, style = 1, 1, ""
    for to_row, to_column, codes, text, other in _PART.findall(data):
        if to_row:
            row, column = int(to_row), int(to_column)
        elif not text:
            style = codes.removeprefix("0")
        for sign in text or other:
            if not (wide := get_character_cell_size(sign)):
                raise ValueError(sign)
            yield row, column, sign, _on_space(style) if sign == " " else style, wide
            column += wide
    yield row, column, "", "", 0


class Cells:
    """The cells that the terminal shows, by row and column, as far as they are known."""

    def __init__(self) -> None:
        self._shown: dict[tuple[int, int], tuple[str, str]] = {}
        self._cursor = 0, 0

    def forget(self) -> None:
        self._shown.clear()

    def changes(self, data: str) -> str:
        """Return what to write instead of `data`: the changed cells, and the cursor.

        What is no screen, and characters without a width, are written as they are.
        """
        try:
            cells = list(_cells(data))
        except ValueError:
            self.forget()
            return data
        out, end, at = list[str](), (0, 0), (0, 0)
        pen: str | None = None
        for row, column, sign, style, wide in cells:
            at = row, column
            if sign and self._shown.get(at) != (sign, style):
                out.append(f"\x1b[{row};{column}H" if at != end else "")
                if not (sign == " " and pen and style == _on_space(pen)):
                    out.append(_codes(style, pen) if style != pen else "")
                    pen = style
                out.append(sign)
                end = row, column + wide
                self._shown[at] = sign, style
                if wide > 1:
                    self._shown[row, column + 1] = "", ""
        if not out and at == self._cursor:
            return ""
        self._cursor = at
        return f"{''.join(out)}\x1b[0m\x1b[{at[0]};{at[1]}H"


class ChangedCells(LinuxDriver):
    """Textual's driver, which writes the changed cells of a screen only."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._owner, self._cells, self._seen_size = app, Cells(), ((0, 0), (0, 0))

    def write(self, data: str) -> None:
        size = self._size_now()
        if size != self._seen_size or "\x1b[?1049" in data:
            # the terminal moved its lines, or another program wrote on it
            self._seen_size = size
            self._cells.forget()
        super().write(
            self._cells.changes(data) if _MOVE.match(data.lstrip("\n")) else data
        )

    def _size_now(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the sizes of the terminal and of the layout, which may follow later."""
        screens = self._owner.screen_stack
        try:
            terminal = os.get_terminal_size(self.fileno)
        except OSError:
            # the terminal was closed, and a running send must still end
            return self._seen_size
        return terminal, screens[-1].size if screens else (0, 0)
