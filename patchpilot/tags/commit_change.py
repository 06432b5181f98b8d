# SPDX-License-Identifier: GPL-2.0-or-later
"""The changes of a commit against its first parent, whitespace ignored: runs of removed and added lines."""

import re
from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.model.c_quoting import unquoted

_HUNK = re.compile(r"^@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@")


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent changed lines: the removed lines with their old numbers, and the added lines.

    `start` is the first removed old line, or, where nothing is removed, the old line after which lines are added (0: at the top);
    `new_start` is the first added line in the new file.
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
    """The runs of one file; `old_path` is None where the commit creates it, `new_path` where it deletes it."""

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


def read_change(repository: Repository, parent: str, commit: str) -> tuple[CommitFileChange, ...]:
    """The changes from `parent` to `commit`, file by file; files where only whitespace changes have no runs."""
    done = repository.git(
        "diff-tree", "-p", "-w", "-M", "-r", "-U0", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index", parent, commit
    )
    return parse_change(done.text)


def parse_change(text: str) -> tuple[CommitFileChange, ...]:
    """The file changes of a git diff without context lines."""
    files: list[CommitFileChange] = []
    old: str | None = None
    new: str | None = None
    runs: list[Run] = []
    left_old = left_new = start = new_start = 0
    removed: list[str] = []
    added: list[str] = []

    def flush() -> None:
        if removed or added:
            runs.append(Run(start, tuple(removed), tuple(added), new_start))
        removed.clear()
        added.clear()

    def finish() -> None:
        flush()
        if old or new:
            files.append(CommitFileChange(old, new, tuple(runs)))
        runs.clear()

    for line in text.split("\n"):
        if left_old and line.startswith("-"):
            removed.append(line[1:])
            left_old -= 1
        elif left_new and line.startswith("+"):
            added.append(line[1:])
            left_new -= 1
        elif line.startswith("diff --git "):
            finish()
            old = new = None
        elif match := _HUNK.match(line):
            flush()
            start, left_old = int(match[1]), int(match[2] or 1) if match[2] != "0" else 0
            new_start = int(match[3])
            left_new = int(match[4]) if match[4] is not None else 1
        elif line.startswith("--- "):
            old = _path(line)
        elif line.startswith("+++ "):
            new = _path(line)
    finish()
    return tuple(files)


def _path(line: str) -> str | None:
    name = line[4:].rstrip("\t")
    return None if name == "/dev/null" else unquoted(name)[2:]
