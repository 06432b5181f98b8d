# SPDX-License-Identifier: GPL-2.0-or-later
"""A card of the tour: it lies on the stage's screen, next to the panel it points at, and never on the key line."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from patchpilot.tui.glyphs import glyph
from patchpilot.tui.rich_text import with_code
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.panel import Panel

LOOK = 0.2
"""Seconds between two looks whether the panel moved: its content arrives while the card is open."""


class TourCard(ModalScreen[str | events.Key]):
    """A title and a text about the widget that `target` finds: "next", "back", "end", or any other key, which closes the card and is for the stage.

    `wide` is for texts with lines of up to 76 columns.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "answer('next')", "next"),
        Binding("left", "answer('back')", "back"),
        Binding("escape", "answer('end')", "end the tour", key_display="Esc"),
    ]

    def __init__(self, title: str, text: str, keys: str, target: Callable[[], Widget | None], *, wide: bool = False) -> None:
        super().__init__()
        self._wide = wide
        self._title, self._text, self._keys, self._target = title, text, keys, target
        self._pointed: Widget | None = None

    def compose(self) -> ComposeResult:
        """The card."""
        with Panel(title=self._title, id="tour-card", classes="wide-card" if self._wide else ""):
            yield Static(with_code(self._text), markup=False)

    def on_mount(self) -> None:
        """Put it next to its panel, and keep it there. Enter is the card's as long as it is open."""
        self._take_enter(True)
        self.query_one(Panel).count = self._keys
        self.call_after_refresh(self._place)
        self.set_interval(LOOK, self._place)

    def on_unmount(self) -> None:
        """The panel and the key line look as always again."""
        self._take_enter(False)
        self._point(None)

    def _take_enter(self, taken: bool) -> None:
        for below in self.app.screen_stack:
            for line in below.query(KeyLine):
                line.without_enter = taken

    def _place(self) -> None:
        self._point(self._target())
        card = self.query_one(Panel)
        if self._pointed is None:
            return
        room = Region(0, 2, self.size.width, max(0, self.size.height - 3))
        placed = beside(self._pointed.region, card.outer_size, room)
        card.styles.offset = placed.at
        card.heading = f"{glyph(f'point-{placed.side}')} {self._title}" if placed.side else self._title

    def _point(self, at: Widget | None) -> None:
        """Mark this widget, and no other, as the one that the card is about."""
        if at is not self._pointed:
            if self._pointed is not None:
                self._pointed.remove_class("-pointed")
            if at is not None:
                at.add_class("-pointed")
            self._pointed = at

    def action_answer(self, name: str) -> None:
        """Close with this answer."""
        self.dismiss(name)

    def on_key(self, event: events.Key) -> None:
        """Any other key is for the stage: whoever wants to try something need not end the tour first."""
        if event.key not in ("enter", "right", "left", "escape"):
            event.stop()
            self.dismiss(event)


class Placed(NamedTuple):
    """Where a card is, and on which of its sides the panel is that it points at; "" where it lies on the panel."""

    at: Offset
    side: str = ""


def beside(panel: Region, card: Size, room: Region) -> Placed:
    """Where to put a card within `room` so that it covers nothing of a panel: right, left, below or above; else on its lower right corner."""
    across = min(max(panel.x, room.x), room.right - card.width)
    down = min(max(panel.y, room.y), room.bottom - card.height)
    if panel.right + card.width <= room.right:
        return Placed(Offset(panel.right, down), "left")
    if panel.x - card.width >= room.x:
        return Placed(Offset(panel.x - card.width, down), "right")
    if panel.bottom + card.height <= room.bottom:
        return Placed(Offset(across, panel.bottom), "up")
    if panel.y - card.height >= room.y:
        return Placed(Offset(across, panel.y - card.height), "down")
    return Placed(Offset(room.right - card.width - 2, max(room.y, min(panel.bottom, room.bottom) - card.height - 1)))
