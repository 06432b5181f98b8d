# SPDX-License-Identifier: GPL-2.0-or-later
"""A diff as values: files, hunks and lines."""

from collections.abc import Iterator
from typing import NamedTuple


class DiffLine(NamedTuple):
    """A line of a hunk: `kind` is "+", "-", " " or "\\".

    `text` without that sign; 1-based lines of patch, old and new file.
    """

    kind: str
    text: str
    patch_line: int
    new_line: int | None


class Hunk(NamedTuple):
    """A hunk: the ranges of its header, the text after the second @@, its lines, the 1-based line
    of the header in the patch.
    """

    old_start: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[DiffLine, ...]
    patch_line: int


class FileChange(NamedTuple):
    """The change of one file: `old_path`/`new_path` None when it is created or deleted; 1-based
    line of its `diff --git` or `---`.
    """

    old_path: str | None
    new_path: str | None
    hunks: tuple[Hunk, ...]
    patch_line: int
    is_rename: bool = False
    is_binary: bool = False

    @property
    def path(self) -> str:
        """The file's path, new where there is one."""
        return self.new_path or self.old_path or ""

    @property
    def added(self) -> int:
        """The number of added lines."""
        return sum(1 for hunk in self.hunks for line in hunk.lines if line.kind == "+")

    @property
    def removed(self) -> int:
        """The number of removed lines."""
        return sum(1 for hunk in self.hunks for line in hunk.lines if line.kind == "-")

    def lines(self, kind: str = "+") -> Iterator[DiffLine]:
        """Its lines of this kind, in order."""
        return (line for hunk in self.hunks for line in hunk.lines if line.kind == kind)
