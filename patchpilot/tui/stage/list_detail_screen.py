# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage's screen with a list, and next to it the detail of the selected row."""

from collections.abc import Hashable, Iterable
from typing import Any, ClassVar, cast

from textual.widgets import OptionList

from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.widgets.lists import Row, RowList, event_row
from patchpilot.tui.widgets.panel import Panel


class ListDetailScreen(StageScreen):
    """The base class of screens with a list and a detail panel.

    Subclasses define the list's name, `rows`, and `detail`, which shows the selected row. The
    cursor stays on its row, identified by the row's key, when a new result arrives or the size
    changes.
    """

    LIST: ClassVar[str]
    """The selector of the list."""
    RESTS: ClassVar[bool] = False
    """Whether the detail waits until the cursor rests, as it takes time."""

    @property
    def listed(self) -> RowList:
        """The list."""
        return self.query_one(self.LIST, RowList)

    @property
    def list_panel(self) -> Panel:
        """Its panel."""
        return cast(Panel, self.listed.parent)

    @property
    def chosen(self) -> Any:
        """What the selected row is about; asked for the keys also while there is no list."""
        return next(
            (listed.chosen for listed in self.query(self.LIST).results(RowList)), None
        )

    def rows(self) -> Iterable[Row]:
        """The rows of the list, in the room that it has."""
        raise NotImplementedError

    def detail(self) -> None:
        """Show the selected row in detail."""
        raise NotImplementedError

    def fill(self, key: Hashable = None) -> None:
        """Write the list again; the cursor goes to the row of the key, or stays where it is."""
        self.listed.fill(self.rows(), key)
        self.detail()
        self.keys_changed()

    def show(self, result: Any) -> None:
        """Fill the list; it has the focus at first."""
        self.fill()
        if self.focused is None:
            self.listed.focus()

    def open_detail(self) -> None:
        """Where the panel of the class `detail` has no room of its own, show it as a card over the
        panel before it.
        """
        self.add_class("-detail")

    def moved(self, listed: RowList) -> None:
        """The user moved the cursor of a list."""
        self.keys_changed()
        if listed.id != self.LIST[1:]:
            return
        if self.RESTS:
            self.at_rest(self.detail)
        else:
            self.detail()

    def entered(self, listed: RowList) -> None:
        """The user pressed Enter on a row: its detail, where that has no room of its own."""
        if listed.id == self.LIST[1:]:
            self.open_detail()

    def on_option_list_option_highlighted(
        self, event: OptionList.OptionHighlighted
    ) -> None:
        """Unless the list was filled again since."""
        if event_row(event) >= 0:
            self.moved(cast(RowList, event.option_list))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """As above; what it raises is reported."""
        if event_row(event) >= 0:
            with self.reporting():
                self.entered(cast(RowList, event.option_list))

    def on_resize(self) -> None:
        """The rows and the detail follow the size, once the panels have theirs."""
        if self._shown is not None:
            self.call_after_refresh(self.resized)

    def resized(self) -> None:
        """The size changed: write what follows it."""
        self.fill()
