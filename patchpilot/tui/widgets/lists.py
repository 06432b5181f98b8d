# SPDX-License-Identifier: GPL-2.0-or-later
"""Textual's lists and tables with vi keys, and the text that y copies."""

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.widgets import DataTable, OptionList
from textual.widgets.option_list import Option


class List(OptionList):
    """A list of options."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "down", show=False),
        Binding("k", "cursor_up", "up", show=False),
        Binding("G", "last", "last", show=False),
    ]

    def __init__(
        self, *options: Option, ident: str, classes: str = "", enter: str = ""
    ) -> None:
        super().__init__(*options, id=ident, classes=classes, markup=False)
        if enter:
            self._bindings.key_to_bindings["enter"] = [
                Binding("enter", "select", enter, key_display="Enter")
            ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Do not page in a list without room: its options have no lines then."""
        if action.startswith("page_") and not self.scrollable_content_region:
            return False
        return super().check_action(action, parameters)

    @property
    def line_to_copy(self) -> str:
        """The text of the option under the cursor."""
        at = self.highlighted
        return str(self.get_option_at_index(at).prompt) if at is not None else ""


def event_row(event: OptionList.OptionMessage) -> int:
    """Return the row that an event is about.

    It is -1 if the list has been refilled since, because the row may now be another one.
    """
    options, at = event.option_list.options, event.option_index
    return at if at < len(options) and options[at] is event.option else -1


class Table(DataTable[Any]):
    """A table whose cursor selects a whole row.

    The cursor is on row 0 while the table is empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "down", show=False),
        Binding("k", "cursor_up", "up", show=False),
        Binding("G", "scroll_bottom", "last", show=False),
    ]

    def __init__(self, *, ident: str, enter: str = "") -> None:
        super().__init__(
            id=ident,
            cursor_type="row",
            zebra_stripes=True,
            cursor_foreground_priority="renderable",
        )
        if enter:
            self._bindings.key_to_bindings["enter"] = [
                Binding("enter", "select_cursor", enter, key_display="Enter")
            ]

    def validate_cursor_coordinate(self, value: Coordinate) -> Coordinate:
        """Keep the cursor on a row: Textual lets it move to row -1 of an empty table."""
        row, column = super().validate_cursor_coordinate(value)
        return Coordinate(max(0, row), max(0, column))

    @property
    def line_to_copy(self) -> str:
        """The cells of the row under the cursor."""
        if not self.row_count:
            return ""
        return "  ".join(
            str(cell) for cell in self.get_row_at(self.cursor_row) if str(cell)
        )
