# SPDX-License-Identifier: GPL-2.0-or-later
"""A card of the tour: it lies on the stage's screen, next to the panel it points at, and never on
the key line or a toast.
"""

from typing import NamedTuple

from rich.text import Text
from textual.geometry import Offset, Region, Size
from textual.widget import Widget
from textual.widgets import Static

from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import STRONG, lines, plain, with_code
from patchpilot.tui.widgets.panel import Panel


class TourCard(Panel):
    """A title, a text, and the one key that works next; all keys are those of the stage below it.

    It takes no focus.
    """

    DEFAULT_CSS = "TourCard { layer: tour; }"

    def __init__(self) -> None:
        super().__init__(Static(markup=False), id="tour-card")
        self._title = ""
        self._filled: tuple[str, str, str] = ("", "", "")
        self._pointed: Widget | None = None
        self._room = Region()

    def fill(self, title: str, text: str, key: str, does: str) -> None:
        """Show this text, and below it the key with what it does; without a key only that."""
        self._title = title
        if (text, key, does) != self._filled:
            self._filled = (text, key, does)
            press = (
                Text.assemble(
                    plain("Press "),
                    plain(f" {key} ", "reverse bold"),
                    plain(f": {does}", STRONG),
                )
                if key
                else plain(does, STRONG)
            )
            self.query_one(Static).update(lines([with_code(text), press]))

    def put(self, target: Widget | None, room: Region) -> None:
        """Mark the panel that the card is about, and no other, and lie next to it within `room`."""
        if target is not self._pointed:
            if self._pointed is not None:
                self._pointed.remove_class("-pointed")
            if target is not None:
                target.add_class("-pointed")
            self._pointed = target
        self._room = room
        self._place()

    def on_resize(self) -> None:
        """A longer text needs more lines: none of them may be on the key line."""
        super().on_resize()
        self._place()

    def _place(self) -> None:
        if self._pointed is None:
            return
        placed = beside(self._pointed.region, self.outer_size, self._room)
        self.styles.offset = placed.at
        self.heading = (
            f"{glyph(f'point-{placed.side}')} {self._title}"
            if placed.side
            else self._title
        )

    def hide(self) -> None:
        """Leave the screen until it is filled again, and mark nothing."""
        self.display = False
        self.put(None, Region())


class Placed(NamedTuple):
    """Where a card is, and on which of its sides the panel is that it points at; "" where it lies
    on the panel.
    """

    at: Offset
    side: str = ""


def beside(panel: Region, card: Size, room: Region) -> Placed:
    """Where to put a card within `room` so that it covers nothing of a panel: right, left, or below
    it at the bottom; else on its lower right corner.
    """
    # what is next to a panel, or below it, begins with what matters most
    down = max(room.y, min(panel.bottom, room.bottom) - card.height - 1)
    if panel.right + card.width <= room.right:
        return Placed(Offset(panel.right, down), "left")
    if panel.x - card.width >= room.x:
        return Placed(Offset(panel.x - card.width, down), "right")
    across = room.right - card.width - 2
    if panel.bottom + card.height <= room.bottom:
        return Placed(
            Offset(across, max(panel.bottom, room.bottom - card.height - 1)), "up"
        )
    return Placed(Offset(across, down))
