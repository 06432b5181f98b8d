# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks the fixes of a round by the lines they touch.

It finds overlapping changes, lines that return to an earlier text, and the fix that caused a
finding.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.lint.fixing.fixer import ColumnSpan, LineChange
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.model.patch import Patch

Key = tuple[str, int]
"""A rule's id and the original index of a line, which identify a finding between checks; -1 without
a line.
"""
MOST_BETWEEN = 200
"""How far from a new finding the fix is that caused it, in lines."""


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


class SeenTexts:
    """The texts that each line of a patch had in the rounds so far.

    A fix that produces one of them again is rejected, because the rounds would never end.
    """

    def __init__(self) -> None:
        self._seen: dict[int, set[str]] = {}
        self._latest: dict[int, str] = {}

    def add(self, draft: PatchEdit) -> None:
        """Adds the lines of a draft."""
        for origin, text in zip(draft.origin, draft.patch.lines, strict=True):
            if self._latest.get(origin) != text:
                self._latest[origin] = text
                self._seen.setdefault(origin, set()).add(text)

    def repeated(self, draft: PatchEdit) -> frozenset[int]:
        """Returns the origins of the lines that have changed to a text that they had before."""
        lines = zip(draft.origin, draft.patch.lines, strict=True)
        return frozenset(
            origin
            for origin, text in lines
            if self._latest.get(origin, text) != text and text in self._seen[origin]
        )


class TouchedLines:
    """The lines that fixes touched; `fixes` maps each line to the findings that were fixed
    there.
    """

    def __init__(self, applied: Sequence[AppliedFix], origin: Sequence[int]) -> None:
        self.fixes: dict[int, list[Key]] = {}
        for one in applied:
            for line in one.lines:
                self.fixes.setdefault(line, []).append(one.key)
        self._origin = origin
        self._places = {origin: at for at, origin in enumerate(self._origin)}
        self._sorted = sorted(self.fixes)
        self._previous: list[int] = []
        last = -1
        for here in self._origin:
            self._previous.append(last)
            last = here if here >= 0 else last

    def nearest(self, line: int) -> frozenset[int]:
        """Returns the line nearest to a new finding: the same, else one above, else one below.

        For a new line, both neighbors.
        """
        origin = self._origin
        at = self._places.get(line)
        if at is None:
            return frozenset()
        if line < 0 and (
            neighbors := self.fixes.keys() & origin[max(0, at - 1) : at + 2]
        ):
            return frozenset(neighbors)
        above = range(at, max(-1, at - MOST_BETWEEN), -1)
        for place in (
            *above,
            *range(at + 1, min(len(origin), at + MOST_BETWEEN - len(above) + 1)),
        ):
            here = origin[place]
            if here in self.fixes:
                return frozenset((here,))
            # deleted lines were between this one and the one before it
            last = (
                self._sorted[bisect_left(self._sorted, here) - 1]
                if self._sorted and self._sorted[0] < here
                else -1
            )
            if last > self._previous[place]:
                return frozenset((last,))
        return frozenset()
