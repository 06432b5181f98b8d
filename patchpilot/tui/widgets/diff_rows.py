# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify the lines of a patch, message or diff for display.

Unlike the parser of the checks, it accepts malformed input.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from patchpilot.model.trailer import is_trailer


class Kind(Enum):
    """The kind of a line in a patch, message or diff."""

    TEXT = auto()
    HEADER = auto()
    SUBJECT = auto()
    TRAILER = auto()
    PATCH = auto()
    RULE = auto()
    STAT = auto()
    FILE = auto()
    META = auto()
    HUNK = auto()
    CONTEXT = auto()
    ADDED = auto()
    REMOVED = auto()
    MARK = auto()
    """`\\ No newline at end of file`"""


CHANGED = (Kind.ADDED, Kind.REMOVED)
CODE = frozenset((Kind.CONTEXT, *CHANGED))
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)")
_PATCH = re.compile(r"From [0-9a-f]{40} |commit [0-9a-f]{7,64}(?: |$)")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,40}):(?: |$)")
_STAT = re.compile(r" \S.{0,200} \| +(?:\d+ ?[+-]*|Bin .*)$| \d+ files? changed")
_META = re.compile(
    r"index |--- |\+\+\+ |(?:old|new|new file|deleted file) mode |(?:dis)?similarity index "
    r"|(?:rename|copy) (?:from|to) |Binary files |GIT binary patch"
)
_CODE = {
    "+": Kind.ADDED,
    "-": Kind.REMOVED,
    **dict.fromkeys((" ", "", "\t"), Kind.CONTEXT),
}
_NOTES = (
    ("new file mode ", "new file"),
    ("deleted file mode ", "deleted"),
    ("rename from ", "renamed from "),
    ("copy from ", "copied from "),
)


@dataclass(slots=True)
class Part:
    """A file or a hunk of a diff, with its rows from `start` to `end` (exclusive).

    A file has its path as `name`, and a `note` on what happens to it as a whole. A hunk has the
    text after the second @@ as `name`, and its first `line` in the new file.
    """

    start: int
    name: str
    line: int = 0
    note: str = ""
    end: int = 0


@dataclass(slots=True)
class DiffRows:
    """All rows of a diff, with its files and hunks.

    Each row has its kind, its line number in the new file (0: none), its file and its hunk.
    """

    kinds: list[Kind] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    file_of: list[Part | None] = field(default_factory=list)
    hunk_of: list[Part | None] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    hunks: list[Part] = field(default_factory=list)

    def block(self, row: int) -> tuple[range, range]:
        """Return the removed and the added rows of the change that this row is part of."""
        start = end = row
        while self.kinds[start - 1] in CHANGED:
            start -= 1
        while end < len(self.kinds) and self.kinds[end] in CHANGED:
            end += 1
        middle = start + self.kinds[start:end].count(Kind.REMOVED)
        return range(start, middle), range(middle, end)

    def counts(self, part: Part) -> tuple[int, int]:
        """Return how many lines a file or a hunk adds and removes."""
        kinds = self.kinds[part.start : part.end]
        return kinds.count(Kind.ADDED), kinds.count(Kind.REMOVED)


def read_rows(rows: Sequence[str]) -> DiffRows:
    """Classify each row of a patch, message or diff."""
    reader = _Reader(rows)
    for at in range(len(rows)):
        reader.take(at)
    reader.end_file(len(rows))
    return reader.found


class _Reader:
    """Go through the rows once.

    `old_left` and `new_left` count what the hunk's header promised.
    """

    def __init__(self, rows: Sequence[str]) -> None:
        self.rows, self.found = rows, DiffRows()
        self.state = "headers" if rows and _HEADER.match(rows[0]) else "text"
        self.old_left = self.new_left = self.new = 0
        self.file: Part | None = None
        self.hunk: Part | None = None
        self.after_rule = False

    def take(self, at: int) -> None:
        row = self.rows[at]
        new, kind = 0, self._code(row)
        if kind is None:
            kind = self._structure(at, row) or self._prose(row)
        elif kind is not Kind.MARK:
            new = self.new if kind is not Kind.REMOVED else 0
            self.old_left -= kind is not Kind.ADDED
            self.new_left -= kind is not Kind.REMOVED
            self.new += kind is not Kind.REMOVED
        found = self.found
        found.kinds.append(kind)
        found.new.append(new)
        found.file_of.append(self.file)
        found.hunk_of.append(self.hunk)

    def _code(self, row: str) -> Kind | None:
        """Return a row that the hunk's header counted.

        A header in its place ends a hunk that is shorter than it said.
        """
        if row.startswith("\\") and self.hunk:
            return Kind.MARK
        if self.old_left <= 0 and self.new_left <= 0:
            return None
        kind = _CODE.get(row[:1])
        if kind is None:
            self.old_left = self.new_left = 0
        return kind

    def _structure(self, at: int, row: str) -> Kind | None:
        following = self.rows[at + 1] if at + 1 < len(self.rows) else ""
        if row.startswith("diff --git ") or (
            row.startswith("--- ")
            and following.startswith("+++ ")
            and self.state != "file"
        ):
            self.end_file(at)
            path = row[4:] if row.startswith("--- ") else row.rpartition(" ")[2]
            self.file, self.state = Part(at, _bare(path)), "file"
            self.found.files.append(self.file)
            return Kind.FILE
        if self.file and (match := _HUNK.match(row)):
            self._end_hunk(at)
            _, old_count, new, new_count, section = match.groups()
            self.new = int(new)
            self.old_left, self.new_left = (
                int(count) if count is not None else 1
                for count in (old_count, new_count)
            )
            self.hunk, self.state = Part(at, section, self.new), "hunk"
            self.found.hunks.append(self.hunk)
            return Kind.HUNK
        if self.file and self.state == "file" and _META.match(row):
            self._about(self.file, row)
            return Kind.META
        if _PATCH.match(row):
            self.end_file(at)
            self.state, self.after_rule = "headers", False
            return Kind.PATCH
        if self.state in ("file", "hunk"):
            self.end_file(at)
            self.state = "text"
        return None

    @staticmethod
    def _about(part: Part, row: str) -> None:
        for start, words in _NOTES:
            if row.startswith(start):
                part.note = words + (
                    row.removeprefix(start) if words.endswith(" ") else ""
                )
        if row.startswith("+++ ") and not row.startswith("+++ /dev/null"):
            part.name = _bare(row[4:])

    def _prose(self, row: str) -> Kind:
        if self.state == "headers":
            if not row.strip():
                self.state = "text"
                return Kind.TEXT
            if (
                row[:1] in (" ", "\t")
                and self.found.kinds
                and self.found.kinds[-1] in (Kind.HEADER, Kind.SUBJECT)
            ):
                return self.found.kinds[-1]
            if match := _HEADER.match(row):
                return Kind.SUBJECT if match[1].lower() == "subject" else Kind.HEADER
            self.state = "text"
        if row in ("---", "-- "):
            self.after_rule = True
            return Kind.RULE
        if self.after_rule and _STAT.match(row):
            return Kind.STAT
        return Kind.TRAILER if not self.after_rule and is_trailer(row) else Kind.TEXT

    def _end_hunk(self, at: int) -> None:
        if self.hunk:
            self.hunk.end = at
        self.hunk, self.old_left, self.new_left = None, 0, 0

    def end_file(self, at: int) -> None:
        self._end_hunk(at)
        if self.file:
            self.file.end = at
        self.file = None


def _bare(name: str) -> str:
    name = name.split("\t")[0].strip().strip('"')
    return name[2:] if name[:2] in ("a/", "b/") else name
