# SPDX-License-Identifier: GPL-2.0-or-later
"""The changes of a commit relative to its first parent, as runs of changed lines.

Whitespace is ignored.
"""

import re
from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.model.c_quoting import unquoted

_HUNK = re.compile(r"^@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of adjacent changed lines: removed lines with their old line numbers, and added
    lines.

    `start` is the first removed line in the old file or, if no line is removed, the old line
    after which lines are added (0: at the top). `new_start` is the first added line in the new
    file.
    """

    start: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    new_start: int = 0

    @property
    def end(self) -> int:
        """The last old line it touches (`start` where it only adds)."""
        return self.start + max(0, len(self.removed) - 1)


@dataclass(frozen=True, slots=True)
class CommitFileChange:
    """The runs of changed lines in one file.

    `old_path` is None if the commit creates the file, and `new_path` if it deletes it.
    """

    old_path: str | None
    new_path: str | None
    runs: tuple[Run, ...]

    @property
    def size(self) -> int:
        """The number of removed and added lines."""
        return sum(len(run.removed) + len(run.added) for run in self.runs)

    @property
    def path(self) -> str:
        """The path to show for it."""
        return self.new_path or self.old_path or ""


def read_change(
    repository: Repository, parent: str, commit: str
) -> tuple[CommitFileChange, ...]:
    """Returns the changes from `parent` to `commit` for each file.

    A file with only whitespace changes has no runs.
    """
    done = repository.git(
        "diff-tree",
        "-p",
        "-w",
        "-M",
        "-r",
        "-U0",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--full-index",
        parent,
        commit,
    )
    return parse_change(done.text)


def parse_change(text: str) -> tuple[CommitFileChange, ...]:
    """Parses a git diff without context lines into the changes of each file."""
    reading = _ChangeReading()
    for line in text.split("\n"):
        reading.take(line)
    return reading.finished()


class _ChangeReading:
    """The files and runs read so far, and how many lines of the hunk are still to come."""

    def __init__(self) -> None:
        self._files: list[CommitFileChange] = []
        self._old: str | None = None
        self._new: str | None = None
        self._runs: list[Run] = []
        self._start = self._new_start = 0
        self._left_old = self._left_new = 0
        self._removed: list[str] = []
        self._added: list[str] = []

    def take(self, line: str) -> None:
        """Read one line of the diff."""
        if self._left_old and line.startswith("-"):
            self._removed.append(line[1:])
            self._left_old -= 1
        elif self._left_new and line.startswith("+"):
            self._added.append(line[1:])
            self._left_new -= 1
        elif line.startswith("diff --git "):
            self._end_file()
            self._old = self._new = None
        elif match := _HUNK.match(line):
            self._begin_hunk(match)
        elif line.startswith("--- "):
            self._old = _path(line)
        elif line.startswith("+++ "):
            self._new = _path(line)

    def finished(self) -> tuple[CommitFileChange, ...]:
        """All files, once every line was read."""
        self._end_file()
        return tuple(self._files)

    def _begin_hunk(self, match: re.Match[str]) -> None:
        self._end_run()
        start, old_count, new_start, new_count = match.groups()
        self._start, self._left_old = int(start), int(old_count or 1)
        self._new_start, self._left_new = int(new_start), int(new_count or 1)

    def _end_run(self) -> None:
        if self._removed or self._added:
            run = Run(
                self._start, tuple(self._removed), tuple(self._added), self._new_start
            )
            self._runs.append(run)
        self._removed.clear()
        self._added.clear()

    def _end_file(self) -> None:
        self._end_run()
        if self._old or self._new:
            self._files.append(
                CommitFileChange(self._old, self._new, tuple(self._runs))
            )
        self._runs.clear()


def _path(line: str) -> str | None:
    name = line[4:].rstrip("\t")
    return None if name == "/dev/null" else unquoted(name)[2:]
