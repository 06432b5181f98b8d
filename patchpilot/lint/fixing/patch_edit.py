# SPDX-License-Identifier: GPL-2.0-or-later
"""An edited patch: its lines, the original line of each of them, and updated hunk headers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patchpilot.lint.c.line_scan import as_bytes, as_text
from patchpilot.lint.fixing.fixer import LineChange
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch

MAX_LINES_AFTER = 100
"""The number of lines after a hunk among which an unchanged one is expected."""
_HEADER = re.compile(r"^(@@ -\d{1,10}(?:,\d{1,10})? \+)(\d{1,10})(?:,(\d{1,10}))?( @@)")


@dataclass(frozen=True)
class PatchEdit:
    """A patch and the index of each of its lines in the original patch.

    The indexes of new lines are negative.
    """

    patch: Patch
    origin: tuple[int, ...]

    @classmethod
    def of(cls, patch: Patch) -> "PatchEdit":
        """Returns the unedited patch."""
        return cls(patch, tuple(range(len(patch.lines))))

    def with_changes(self, changes: Sequence[LineChange]) -> "PatchEdit":
        """Returns the patch with these changes, which must not overlap."""
        edits = self._edits(changes)
        lines: list[str] = []
        origin: list[int] = []
        fresh = min((0, *self.origin)) - 1
        at = 0
        while at < len(self.patch.lines):
            count, insert = edits.get(at + 1, (0, ()))
            for number, text in enumerate(insert):
                lines.append(text)
                # the first line that replaces another keeps its original index
                if count and number == 0:
                    origin.append(self.origin[at])
                else:
                    origin.append(fresh)
                    fresh -= 1
            if count:
                at += count
                continue
            lines.append(self.patch.lines[at])
            origin.append(self.origin[at])
            at += 1
        return self._recounted(lines, origin)

    def excerpt(self, change: LineChange, first: int, last: int) -> list[str]:
        """Returns patch lines `first` to `last` with the change applied."""
        edits = self._edits([change])
        lines: list[str] = []
        at = first
        while at <= last:
            count, insert = edits.get(at, (0, ()))
            lines += insert if count else (*insert, self.patch.lines[at - 1])
            at += max(count, 1)
        return lines

    def _edits(
        self, changes: Sequence[LineChange]
    ) -> dict[int, tuple[int, tuple[str, ...]]]:
        """Returns, by patch line, how many lines are removed there and the lines that replace them."""  # noqa: E501
        edits: dict[int, tuple[int, tuple[str, ...]]] = {}
        by_line: dict[int, list[tuple[int, int, str]]] = {}
        for change in changes:
            for edit in change.edits:
                edits[edit.start] = (edit.delete, edit.insert)
            for span in change.spans:
                by_line.setdefault(span.line, []).append(
                    (span.start, span.end, span.text)
                )
        for number, spans in by_line.items():
            raw = as_bytes(self.patch.lines[number - 1])
            for start, end, text in sorted(set(spans), reverse=True):
                raw = raw[:start] + text + raw[end:]
            edits[number] = (1, (as_text(raw),))
        return edits

    def _recounted(self, lines: list[str], origin: list[int]) -> "PatchEdit":
        """Recomputes the line counts and starts of the new side in hunk headers."""
        where = {line: at for at, line in enumerate(origin)}
        for change in self.patch.files:
            shift = 0
            for hunk in change.hunks:
                header = where.get(self.origin[hunk.patch_line - 1], -1)
                match = _HEADER.match(lines[header]) if header >= 0 else None
                if not match or not hunk.lines:
                    continue
                body = lines[
                    header + 1 : self._end(hunk.lines[-1].patch_line, where, len(lines))
                ]
                # text after the hunk is not part of it: only lines that the fix added or removed
                # are counted
                delta = _growth(body) - _growth(
                    self.patch.lines[hunk.patch_line : hunk.lines[-1].patch_line]
                )
                if delta or shift:
                    count = hunk.new_count + delta
                    ranges = f"{hunk.new_start + shift}" + (
                        "" if match[3] is None and count == 1 else f",{count}"
                    )
                    lines[header] = (
                        f"{match[1]}{ranges}{match[4]}{lines[header][match.end() :]}"
                    )
                shift += delta
        patch = parse_patch(
            ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"),
            self.patch.source,
            self.patch.commit,
        )
        return PatchEdit(patch._replace(damage=self.patch.damage), tuple(origin))

    def _end(self, number: int, where: Mapping[int, int], end: int) -> int:
        """Returns the current index of the first unchanged line after a hunk.

        The end when there is none.
        """
        return next(
            (
                where[one]
                for one in self.origin[number : number + MAX_LINES_AFTER]
                if one in where
            ),
            end,
        )


def _growth(lines: Sequence[str]) -> int:
    """Returns how many more lines a hunk adds than it removes."""
    return sum((line[:1] == "+") - (line[:1] == "-") for line in lines)
