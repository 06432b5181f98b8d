# SPDX-License-Identifier: GPL-2.0-or-later
"""What the terminal is to show, before it was written."""

from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from patchpilot.tui.changed_cells import Canvas

SIZE = (4, 1)


def test_a_terminal_that_was_left_before_a_row_was_written_is_drawn_anew() -> None:
    canvas = Canvas()
    row = LayoutUpdate([[Strip([Segment("text")])]], Region(0, 0, *SIZE))
    assert canvas.take(row, SIZE, None) == 1
    canvas.forget()
    assert canvas.changes() in ("", "\x1b[0m")
    assert canvas.take(row, SIZE, None) == 1
    assert "text" in canvas.changes()
