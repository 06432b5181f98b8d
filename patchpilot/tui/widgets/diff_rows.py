# SPDX-License-Identifier: GPL-2.0-or-later
"""Classifies the lines of a patch, a message or a diff for display.

Unlike the parser of the checks, it accepts malformed input.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from patchpilot.model.trailer import is_trailer


class Kind(Enum):
    """The kind of a line in a patch, a message or a diff."""

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
_META = (
    *(
        "index ",
        "--- ",
        "+++ ",
        "old mode ",
        "new mode ",
        "new file mode ",
        "deleted file mode ",
        "similarity index ",
    ),
    *(
        "dissimilarity index ",
        "rename from ",
        "rename to ",
        "copy from ",
        "copy to ",
        "Binary files ",
        "GIT binary patch",
    ),
)
_NOTES = (
    ("new file mode ", "new file"),
    ("deleted file mode ", "deleted"),
    ("rename from ", "renamed from "),
    ("copy from ", "copied from "),
)


@dataclass(slots=True)
class HunkPart:
    """A hunk of a diff.

    Its rows range from the @@ line (`start`) to `end` (exclusive). It also has its first line in
    the new file and the text after the second @@.
    """

    start: int
    new_line: int
    section: str
    end: int = 0


@dataclass(slots=True)
class FilePart:
    """A file of a diff.

    Its rows range from `start` to `end` (exclusive). It also has the path, and a note on what
    happens to the file as a whole.
    """

    start: int
    path: str
    note: str = ""
    end: int = 0


@dataclass(slots=True)
class DiffRows:
    """All rows of a diff, with its files and hunks.

    Each row has its kind, its line number in the new file (0: none), and the indexes of its file
    and hunk (-1: none).
    """

    kinds: list[Kind] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    file_of: list[int] = field(default_factory=list)
    hunk_of: list[int] = field(default_factory=list)
    files: list[FilePart] = field(default_factory=list)
    hunks: list[HunkPart] = field(default_factory=list)

    def block(self, row: int) -> tuple[range, range]:
        """Return the removed and the added rows of the change that this row is part of."""
        start = end = row
        while self.kinds[start - 1] in CHANGED:
            start -= 1
        while end < len(self.kinds) and self.kinds[end] in CHANGED:
            end += 1
        middle = start + self.kinds[start:end].count(Kind.REMOVED)
        return range(start, middle), range(middle, end)

    def counts(self, part: "FilePart | HunkPart") -> tuple[int, int]:
        """Return how many lines a file or a hunk adds and removes."""
        kinds = self.kinds[part.start : part.end]
        return kinds.count(Kind.ADDED), kinds.count(Kind.REMOVED)


def read_rows(rows: Sequence[str]) -> DiffRows:
    """Classify each row of a patch, a message or a diff."""
    reader = _Reader(rows)
    for at in range(len(rows)):
        reader.take(at)
    reader.end_file(len(rows))
    return reader.found


class _Reader:
    """Goes through the rows once.

    `old_left` and `new_left` count what the hunk's header promised.
    """

    def __init__(self, rows: Sequence[str]) -> None:
        self.rows, self.found = rows, DiffRows()
        self.state = "headers" if rows and _HEADER.match(rows[0]) else "text"
        self.old_left = self.new_left = self.new = 0
        self.file = self.hunk = -1
        self.after_rule = False

    def take(self, at: int) -> None:
        """Read one row."""
        row = self.rows[at]
        new = 0
        kind = self._code(row)
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
        if row.startswith("\\") and self.hunk >= 0:
            return Kind.MARK
        if self.old_left <= 0 and self.new_left <= 0:
            return None
        kind = {
            "+": Kind.ADDED,
            "-": Kind.REMOVED,
            " ": Kind.CONTEXT,
            "": Kind.CONTEXT,
            "\t": Kind.CONTEXT,
        }.get(row[:1])
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
            self.file, self.state = len(self.found.files), "file"
            self.found.files.append(FilePart(at, _path(row)))
            return Kind.FILE
        if self.file >= 0 and (match := _HUNK.match(row)):
            self._end_hunk(at)
            _, old_count, new, new_count, section = match.groups()
            self.new = int(new)
            self.old_left, self.new_left = (
                int(count) if count is not None else 1
                for count in (old_count, new_count)
            )
            self.hunk, self.state = len(self.found.hunks), "hunk"
            self.found.hunks.append(HunkPart(at, self.new, section))
            return Kind.HUNK
        if self.state == "file" and row.startswith(_META):
            self._about(self.found.files[self.file], row)
            return Kind.META
        if _PATCH.match(row):
            self.end_file(at)
            self.state, self.after_rule = "headers", False
            return Kind.PATCH
        if self.state in ("file", "hunk"):
            self.end_file(at)
            self.state = "text"
        return None

    def _about(self, part: FilePart, row: str) -> None:
        for start, words in _NOTES:
            if row.startswith(start):
                part.note = words + (
                    row.removeprefix(start) if words.endswith(" ") else ""
                )
        if row.startswith("+++ ") and not row.startswith("+++ /dev/null"):
            part.path = _bare(row[4:])

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
        if self.hunk >= 0:
            self.found.hunks[self.hunk].end = at
        self.hunk, self.old_left, self.new_left = -1, 0, 0

    def end_file(self, at: int) -> None:
        """End the file and its hunk, if there are any."""
        self._end_hunk(at)
        if self.file >= 0:
            self.found.files[self.file].end = at
        self.file = -1


def _path(row: str) -> str:
    """Return the path in a `diff --git` or `---` row, for display.

    The rows after it may know it better.
    """
    if row.startswith("--- "):
        return _bare(row[4:])
    return _bare(row.rpartition(" ")[2])


def _bare(name: str) -> str:
    name = name.split("\t")[0].strip().strip('"')
    return name[2:] if name[:2] in ("a/", "b/") else name
