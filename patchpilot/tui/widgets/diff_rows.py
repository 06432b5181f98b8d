# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify the lines of a patch, message or diff for display.

Unlike the parser used for checks, this accepts malformed input.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from patchpilot.model.patch import parse_git_paths, parse_header_path, unquote_path
from patchpilot.model.trailer import is_trailer


class LineKind(Enum):
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


CHANGED = (LineKind.ADDED, LineKind.REMOVED)
CODE = frozenset((LineKind.CONTEXT, *CHANGED))
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)")
_PATCH = re.compile(r"From [0-9a-f]{40} |commit [0-9a-f]{7,64}(?: |$)")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,40}):(?: |$)")
_STAT = re.compile(r" \S.{0,200} \| +(?:\d+ ?[+-]*|Bin .*)$| \d+ files? changed")
_META = re.compile(
    r"index |--- |\+\+\+ |(?:old|new|new file|deleted file) mode |(?:dis)?similarity index "
    r"|(?:rename|copy) (?:from|to) |Binary files |GIT binary patch"
)
_CODE = {
    "+": LineKind.ADDED,
    "-": LineKind.REMOVED,
    **dict.fromkeys((" ", "", "\t"), LineKind.CONTEXT),
}
_NOTES = (
    ("new file mode ", "new file"),
    ("deleted file mode ", "deleted"),
    ("rename from ", "renamed from "),
    ("copy from ", "copied from "),
)


@dataclass(slots=True)
class DiffPart:
    """A file or a hunk in a diff, with its rows from `start` to `end` (exclusive).

    `name` is the path of a file, or the text after the second @@ of a hunk. The `note` of a file
    describes a change to the whole file, such as a rename. The `line` of a hunk is its first line
    in the new file.
    """

    start: int
    name: str
    line: int = 0
    note: str = ""
    end: int = 0


class DiffRows:
    """All rows of a patch, message or diff, with its files and hunks.

    Each row has its kind, its line number in the new file (0: none), its file and its hunk.
    `_old_left` and `_new_left` count the lines still expected according to the hunk's header.
    """

    def __init__(self, rows: Sequence[str] = ()) -> None:
        self.kinds, self.new = list[LineKind](), list[int]()
        self.file_of, self.hunk_of = list[DiffPart | None](), list[DiffPart | None]()
        self.files, self.hunks = list[DiffPart](), list[DiffPart]()
        self._rows = rows
        self._state = "headers" if rows and _HEADER.match(rows[0]) else "text"
        self._old_left = self._new_left = self._number = 0
        self._file: DiffPart | None = None
        self._hunk: DiffPart | None = None
        self._after_rule = False
        for index in range(len(rows)):
            self._add_row(index)
        self._end_file(len(rows))

    def find_change(self, row: int) -> tuple[range, range]:
        """Return the removed and the added rows of the change around this row."""
        start = end = row
        while self.kinds[start - 1] in CHANGED:
            start -= 1
        while end < len(self.kinds) and self.kinds[end] in CHANGED:
            end += 1
        middle = start + self.kinds[start:end].count(LineKind.REMOVED)
        return range(start, middle), range(middle, end)

    def count_changes(self, part: DiffPart) -> tuple[int, int]:
        kinds = self.kinds[part.start : part.end]
        return kinds.count(LineKind.ADDED), kinds.count(LineKind.REMOVED)

    def _add_row(self, index: int) -> None:
        row = self._rows[index]
        new_number, kind = 0, self._classify_code(row)
        if kind is None:
            kind = self._classify_structure(index, row) or self._classify_prose(row)
        elif kind is not LineKind.MARK:
            new_number = self._number if kind is not LineKind.REMOVED else 0
            self._old_left -= kind is not LineKind.ADDED
            self._new_left -= kind is not LineKind.REMOVED
            self._number += kind is not LineKind.REMOVED
        self.kinds.append(kind)
        self.new.append(new_number)
        self.file_of.append(self._file)
        self.hunk_of.append(self._hunk)

    def _classify_code(self, row: str) -> LineKind | None:
        """Classify a row of a hunk, based on the number of lines in the hunk's header.

        A row that is not code ends the hunk early.
        """
        if row.startswith("\\") and self._hunk:
            return LineKind.MARK
        if self._old_left <= 0 and self._new_left <= 0:
            return None
        kind = _CODE.get(row[:1])
        if kind is None:
            self._old_left = self._new_left = 0
        return kind

    def _classify_structure(self, index: int, row: str) -> LineKind | None:
        next_row = self._rows[index + 1] if index + 1 < len(self._rows) else ""
        if row.startswith("diff --git ") or (
            row.startswith("--- ") and next_row.startswith("+++ ") and self._state != "file"
        ):
            self._end_file(index)
            path = parse_header_path(row[4:]) if row.startswith("--- ") else parse_git_paths(row)[1]
            self._file, self._state = DiffPart(index, path or ""), "file"
            self.files.append(self._file)
            return LineKind.FILE
        if self._file and (match := _HUNK.match(row)):
            self._end_hunk(index)
            _, old_count, new_start, new_count, section = match.groups()
            self._number = int(new_start)
            self._old_left, self._new_left = (
                int(count) if count is not None else 1 for count in (old_count, new_count)
            )
            self._hunk, self._state = DiffPart(index, section, self._number), "hunk"
            self.hunks.append(self._hunk)
            return LineKind.HUNK
        if self._file and self._state == "file" and _META.match(row):
            self._describe_file(self._file, row)
            return LineKind.META
        if _PATCH.match(row):
            self._end_file(index)
            self._state, self._after_rule = "headers", False
            return LineKind.PATCH
        if self._state in ("file", "hunk"):
            self._end_file(index)
            self._state = "text"
        return None

    @staticmethod
    def _describe_file(part: DiffPart, row: str) -> None:
        for prefix, note in _NOTES:
            if row.startswith(prefix):
                name = unquote_path(row.removeprefix(prefix)) if note.endswith(" ") else ""
                part.note = note + name
        if row.startswith("+++ ") and (path := parse_header_path(row[4:])):
            part.name = path

    def _classify_prose(self, row: str) -> LineKind:
        if self._state == "headers":
            if not row.strip():
                self._state = "text"
                return LineKind.TEXT
            if (
                row[:1] in (" ", "\t")
                and self.kinds
                and self.kinds[-1] in (LineKind.HEADER, LineKind.SUBJECT)
            ):
                return self.kinds[-1]
            if match := _HEADER.match(row):
                return LineKind.SUBJECT if match[1].lower() == "subject" else LineKind.HEADER
            self._state = "text"
        if row in ("---", "-- "):
            self._after_rule = True
            return LineKind.RULE
        if self._after_rule and _STAT.match(row):
            return LineKind.STAT
        return LineKind.TRAILER if not self._after_rule and is_trailer(row) else LineKind.TEXT

    def _end_hunk(self, index: int) -> None:
        if self._hunk:
            self._hunk.end = index
        self._hunk, self._old_left, self._new_left = None, 0, 0

    def _end_file(self, index: int) -> None:
        self._end_hunk(index)
        if self._file:
            self._file.end = index
        self._file = None
