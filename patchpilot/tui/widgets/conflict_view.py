# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows the conflicts of a branch: as many versions next to each other as fit, and the others in
turn.
"""

from collections.abc import Sequence

from rich.text import Text

from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.widgets.diff_colors import DiffColors, colors_on
from patchpilot.tui.widgets.pager import Pager
from patchpilot.tui.widgets.panel import BROAD, WIDE
from patchpilot.tui.widgets.three_columns import (
    BASE,
    BRANCH,
    FIX,
    TITLES,
    Conflicts,
    OneColumn,
    Versions,
)

EDGE = 5
"""Columns of a panel's border and a scrollbar."""
_PAIRS = ((BRANCH, FIX), (BRANCH, BASE), (BASE, FIX))
"""What is shown below 160 columns, one after the other."""
_SINGLE = ((), (BRANCH,), (BASE,), (FIX,))
"""The same below 120 columns; none of them: all in one column."""


def choices(columns: int) -> tuple[tuple[int, ...], ...]:
    """Return the groups of versions of a conflict to show in turn, in so many columns."""
    if columns >= BROAD:
        return ((BRANCH, BASE, FIX),)
    return _PAIRS if columns >= WIDE else _SINGLE


def laid_out(
    conflicts: Sequence[tuple[str, str, Versions]], shown: Sequence[int], columns: int
) -> Conflicts:
    """Return conflicts, each given as (path, title, versions), as rows for so many columns.

    Only the versions in `shown` are included, next to each other. If it is empty, all versions
    are shown one below the other.
    """
    return (
        Conflicts(conflicts, shown, columns - EDGE)
        if shown
        else OneColumn(conflicts, columns - EDGE)
    )


class ConflictView(Pager):
    """A view of conflicts in columns.

    `next_versions` describes the versions that `turn` shows next, or is "" if all are shown at
    once.
    """

    def __init__(self, *, ident: str) -> None:
        super().__init__(ident=ident, styler=self._look)
        self._turns = 0
        self._shown: Conflicts | None = None
        self._colors: tuple[object, DiffColors] | None = None

    @property
    def next_versions(self) -> str:
        """What the next turn shows, in words."""
        known = choices(self.app.size.width)
        other = known[(self._turns + 1) % len(known)]
        names = (
            " and ".join(TITLES[version].partition(" ")[0] for version in other)
            or "all"
        )
        return names if len(known) > 1 else ""

    def turn(self) -> None:
        """Have `show` show the next versions."""
        self._turns += 1

    def show(self, conflicts: Sequence[tuple[str, str, Versions]]) -> None:
        """Show conflicts, each (path, title, versions)."""
        known = choices(self.app.size.width)
        self._shown = laid_out(
            conflicts, known[self._turns % len(known)], self.app.size.width
        )
        rows = self._shown.rows
        self.fill(
            rows, stops=[at for at, row in enumerate(rows) if row.startswith("@@ ")]
        )

    def code_colors(self) -> DiffColors:
        """The colors of code for the theme, computed once for each."""
        of = (self.app.theme, self.background_colors[1], self.app.no_color)
        if self._colors is None or self._colors[0] != of:
            self._colors = of, colors_on(self)
        return self._colors[1]

    def _look(self, row: str) -> Text:
        look = self._shown.look(row, self.code_colors()) if self._shown else None
        return plain(row) if look is None else look
