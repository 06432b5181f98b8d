# SPDX-License-Identifier: GPL-2.0-or-later
"""Search in texts and lists as in vi: `/`, a word, Enter.

The keys n and N go to the next and previous match; Escape ends the search.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from patchpilot.model.printable import make_printable
from patchpilot.tui.view.key_bindings import OffersActions, bind_keys
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.message_row import MessageRow


class Searchable(OffersActions, Widget):
    """A searchable widget with lines and a cursor. Searching for "" ends the search."""

    BINDINGS = bind_keys(
        Binding("n", "match(1)", "next match"),
        Binding("N", "match(-1)", "previous match"),
        Binding("escape", "end_search", "end search"),
    )
    word = ""
    rank = 0
    """If there are several such widgets, the search uses one with the lowest rank."""

    def searchable_lines(self) -> Iterable[str]:
        raise NotImplementedError

    @property
    def cursor_line(self) -> int:
        raise NotImplementedError

    def go_to_line(self, line: int) -> None:
        raise NotImplementedError

    @property
    def can_match(self) -> bool:
        """Return whether n, N and Escape are for the matches, as they are during a search."""
        return bool(self.word)

    can_end_search = can_match

    def _matching_lines(self) -> list[int]:
        word = self.word.casefold()
        return [
            index for index, line in enumerate(self.searchable_lines()) if word in line.casefold()
        ]

    def search_word(self, word: str) -> None:
        self.word = word
        if word and (matches := self._matching_lines()) and self.cursor_line not in matches:
            self.go_to_match(matches, 1)
        self.refresh()
        self.refresh_bindings()

    def go_to_match(self, lines: list[int], direction: int) -> None:
        """Go to the next or previous one of these lines, or from the last to the first."""
        index = bisect_right(lines, self.cursor_line) if direction > 0 else 0
        earlier = [line for line in lines if line < self.cursor_line]
        self.go_to_line(lines[index % len(lines)] if direction > 0 else (earlier or lines)[-1])

    def action_match(self, direction: int) -> None:
        if matches := self._matching_lines():
            self.go_to_match(matches, direction)
        self.report_match()

    def report_match(self) -> None:
        if self.word:
            matches = self._matching_lines()
            number = bisect_right(matches, self.cursor_line)
            position_text = f"{number} of {len(matches)}" if matches else "no match"
            self.notify(f"search “{self.word}”: {position_text}")

    def action_end_search(self) -> None:
        self.search_word("")
        self.notify("")


PART = re.compile(
    r"^ +(?:[^:]+: )?(?P<command>(?:git|patchpilot|cd|fg|rm -r) "
    r"(?:'[^']*'|\"[^\"]*\"|[^'\"()])+(?<!\w[.:,;]))"
    r"(?:  # .*)?$"
    r"|(?:-ID|-To|reported in|References):? <(?P<Message_ID>[^<>\s]+)>"
    r"|(?P<address>[^<>\s]+@[\w.-]+\w)"
)
"""The text in a line that can be copied."""


def find_copyable_text(widget: Any) -> tuple[str, str]:
    """Return the kind and the text of the item to copy at a widget's cursor, or ("", "")."""
    rows, cursor_line = getattr(widget, "rows", ()), getattr(widget, "cursor_line", 0)
    row = (*rows[cursor_line : cursor_line + 1], "")[0]
    match = PART.search(make_printable(str(getattr(row, "text", row))).rstrip())
    kind = match.lastgroup if match else None
    return (kind.replace("_", "-"), match[kind]) if match and kind else ("", "")


class SearchBar(LineInput):
    """An input line that searches a text or list on the screen; hidden until opened."""

    DEFAULT_CSS = (
        "SearchBar { display: none; border: none; height: 1; padding: 0; } SearchBar:focus {"
        " border: none; }"
    )
    BINDINGS = bind_keys(
        Binding("enter", "submit", "go to the matches"),
        Binding("escape", "close", "end search"),
    )

    def __init__(self) -> None:
        super().__init__(
            placeholder="search for text; Enter confirms, Esc closes",
            id="search",
            select_on_focus=True,
        )
        self._in: Searchable | None = None

    def _set_visible(self, *, is_visible: bool) -> None:
        self.display = is_visible
        self.screen.query(MessageRow).set(display=not is_visible)

    def open_search(self) -> None:
        """Open the input line for a search.

        It searches the focused widget if possible, and a text rather than a list.
        """
        focused = self.screen.focused
        visible = [
            result
            for result in self.screen.query().results(Searchable)
            if result.display and any(result.searchable_lines())
        ]
        visible.sort(key=lambda widget: (widget.rank, widget is not focused))
        self._in = next(iter(visible), None)
        if self._in:
            self._set_visible(is_visible=True)
            self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._in and self.display:
            self._in.search_word(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._finish_input()

    def action_close(self) -> None:
        if self._in:
            self._in.action_end_search()
        self.value = ""
        self._finish_input()

    def _finish_input(self) -> None:
        self._set_visible(is_visible=False)
        if self._in:
            self._in.focus()
            self._in.report_match()
