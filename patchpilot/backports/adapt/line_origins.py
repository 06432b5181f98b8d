# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the commits, missing from a branch, that added lines of a fix's base.

Can extract the part of such a commit that added these lines.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from patchpilot.backports.adapt.alignment import align
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError

_TIMEOUT = 5.0
_ENTRY = re.compile(r"([0-9a-f]{40}) (\d+) (\d+) (\d+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """A commit that added lines: its id and subject, and the path and lines (from 0) in it."""

    commit: str
    subject: str
    path: str
    lines: tuple[int, ...]


def origins(
    repository: Repository, base: str, tip: str, path: str, lines: Collection[int]
) -> tuple[Origin, ...]:
    """Returns the commits missing from a branch that wrote these lines of a file in the commit
    `base`.

    The lines are counted from 0. The commit with the most lines comes first. Returns none if git
    blame times out or the file does not exist.
    """
    if not lines:
        return ()
    span = f"{min(lines) + 1},{max(lines) + 1}"
    try:
        done = repository.git(
            "blame",
            "--incremental",
            "--no-progress",
            "-L",
            span,
            base,
            f"^{tip}",
            "--",
            path,
            timeout=_TIMEOUT,
        )
    except GitError:
        return ()
    found: dict[tuple[str, str], Origin] = {}
    for one, numbers in _entries(done.text, lines):
        known = found.get((one.commit, one.path))
        found[one.commit, one.path] = Origin(
            one.commit,
            one.subject,
            one.path,
            (*(known.lines if known else ()), *numbers),
        )
    return tuple(sorted(found.values(), key=lambda one: -len(one.lines)))


def _entries(
    text: str, wanted: Collection[int]
) -> Iterator[tuple[Origin, tuple[int, ...]]]:
    """What `git blame --incremental` says of the wanted lines, without those of the commits that
    the branch has.
    """
    subjects: dict[str, str] = {}
    boundaries: set[str] = set()
    commit, start, at, count = "", 0, 0, 0
    for line in text.split("\n"):
        head = _ENTRY.fullmatch(line)
        word, _, rest = line.partition(" ")
        if head:
            commit, start, at, count = (
                head[1],
                int(head[2]) - 1,
                int(head[3]) - 1,
                int(head[4]),
            )
        elif word == "summary":
            subjects[commit] = rest
        elif word == "boundary":
            boundaries.add(commit)
        elif word == "filename" and commit not in boundaries:
            numbers = tuple(
                start + step for step in range(count) if at + step in wanted
            )
            if numbers:
                yield Origin(commit, subjects.get(commit, ""), rest, numbers), numbers


def who_added_file(
    repository: Repository, base: str, tip: str, path: str
) -> Origin | None:
    """Returns the commit, missing from the branch, that added a file."""
    try:
        done = repository.git(
            "log",
            "-1",
            "--no-renames",
            "--diff-filter=A",
            "--format=%H %s",
            base,
            f"^{tip}",
            "--",
            path,
            timeout=_TIMEOUT,
        )
    except GitError:
        return None
    commit, _, subject = done.text.strip().partition(" ")
    return Origin(commit, subject, path, ()) if commit else None


def part_of(
    before: Sequence[str], after: Sequence[str], lines: Collection[int]
) -> list[str]:
    """Applies only those changes of a commit that produced some of these lines to the file before
    it.

    `lines` are counted from 0 in the file after the commit.
    """
    pairs = align(before, after)
    made: list[str] = []
    low = start = 0
    for at, there in [*sorted(pairs.items()), (len(before), len(after))]:
        made += (
            after[start:there]
            if any(start <= line < there for line in lines)
            else before[low:at]
        )
        made += before[at : at + 1]
        low, start = at + 1, there + 1
    return made
