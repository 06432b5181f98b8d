# SPDX-License-Identifier: GPL-2.0-or-later
"""Edit a patch while keeping track of the original index of each line."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from patchpilot.lint.fixing.fixer import Change, find_changed_part
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.model.rule import FixEdit

_HEADER = re.compile(r"^(@@ -\d{1,10}(?:,\d{1,10})? \+)\d{1,10}(,\d{1,10})?(?= @@)")


class ColumnSpan(NamedTuple):
    """A replacement in a line; `end` is `sys.maxsize` if the whole line is replaced."""

    line: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class PatchEdit:
    """A patch, and the index of each line in the original patch.

    New lines have negative indexes.
    """

    patch: Patch
    origin: tuple[int, ...]

    @classmethod
    def of(cls, patch: Patch) -> "PatchEdit":
        return cls(patch, tuple(range(len(patch.lines))))

    def old_lines(self, edit: FixEdit) -> tuple[str, ...]:
        return self.patch.lines[edit.start - 1 : edit.start - 1 + edit.delete]

    def edited_columns(self, change: Change) -> Iterator[ColumnSpan]:
        """Yield the columns that a change touches in each line.

        An insertion touches the line below it.
        """
        for edit in change:
            if edit.delete != 1 or len(edit.insert) != 1:
                for number in range(edit.start, edit.start + max(edit.delete, 1)):
                    yield ColumnSpan(number, 0, sys.maxsize, "")
                continue
            old, new = self.patch.lines[edit.start - 1], edit.insert[0]
            start, end, last = find_changed_part(old, new)
            yield ColumnSpan(edit.start, start, end, new[start:last])

    def apply_changes(self, changes: Sequence[Change]) -> "PatchEdit":
        """Apply changes that do not overlap, and correct the hunk headers."""
        changes = (*changes, tuple(self._update_headers(changes)))
        lines = list(self.edited_lines(changes, 1, len(self.origin)))
        new_indexes = count(min((0, *self.origin)) - 1, -1)
        patch = parse_patch(
            "".join(f"{text}\n" for text, _ in lines).encode("utf-8", "surrogateescape"),
            self.patch.source,
            self.patch.commit,
        )
        origin = (self.origin[number - 1] if number else next(new_indexes) for _, number in lines)
        return PatchEdit(patch, tuple(origin))

    def edited_lines(
        self, changes: Sequence[Change], first: int, last: int
    ) -> Iterator[tuple[str, int]]:
        """Yield the patch lines from `first` to `last` with their numbers; new lines have 0."""
        edits = {edit.start: edit for change in changes for edit in change}
        texts: dict[int, str] = {}
        spans = {span for change in changes for span in self.edited_columns(change)}
        for number, start, end, new in sorted(spans, reverse=True):
            if end < sys.maxsize:
                text = texts.get(number, self.patch.lines[number - 1])
                texts[number] = text[:start] + new + text[end:]
        for number, text in texts.items():
            edits[number] = FixEdit(number, 1, (text,))
        number = first
        while number <= last:
            _, delete, insert = edits.get(number, (number, 0, ()))
            for index, text in enumerate(insert):
                yield text, number if delete and not index else 0
            if not delete:
                yield self.patch.lines[number - 1], number
            number += delete or 1

    def _update_headers(self, changes: Sequence[Change]) -> Iterator[FixEdit]:
        growth = {
            edit.start: _count_line_growth(edit.insert) - _count_line_growth(self.old_lines(edit))
            for change in changes
            for edit in change
        }
        for change in self.patch.files:
            shift = 0
            for hunk in change.hunks:
                # text after the hunk does not belong to it
                delta = sum(growth.get(line.patch_line, 0) for line in hunk.lines)
                if delta or shift:
                    size = f",{hunk.new_count + delta}" if delta else r"\2"
                    new = rf"\g<1>{hunk.new_start + shift}{size}"
                    header = self.patch.lines[hunk.patch_line - 1]
                    line = _HEADER.sub(new, header)
                    yield FixEdit(hunk.patch_line, 1, (line,))
                shift += delta


def _count_line_growth(lines: Sequence[str]) -> int:
    return sum((line[:1] == "+") - (line[:1] == "-") for line in lines)
