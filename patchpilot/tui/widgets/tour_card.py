# SPDX-License-Identifier: GPL-2.0-or-later
"""A card of the tour: a panel between the stage bar and the stage's panels, so that it covers none
of them.
"""

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import STRONG, lines, plain, with_code
from patchpilot.tui.widgets.panel import Panel


class TourCard(Panel):
    """A title, a text, and the one key that works next; all keys are those of the stage below it.

    It takes no focus.
    """

    def __init__(self) -> None:
        super().__init__(Static(markup=False), id="tour-card")
        self._filled: tuple[str, str, str] = ("", "", "")
        self._pointed: Widget | None = None

    def fill(self, title: str, text: str, key: str, does: str) -> None:
        """Show this text, and below it the key with what it does; without a key only that."""
        self.heading = f"{title} {glyph('point-down')}"
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

    def point_at(self, target: Widget | None) -> None:
        """Mark the panel that the card is about, and no other."""
        if target is not self._pointed:
            if self._pointed is not None:
                self._pointed.remove_class("-pointed")
            if target is not None:
                target.add_class("-pointed")
            self._pointed = target

    def hide(self) -> None:
        """Leave the screen until it is filled again, and mark nothing."""
        self.display = False
        self.point_at(None)
