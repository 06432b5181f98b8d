# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks the changes of a round, to find those that overlap or empty a hunk."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.lint.fixing.fixer import ColumnSpan, LineChange
from patchpilot.model.patch import Patch

Key = tuple[str, int]
"""A rule's id and the original index of a line, which identify a finding between checks; -1 without
a line.
"""


@dataclass(frozen=True, slots=True)
class AppliedFix:
    """An applied fix: its finding, and the original indexes of the lines that it touched."""

    key: Key
    lines: frozenset[int]


class RoundChanges:
    """The changes of a round so far by line, and the changed lines that remain in each hunk."""

    def __init__(self, patch: Patch) -> None:
        hunks = [hunk for change in patch.files for hunk in change.hunks]
        self._lines = patch.lines
        self._starts = [hunk.patch_line for hunk in hunks]
        self._left = [sum(line.kind in "+-" for line in hunk.lines) for hunk in hunks]
        self._spans: set[ColumnSpan] = set()
        self._columns: dict[int, set[int]] = {}
        self._edited: set[int] = set()

    def add(self, change: LineChange) -> None:
        """Adds a change."""
        for span in change.spans:
            self._spans.add(span)
            self._columns.setdefault(span.line, set()).update(
                range(span.start, span.end + 1)
            )
        if change.edits:
            self._edited |= change.lines
        for hunk, lost in self._losses(change).items():
            self._left[hunk] -= lost

    def meets(self, change: LineChange) -> bool:
        """Whether the change touches lines of another one."""
        if change.edits:
            return any(
                number in self._edited or number in self._columns
                for number in change.lines
            )
        return any(
            span.line in self._edited or self._overlaps(span) for span in change.spans
        )

    def _overlaps(self, span: ColumnSpan) -> bool:
        """Whether a span has or touches a column of another one.

        The same change twice is one change.
        """
        columns = self._columns.get(span.line)
        if not columns or span in self._spans:
            return False
        return not columns.isdisjoint(range(span.start, span.end + 1))

    def leaves_hunks(self, change: LineChange) -> bool:
        """Whether every hunk still changes something after it."""
        return all(
            self._left[hunk] > lost for hunk, lost in self._losses(change).items()
        )

    def _losses(self, change: LineChange) -> dict[int, int]:
        """Returns, by hunk, how many changed lines it removes."""
        losses: dict[int, int] = {}
        for edit in change.edits:
            hunk = bisect_right(self._starts, edit.start) - 1
            if hunk >= 0:
                # the mark of a missing newline is not a changed line
                gone = self._lines[edit.start - 1 : edit.start - 1 + edit.delete]
                lost = _changed_lines(gone) - _changed_lines(edit.insert)
                losses[hunk] = losses.get(hunk, 0) + lost
        return losses


def _changed_lines(lines: Sequence[str]) -> int:
    return sum(line.startswith(("+", "-")) for line in lines)
