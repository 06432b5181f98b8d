# SPDX-License-Identifier: GPL-2.0-or-later
"""A list whose cursor stays on its row when the list is refilled."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from patchpilot.tui.widgets.lists import List


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list: its text, the object it is about, and a key that identifies it.

    Rows whose `about` is None cannot be selected. The key must be the same whenever the rows are
    built again.
    """

    text: Text
    about: Any = None
    key: Any = None


class RowList(List):
    """A list of rows; refilling it does not report a move of the cursor."""

    rows: tuple[Row, ...] = ()

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        at = self.highlighted
        return self.rows[at] if at is not None and at < len(self.rows) else None

    @property
    def chosen(self) -> Any:
        """What the row under the cursor is about."""
        return self.row.about if self.row else None

    @property
    def position(self) -> str:
        """The number of the row under the cursor, of how many that can be selected: 2/5."""
        if self.chosen is None:
            return ""
        return f"{self._places.index(self.highlighted or 0) + 1}/{len(self._places)}"

    @property
    def _places(self) -> list[int]:
        """Where the rows are that can be selected."""
        return [at for at, row in enumerate(self.rows) if row.about is not None]

    def select(self, key: Hashable) -> None:
        """Put the cursor on the row of a key, where there is one."""
        places = (at for at, row in enumerate(self.rows) if row.key == key)
        self.highlighted = next(places, self.highlighted)

    def fill(self, rows: Iterable[Row], key: Hashable = None) -> None:
        """Show these rows: the cursor goes to the row of the key, by default to that of the row it
        was on; where there is none, to the first.
        """
        wanted = key if key is not None else self.row.key if self.row else None
        self.rows = tuple(rows)
        places = self._places
        same = (at for at in places if self.rows[at].key == wanted)
        with self.prevent(OptionList.OptionHighlighted):
            self.clear_options()
            self.add_options(
                Option(row.text, disabled=row.about is None) for row in self.rows
            )
            self.highlighted = next(same, places[0] if places else None)
