# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide Textual's lists with vi keys, and lists of rows that keep the cursor on its row when
refilled.
"""

from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding
from textual.dom import DOMNode
from textual.strip import Strip
from textual.widgets import Checkbox, OptionList
from textual.widgets.option_list import Option

from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import bind_keys
from patchpilot.tui.widgets.search import Searchable


class List(OptionList):
    """A list of options; `enter` describes what Enter does, or is ""."""

    BINDINGS = bind_keys(
        Binding("j", "cursor_down", "down", show=False),
        Binding("k", "cursor_up", "up", show=False),
        Binding("G", "last", "last", show=False),
        Binding("enter", "select", "select"),
    )

    def __init__(self, *options: Option, ident: str, enter: str = "") -> None:
        super().__init__(*options, id=ident, markup=False)
        self.enter = enter

    def action_first(self) -> None:
        """Select the first option, and show the heading above it."""
        super().action_first()
        self.scroll_home(animate=False)

    def action_page_down(self) -> None:
        """Move the view with the cursor, because the cursor would only reach the line below it."""
        self._page(1)
        super().action_page_down()  # type: ignore[no-untyped-call]

    def action_page_up(self) -> None:
        self._page(-1)
        super().action_page_up()  # type: ignore[no-untyped-call]

    def _page(self, direction: int) -> None:
        lines = direction * self.scrollable_content_region.height
        self.scroll_relative(y=lines, animate=False, immediate=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable paging in a list without space for its options.

        In a dialog with more fields, Up on the first option and Down on the last one leave the
        list.
        """
        if action.startswith("page_") and not self.scrollable_content_region:
            return False
        ends = {"cursor_up": 0, "cursor_down": self.option_count - 1}
        if self.highlighted == ends.get(action, -1) and self.screen.query(Checkbox):
            return False
        return super().check_action(action, parameters)

    def render_line(self, y: int) -> Strip:
        """Mark the option under the cursor in its first column, if that is empty, because text
        copied from the terminal has no colors.
        """
        strip = super().render_line(y)
        first = next(iter(strip), None)
        if not (first and first.style and first.text.startswith(" ")):
            return strip
        # a line below the last option has no option
        option = first.style.meta.get("option")
        if not self.has_focus or option is None or option != self.highlighted:
            return strip
        mark = Strip([Segment(glyph("cursor"), first.style)])
        return Strip.join([mark, strip.crop(1)])


def is_current(event: OptionList.OptionMessage) -> bool:
    """Return whether an event is about a row of the list, which was not refilled since then."""
    options, index = event.option_list.options, event.option_index
    return index < len(options) and options[index] is event.option


def describe_key(node: DOMNode, binding: Binding) -> str:
    """Return the effect of a key.

    For Enter, the list defines the effect.
    """
    if isinstance(node, List) and binding.action == "select":
        return node.enter if node.highlighted is not None else ""
    return binding.description


class Row(NamedTuple):
    """A row of a list: its text, its subject, and a key.

    Rows whose `about` is None cannot be selected. The key must stay the same when the rows are
    rebuilt. A search also finds the `hidden` text.
    """

    text: Text
    about: Any = None
    key: Any = None
    hidden: str = ""


class RowList(List, Searchable):
    """A list of rows; refilling it does not report a move of the cursor."""

    rows: tuple[Row, ...] = ()
    rank = 1

    def searchable_lines(self) -> Iterable[str]:
        return (f"{row.text.plain} {row.hidden}" * (row.about is not None) for row in self.rows)

    @property
    def cursor_line(self) -> int:
        return self.highlighted or 0

    def go_to_line(self, line: int) -> None:
        self.highlighted = line

    @property
    def selected_row(self) -> Row | None:
        index = self.highlighted
        return self.rows[index] if index is not None and index < len(self.rows) else None

    @property
    def selected_item(self) -> Any:
        return self.selected_row.about if self.selected_row else None

    @property
    def position(self) -> str:
        if self.selected_item is None:
            return ""
        return f"{self._enabled_rows.index(self.highlighted or 0) + 1}/{len(self._enabled_rows)}"

    @property
    def _enabled_rows(self) -> list[int]:
        return [index for index, row in enumerate(self.rows) if row.about is not None]

    def select_row(self, key: Hashable) -> None:
        indexes = (index for index, row in enumerate(self.rows) if row.key == key)
        self.highlighted = next(indexes, self.highlighted)

    def set_rows(self, rows: Iterable[Row], key: Hashable = None) -> None:
        """Show these rows without scrolling.

        Put the cursor on the row with this key (default: the key of the current row). If there is
        no such row, put it on the first row.
        """
        top = self.scroll_offset.y
        wanted_key = (
            key if key is not None else self.selected_row.key if self.selected_row else None
        )
        self.rows = tuple(rows)
        enabled_rows = self._enabled_rows
        matches = (index for index in enabled_rows if self.rows[index].key == wanted_key)
        with self.prevent(OptionList.OptionHighlighted):
            self.clear_options()
            self.add_options(Option(row.text, disabled=row.about is None) for row in self.rows)
            self.highlighted = next(matches, enabled_rows[0] if enabled_rows else None)
        self.scroll_to(y=top, animate=False, force=True, immediate=True)
        self.scroll_to_highlight()
