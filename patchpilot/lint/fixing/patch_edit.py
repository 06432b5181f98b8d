# SPDX-License-Identifier: GPL-2.0-or-later
"""An edited patch: its lines, the original line of each, and updated hunk headers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from patchpilot.lint.c.line_scan import as_bytes, as_text
from patchpilot.lint.fixing.fixer import ColumnSpan, LineChange
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch

_HEADER = re.compile(r"^(@@ -\d{1,10}(?:,\d{1,10})? \+)(\d{1,10})(?:,(\d{1,10}))?( @@)")

_Edits = dict[int, tuple[int, tuple[str, ...]]]
"""By patch line, how many lines are removed there and the lines that replace them."""


@dataclass(frozen=True)
class PatchEdit:
    """A patch and the index of each of its lines in the original patch.

    The indexes of new lines are negative.
    """

    patch: Patch
    origin: tuple[int, ...]

    @classmethod
    def of(cls, patch: Patch) -> "PatchEdit":
        return cls(patch, tuple(range(len(patch.lines))))

    def apply_changes(self, changes: Sequence[LineChange]) -> "PatchEdit":
        """Apply changes that do not overlap, and update the hunk headers."""
        edits = self._edits(changes)
        lines: list[str] = []
        origin: list[int] = []
        fresh = min((0, *self.origin)) - 1
        for text, number in self._edited_lines(
            self._headers(edits) | edits, 1, len(self.origin)
        ):
            lines.append(text)
            origin.append(self.origin[number - 1] if number else fresh)
            fresh -= not number
        patch = parse_patch(
            ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"),
            self.patch.source,
            self.patch.commit,
        )
        return PatchEdit(patch._replace(damage=self.patch.damage), tuple(origin))

    def excerpt(self, change: LineChange, first: int, last: int) -> list[str]:
        """Return patch lines `first` to `last` with the change applied."""
        return [
            text for text, _ in self._edited_lines(self._edits([change]), first, last)
        ]

    def _edited_lines(
        self, edits: _Edits, first: int, last: int
    ) -> Iterator[tuple[str, int]]:
        """Yield patch lines `first` to `last` with their number, which is 0 for an inserted
        line.
        """
        number = first
        while number <= last:
            count, insert = edits.get(number, (0, ()))
            for at, text in enumerate(insert):
                yield text, number if count and not at else 0
            if not count:
                yield self.patch.lines[number - 1], number
            number += count or 1

    def _edits(self, changes: Sequence[LineChange]) -> _Edits:
        edits: _Edits = {}
        by_line: dict[int, set[ColumnSpan]] = {}
        for change in changes:
            for edit in change.edits:
                edits[edit.start] = (edit.delete, edit.insert)
            for span in change.spans:
                by_line.setdefault(span.line, set()).add(span)
        for number, spans in by_line.items():
            raw = as_bytes(self.patch.lines[number - 1])
            for _, start, end, text in sorted(spans, reverse=True):
                raw = raw[:start] + text + raw[end:]
            edits[number] = (1, (as_text(raw),))
        return edits

    def _headers(self, edits: _Edits) -> _Edits:
        """Return edits that correct the hunk headers."""
        headers: _Edits = {}
        for change in self.patch.files:
            shift = 0
            for hunk in change.hunks:
                delta = 0
                # text after the hunk does not belong to it
                for line in hunk.lines:
                    number = line.patch_line
                    count, insert = edits.get(number, (0, ()))
                    gone = self.patch.lines[number - 1 : number - 1 + count]
                    delta += _growth(insert) - _growth(gone)
                header = self.patch.lines[hunk.patch_line - 1]
                match = _HEADER.match(header)
                if match and (delta or shift):
                    count = hunk.new_count + delta
                    size = "" if match[3] is None and count == 1 else f",{count}"
                    start = f"{match[1]}{hunk.new_start + shift}{size}{match[4]}"
                    headers[hunk.patch_line] = (1, (start + header[match.end() :],))
                shift += delta
        return headers


def _growth(lines: Sequence[str]) -> int:
    """Return the number of added lines minus the number of removed lines."""
    return sum((line[:1] == "+") - (line[:1] == "-") for line in lines)
