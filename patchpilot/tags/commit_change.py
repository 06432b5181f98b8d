# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse a commit's diff to its first parent into runs of changed lines. Whitespace is ignored."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.model.patch import unquote_path

_FILE = re.compile(r"^diff --git ", re.MULTILINE)
_NAMES = re.compile(r"^--- (.*)\n\+\+\+ (.*)$", re.MULTILINE)
_RUN = re.compile(r"^(?=@@ )", re.MULTILINE)
_HUNK = re.compile(r"@@ -(\d{1,10})(?:,\d{1,10})? \+(\d{1,10})(?:,\d{1,10})? @@(?: ?(.*))?")


class Run(NamedTuple):
    """A run of adjacent changed lines.

    `start` is the line number of the first removed line in the old file. If no line is removed, it
    is the number of the preceding old line (0 at the top). `new_start` is the line number of the
    first added line in the new file. `function` is the line before the run that names its function.
    """

    start: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    new_start: int = 0
    function: str = ""

    @property
    def end(self) -> int:
        """Return the number of the last removed line, or `start` if there is none."""
        return self.start + max(0, len(self.removed) - 1)


class CommitFileChange(NamedTuple):
    """The runs of changed lines in one file.

    `old_path` is None if the commit creates the file, and `new_path` if it deletes it.
    """

    old_path: str | None
    new_path: str | None
    runs: tuple[Run, ...]

    @property
    def size(self) -> int:
        return sum(len(run.removed) + len(run.added) for run in self.runs)

    @property
    def path(self) -> str:
        """Return the path for display."""
        return self.new_path or self.old_path or ""


def read_change(repository: Repository, parent: str, commit: str) -> tuple[CommitFileChange, ...]:
    """Return each file's changes from `parent` to `commit`.

    A file with only whitespace changes has no runs.
    """
    output = repository.git(
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
    return parse_change(output.text)


class CommitChange(NamedTuple):
    """A commit's message and its changes to files, which may be some of its files only."""

    id: str
    message: str
    files: tuple[CommitFileChange, ...]


def read_commit_changes(
    repository: Repository, ids: Sequence[str], paths: Sequence[str] = ()
) -> dict[str, CommitChange]:
    """Read the messages and changes of commits with a single git log.

    By default, all files are read, not only `paths`.
    """
    return _read_log(repository, ("--no-walk=unsorted", *ids), paths) if ids else {}


def read_file_history(
    repository: Repository, revision: str, path: str, since: int, limit: int
) -> dict[str, CommitChange]:
    """Read the messages of the latest commits that changed a file, and their changes to it.

    The latest commit is first. Omit merges, and commits before `since`, in seconds since the epoch.
    """
    # git only uses the changed paths in a commit-graph if there is a single path
    options = ("--no-merges", f"--max-age={since}", f"--max-count={limit}", revision)
    return _read_log(repository, options, (path,))


def _read_log(
    repository: Repository, revisions: Sequence[str], paths: Sequence[str]
) -> dict[str, CommitChange]:
    output = repository.git(
        "log", "--format=%x01%H%x00%B%x00", "-p", "-w", "-M", "-U0", "--no-color", "--no-ext-diff", "--no-textconv",  # noqa: E501
        *revisions, "--", *paths,
    )  # fmt: skip
    result = {}
    for entry in output.text.split("\x01")[1:]:
        commit, _, remainder = entry.partition("\0")
        message, _, diff = remainder.partition("\0")
        result[commit] = CommitChange(commit, message, parse_change(diff))
    return result


def parse_change(text: str) -> tuple[CommitFileChange, ...]:
    """Parse a git diff without context lines into the changes of each file.

    Files without changed lines, such as renamed files, are omitted.
    """
    files = []
    # changed lines start with + or -, so none can be mistaken for a header
    for block in _FILE.split(text)[1:]:
        head, *hunks = _RUN.split(block)
        if names := _NAMES.search(head):
            runs = tuple(_parse_run(match) for hunk in hunks if (match := _HUNK.match(hunk)))
            files.append(CommitFileChange(_parse_path(names[1]), _parse_path(names[2]), runs))
    return tuple(files)


def _parse_run(match: re.Match[str]) -> Run:
    lines = match.string.split("\n")[1:]
    removed, added = (tuple(line[1:] for line in lines if line.startswith(sign)) for sign in "-+")
    return Run(int(match[1]), removed, added, int(match[2]), match[3] or "")


def _parse_path(name: str) -> str | None:
    name = name.rstrip("\t")
    return None if name == "/dev/null" else unquote_path(name)[2:]
