# SPDX-License-Identifier: GPL-2.0-or-later
"""Search in texts and lists as in vi: `/`, a word, Enter.

The keys n and N go to the next and previous match; Escape ends the search.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from patchpilot.model.printable import make_printable
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.message_row import MessageRow


class Searchable(Widget):
    """A searchable widget with lines and a cursor. Searching for "" ends the search."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "match(1)", "next match"),
        Binding("N", "match(-1)", "previous match"),
        Binding("escape", "end_search", "end search"),
    ]
    word = ""
    rank = 0
    """If there are several such widgets, the search uses one with the lowest rank."""

    def lines(self) -> Iterable[str]:
        raise NotImplementedError

    @property
    def place(self) -> int:
        raise NotImplementedError

    def go(self, line: int) -> None:
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable n, N and Escape for the matches only during a search."""
        if action in ("match", "end_search"):
            return bool(self.word)
        return super().check_action(action, parameters)

    def _select_match(self) -> list[int]:
        word = self.word.casefold()
        return [at for at, line in enumerate(self.lines()) if word in line.casefold()]

    def seek(self, word: str) -> None:
        self.word = word
        if word and (found := self._select_match()) and self.place not in found:
            self._go_on(found, 1)
        self.refresh()
        self.refresh_bindings()

    def _go_on(self, rows: list[int], by: int) -> None:
        at = bisect_right(rows, self.place) if by > 0 else 0
        before = [line for line in rows if line < self.place]
        self.go(rows[at % len(rows)] if by > 0 else (before or rows)[-1])

    def action_match(self, by: int) -> None:
        if found := self._select_match():
            self._go_on(found, by)
        self.tell_match()

    def tell_match(self) -> None:
        if self.word:
            found = self._select_match()
            place = bisect_right(found, self.place)
            words = f"{place} of {len(found)}" if found else "no match"
            self.notify(f"search “{self.word}”: {words}")

    def action_end_search(self) -> None:
        self.seek("")
        self.notify("")


PART = re.compile(
    r"^ +(?P<command>(?:git|patchpilot|cd|fg) .+)"
    r"|(?:-ID|-To|reported in|References):? <(?P<Message_ID>[^<>\s]+)>"
    r"|(?P<address>[^<>\s]+@[\w.-]+\w)"
)
"""The text in a line that can be copied."""


def copyable(widget: Any) -> tuple[str, str]:
    """Return the kind and the text of what can be copied at a widget's cursor, or ("", "")."""
    rows, place = getattr(widget, "rows", ()), getattr(widget, "place", 0)
    row = (*rows[place : place + 1], "")[0]
    match = PART.search(make_printable(str(getattr(row, "text", row))).rstrip())
    kind = match.lastgroup if match else None
    return (kind.replace("_", "-"), match[kind]) if match and kind else ("", "")


class SearchBar(LineInput):
    """An input line that searches a text or list on the screen; hidden until opened."""

    DEFAULT_CSS = (
        "SearchBar { display: none; border: none; height: 1; padding: 0; } SearchBar:focus {"
        " border: none; }"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "go to the matches"),
        Binding("escape", "close", "end search"),
    ]

    def __init__(self) -> None:
        super().__init__(
            placeholder="search for text; Enter confirms, Esc closes",
            id="search",
            select_on_focus=True,
        )
        self._in: Searchable | None = None

    def _show(self, *, shown: bool) -> None:
        self.display = shown
        self.screen.query(MessageRow).set(display=not shown)

    def open(self) -> None:
        """Open the line.

        It searches a text rather than a list, and the focused widget rather than another one.
        """
        focused = self.screen.focused
        visible = [
            result
            for result in self.screen.query().results(Searchable)
            if result.display and any(result.lines())
        ]
        visible.sort(key=lambda one: (one.rank, one is not focused))
        self._in = next(iter(visible), None)
        if self._in:
            self._show(shown=True)
            self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._in and self.display:
            self._in.seek(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._end()

    def action_close(self) -> None:
        if self._in:
            self._in.action_end_search()
        self.value = ""
        self._end()

    def _end(self) -> None:
        self._show(shown=False)
        if self._in:
            self._in.focus()
            self._in.tell_match()
