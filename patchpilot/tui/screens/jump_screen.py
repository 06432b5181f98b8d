# SPDX-License-Identifier: GPL-2.0-or-later
"""Jump mode: a letter at the title of each panel moves the focus to that panel."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.widget import Widget
from textual.widgets import Static

from patchpilot.tui.widgets.dialog import Modal
from patchpilot.tui.widgets.panel import Panel

LETTERS = "asdfghjkl"
"""In the order of the panels on screen: those under the fingers."""


class JumpScreen(Modal[Widget | None]):
    """A screen that assigns a letter to each panel and returns the widget to focus, or None after
    Escape.

    `panels` maps each panel to the widget that gets the focus.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(letter, f"go({at})", "go to the panel", key_display="letter")
            for at, letter in enumerate(LETTERS)
        ),
        Binding("escape,semicolon", "leave", "stay here", key_display="Esc"),
    ]

    def __init__(self, panels: dict[Panel, Widget]) -> None:
        super().__init__()
        self._panels = sorted(
            panels.items(), key=lambda known: (known[0].region.y, known[0].region.x)
        )[: len(LETTERS)]
        self._laid = self.app.size

    def compose(self) -> ComposeResult:
        """The letters, before the titles."""
        for letter, (panel, _) in zip(LETTERS, self._panels, strict=False):
            label = Static(f" {letter} ", classes="jump-letter")
            label.styles.offset = panel.region.offset
            yield label

    def on_resize(self) -> None:
        """In another size the panels are elsewhere."""
        if self.is_current and self.app.size != self._laid:
            self.dismiss(None)

    def on_click(self, event: Click) -> None:
        """A click on a letter, or anywhere in its panel, is the same."""
        at = event.screen_offset
        self.dismiss(
            next(
                (
                    widget
                    for panel, widget in self._panels
                    if panel.region.contains_point(at)
                ),
                None,
            )
        )

    def action_go(self, at: int) -> None:
        """Choose a panel; a letter that none has does nothing."""
        if at < len(self._panels):
            self.dismiss(self._panels[at][1])

    def action_leave(self) -> None:
        """Leave the focus where it is."""
        self.dismiss(None)
