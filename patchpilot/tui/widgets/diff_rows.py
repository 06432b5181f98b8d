# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify the lines of a patch, message or diff for display.

Unlike the parser used for checks, this accepts malformed input.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
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
    """A file or a hunk in a diff, with its rows from `start` to `end` (exclusive).

    `name` is a file's path or the text after a hunk's second @@. A file has a `note` on what
    happens to it as a whole; a hunk has its first `line` in the new file.
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
        self.kinds, self.new = list[Kind](), list[int]()
        self.file_of, self.hunk_of = list[Part | None](), list[Part | None]()
        self.files, self.hunks = list[Part](), list[Part]()
        self._rows = rows
        self._state = "headers" if rows and _HEADER.match(rows[0]) else "text"
        self._old_left = self._new_left = self._number = 0
        self._file: Part | None = None
        self._hunk: Part | None = None
        self._after_rule = False
        for at in range(len(rows)):
            self._take(at)
        self._end_file(len(rows))

    def block(self, row: int) -> tuple[range, range]:
        """Return the removed and the added rows of the change around this row."""
        start = end = row
        while self.kinds[start - 1] in CHANGED:
            start -= 1
        while end < len(self.kinds) and self.kinds[end] in CHANGED:
            end += 1
        middle = start + self.kinds[start:end].count(Kind.REMOVED)
        return range(start, middle), range(middle, end)

    def counts(self, part: Part) -> tuple[int, int]:
        kinds = self.kinds[part.start : part.end]
        return kinds.count(Kind.ADDED), kinds.count(Kind.REMOVED)

    def _take(self, at: int) -> None:
        row = self._rows[at]
        new, kind = 0, self._code(row)
        if kind is None:
            kind = self._structure(at, row) or self._prose(row)
        elif kind is not Kind.MARK:
            new = self._number if kind is not Kind.REMOVED else 0
            self._old_left -= kind is not Kind.ADDED
            self._new_left -= kind is not Kind.REMOVED
            self._number += kind is not Kind.REMOVED
        self.kinds.append(kind)
        self.new.append(new)
        self.file_of.append(self._file)
        self.hunk_of.append(self._hunk)

    def _code(self, row: str) -> Kind | None:
        """Classify a row of a hunk, based on the number of lines in the hunk's header.

        A row that is not code ends the hunk early.
        """
        if row.startswith("\\") and self._hunk:
            return Kind.MARK
        if self._old_left <= 0 and self._new_left <= 0:
            return None
        kind = _CODE.get(row[:1])
        if kind is None:
            self._old_left = self._new_left = 0
        return kind

    def _structure(self, at: int, row: str) -> Kind | None:
        following = self._rows[at + 1] if at + 1 < len(self._rows) else ""
        if row.startswith("diff --git ") or (
            row.startswith("--- ")
            and following.startswith("+++ ")
            and self._state != "file"
        ):
            self._end_file(at)
            path = row[4:] if row.startswith("--- ") else row.rpartition(" ")[2]
            self._file, self._state = Part(at, _bare(path)), "file"
            self.files.append(self._file)
            return Kind.FILE
        if self._file and (match := _HUNK.match(row)):
            self._end_hunk(at)
            _, old_count, new, new_count, section = match.groups()
            self._number = int(new)
            self._old_left, self._new_left = (
                int(count) if count is not None else 1
                for count in (old_count, new_count)
            )
            self._hunk, self._state = Part(at, section, self._number), "hunk"
            self.hunks.append(self._hunk)
            return Kind.HUNK
        if self._file and self._state == "file" and _META.match(row):
            self._about(self._file, row)
            return Kind.META
        if _PATCH.match(row):
            self._end_file(at)
            self._state, self._after_rule = "headers", False
            return Kind.PATCH
        if self._state in ("file", "hunk"):
            self._end_file(at)
            self._state = "text"
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
        if self._state == "headers":
            if not row.strip():
                self._state = "text"
                return Kind.TEXT
            if (
                row[:1] in (" ", "\t")
                and self.kinds
                and self.kinds[-1] in (Kind.HEADER, Kind.SUBJECT)
            ):
                return self.kinds[-1]
            if match := _HEADER.match(row):
                return Kind.SUBJECT if match[1].lower() == "subject" else Kind.HEADER
            self._state = "text"
        if row in ("---", "-- "):
            self._after_rule = True
            return Kind.RULE
        if self._after_rule and _STAT.match(row):
            return Kind.STAT
        return Kind.TRAILER if not self._after_rule and is_trailer(row) else Kind.TEXT

    def _end_hunk(self, at: int) -> None:
        if self._hunk:
            self._hunk.end = at
        self._hunk, self._old_left, self._new_left = None, 0, 0

    def _end_file(self, at: int) -> None:
        self._end_hunk(at)
        if self._file:
            self._file.end = at
        self._file = None


def _bare(name: str) -> str:
    name = name.split("\t")[0].strip().strip('"')
    return name[2:] if name[:2] in ("a/", "b/") else name
