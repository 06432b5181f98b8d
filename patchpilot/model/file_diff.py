# SPDX-License-Identifier: GPL-2.0-or-later
"""The files, hunks and lines of a diff, as values."""

from collections.abc import Iterator
from typing import NamedTuple


class DiffLine(NamedTuple):
    """A line of a hunk: `kind` is its sign ("+", "-", " " or "\\"), `text` the rest.

    The line numbers in the patch, the old file and the new file are counted from 1.
    """

    kind: str
    text: str
    patch_line: int
    new_line: int | None


class Hunk(NamedTuple):
    """A hunk: the ranges in its header, the section heading after the second @@, and its lines.

    The patch line of the header is counted from 1.
    """

    old_start: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[DiffLine, ...]
    patch_line: int


class FileChange(NamedTuple):
    """The change of one file in a patch.

    `old_path` is None for a new file, and `new_path` for a deleted one. The patch line of its
    `diff --git` or `---` line is counted from 1.
    """

    old_path: str | None
    new_path: str | None
    hunks: tuple[Hunk, ...]
    patch_line: int
    is_rename: bool = False
    is_binary: bool = False

    @property
    def path(self) -> str:
        """Return the new path or, for a deleted file, the old one."""
        return self.new_path or self.old_path or ""

    @property
    def added(self) -> int:
        return sum(1 for _ in self.lines())

    @property
    def removed(self) -> int:
        return sum(1 for _ in self.lines("-"))

    def lines(self, kind: str = "+") -> Iterator[DiffLine]:
        """Yield the lines of this kind, in order."""
        return (line for hunk in self.hunks for line in hunk.lines if line.kind == kind)
