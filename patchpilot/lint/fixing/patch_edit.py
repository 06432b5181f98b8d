# SPDX-License-Identifier: GPL-2.0-or-later
"""A patch under repair: its lines, which line of the original each was, and hunk headers that stay true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patchpilot.cache import patterns as re
from patchpilot.lint.clang.line_scan import as_bytes, as_text
from patchpilot.lint.fixing.fixer import LineChange
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch

MOST_BEHIND = 100
"""Lines behind a hunk of which one is expected to be left."""
_HEADER = re.compile(r"^(@@ -\d{1,10}(?:,\d{1,10})? \+)(\d{1,10})(?:,(\d{1,10}))?( @@)")


@dataclass(frozen=True)
class PatchEdit:
    """A patch and, for each of its lines, the index of that line in the original patch; lines that are new have negative numbers."""

    patch: Patch
    origin: tuple[int, ...]

    @classmethod
    def of(cls, patch: Patch) -> "PatchEdit":
        """A patch as it came."""
        return cls(patch, tuple(range(len(patch.lines))))

    def with_changes(self, changes: Sequence[LineChange]) -> "PatchEdit":
        """The patch with these changes, which do not overlap."""
        edits = self._edits(changes)
        lines: list[str] = []
        origin: list[int] = []
        fresh = min((0, *self.origin)) - 1
        at = 0
        while at < len(self.patch.lines):
            count, insert = edits.get(at + 1, (0, ()))
            for number, text in enumerate(insert):
                lines.append(text)
                # the first line that takes the place of one stays that one
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
        """Patch lines `first` to `last` as the change would make them."""
        edits = self._edits([change])
        lines: list[str] = []
        at = first
        while at <= last:
            count, insert = edits.get(at, (0, ()))
            lines += insert if count else (*insert, self.patch.lines[at - 1])
            at += max(count, 1)
        return lines

    def _edits(self, changes: Sequence[LineChange]) -> dict[int, tuple[int, tuple[str, ...]]]:
        """By patch line: how many lines go there, and what comes."""
        edits: dict[int, tuple[int, tuple[str, ...]]] = {}
        by_line: dict[int, list[tuple[int, int, str]]] = {}
        for change in changes:
            for edit in change.edits:
                edits[edit.start] = (edit.delete, edit.insert)
            for span in change.spans:
                by_line.setdefault(span.line, []).append((span.start, span.end, span.text))
        for number, spans in by_line.items():
            raw = as_bytes(self.patch.lines[number - 1])
            for start, end, text in sorted(set(spans), reverse=True):
                raw = raw[:start] + text + raw[end:]
            edits[number] = (1, (as_text(raw),))
        return edits

    def _recounted(self, lines: list[str], origin: list[int]) -> "PatchEdit":
        """The draft of these lines with the ranges of the new side counted anew."""
        where = {line: at for at, line in enumerate(origin)}
        for change in self.patch.files:
            shift = 0
            for hunk in change.hunks:
                header = where.get(self.origin[hunk.patch_line - 1], -1)
                match = _HEADER.match(lines[header]) if header >= 0 else None
                if not match or not hunk.lines:
                    continue
                body = lines[header + 1 : self._end(hunk.lines[-1].patch_line, where, len(lines))]
                # what stands behind the hunk is no line of it: only what the repair added or took is counted
                old = sum(1 for at in range(hunk.patch_line, hunk.lines[-1].patch_line) if self.patch.lines[at].startswith("+"))
                delta = sum(1 for line in body if line.startswith("+")) - old
                if delta or shift:
                    count = hunk.new_count + delta
                    ranges = f"{hunk.new_start + shift}" + ("" if match[3] is None and count == 1 else f",{count}")
                    lines[header] = f"{match[1]}{ranges}{match[4]}{lines[header][match.end() :]}"
                shift += delta
        patch = parse_patch(("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"), self.patch.source, self.patch.commit)
        return PatchEdit(patch._replace(damage=self.patch.damage), tuple(origin))

    def _end(self, number: int, where: Mapping[int, int], end: int) -> int:
        """Where the first of the lines behind a hunk that are left is now; the end where none is."""
        return next((where[one] for one in self.origin[number : number + MOST_BEHIND] if one in where), end)
