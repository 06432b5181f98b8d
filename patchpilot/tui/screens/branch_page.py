# SPDX-License-Identifier: GPL-2.0-or-later
"""A full-screen page about one branch, with the versions of its conflicts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.tui.screens.branch_rows import (
    FIRST,
    LABEL,
    detail_rows,
)
from patchpilot.tui.screens.branch_texts import BranchTexts
from patchpilot.tui.view.rich_text import QUIET, plain
from patchpilot.tui.widgets.conflict_view import EDGE, choices, laid_out
from patchpilot.tui.widgets.three_columns import Conflicts, Version, Versions

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        BranchResult,
    )
    from patchpilot.services.backport.conflict_columns import ConflictColumns
    from patchpilot.tui.widgets.diff_colors import DiffColors


def conflict_versions(
    branch: "BranchResult", read: "Sequence[ConflictColumns]"
) -> list[tuple[str, str, Versions]]:
    """Return the path, title and versions of each conflict on a branch.

    The base and the surrounding lines are missing until they have been read.
    """
    found = [(one.place, one.base_line, one.fix_line) for one in read] or [
        (place, 0, 0) for place in branch.conflicts
    ]
    return [
        (
            place.path,
            f"{place.path}:{place.line} ({place.kind})",
            (
                Version(place.ours, place.line),
                Version(place.base, base),
                Version(place.theirs, fix),
            ),
        )
        for place, base, fix in found
    ]


class BranchPage:
    """The page of a branch: verdict, versions of each conflict, details, and commands."""

    def __init__(
        self,
        texts: BranchTexts,
        branch: "BranchResult",
        read: "Sequence[ConflictColumns]",
        colors: "Callable[[], DiffColors]",
    ) -> None:
        self._texts, self._branch, self._read, self._colors = (
            texts,
            branch,
            read,
            colors,
        )
        self._conflicts: Conflicts | None = None

    def rows(self, columns: int) -> tuple[list[str], list[int]]:
        """The lines in so many columns, and where a conflict starts."""
        known, wide = self._texts.in_words(self._branch), columns - EDGE - LABEL
        first, more = (
            [fact for fact in known if (fact[0] in FIRST) is is_first]
            for is_first in (True, False)
        )
        rows = [row.plain for row in detail_rows(first, wide)]
        if self._branch.conflicts and self._branch.wants_fix:
            versions = conflict_versions(self._branch, self._read)
            self._conflicts = laid_out(versions, choices(columns)[0], columns)
            rows += ["", *self._conflicts.rows]
        rows += ["", *(row.plain for row in detail_rows(more, wide))] if more else []
        commands = [f"  {command}" for command in self._texts.commands(self._branch)]
        rows += ["", "In a shell:", *commands] if commands else []
        return rows, [at for at, row in enumerate(rows) if row.startswith("@@ ")]

    def look(self, row: str) -> Text:
        """A line with its colors; a label has the first columns of a row for itself."""
        look = self._conflicts.look(row, self._colors()) if self._conflicts else None
        if look is not None:
            return look
        is_labeled = row[:1].isalpha() and row[LABEL - 2 : LABEL].isspace()
        return (
            Text.assemble((row[:LABEL], QUIET), row[LABEL:])
            if is_labeled
            else plain(row)
        )
