# SPDX-License-Identifier: GPL-2.0-or-later
"""The search line, as in vi: `/`, a word, Enter.

The keys n and N go to the next and previous match; Escape closes the line.
"""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.message_row import MessageRow
from patchpilot.tui.widgets.pager import Pager


class SearchBar(LineInput):
    """An input line that searches the screen's visible pager; hidden until it is opened."""

    DEFAULT_CSS = (
        "SearchBar { display: none; border: none; height: 1; padding: 0; } SearchBar:focus {"
        " border: none; }"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False)
    ]

    def __init__(self) -> None:
        super().__init__(
            placeholder="search for text; Enter confirms, Esc closes",
            id="search",
            select_on_focus=True,
        )
        self._pager: Pager | None = None

    def _show(self, *, shown: bool) -> None:
        """Show the line in the place of the message row, or that again."""
        self.display = shown
        for row in self.screen.query(MessageRow):
            row.display = not shown

    def open(self) -> None:
        """Show the line, for the focused pager or else the first visible one."""
        focused = self.screen.focused
        pagers = [
            pager for pager in self.screen.query(Pager) if pager.display and pager.rows
        ]
        self._pager = (
            focused if isinstance(focused, Pager) else next(iter(pagers), None)
        )
        if self._pager:
            self._show(shown=True)
            self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Go to the first match while the word is typed."""
        if self._pager and self.display:
            self._pager.seek(event.value, move=bool(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return to the text and keep the matches."""
        event.stop()
        self._end()

    def action_close(self) -> None:
        """Return to the text and clear the search."""
        if self._pager:
            self._pager.action_end_search()
        self.value = ""
        self._end()

    def _end(self) -> None:
        self._show(shown=False)
        if self._pager:
            self._pager.focus()
            self._pager.tell_match()
