# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the lines of the branch, the base and the fix for each conflict of a fix."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from patchpilot.backports.conflict_places import ConflictPlace as ConflictPlace
from patchpilot.backports.conflict_places import marked_places
from patchpilot.backports.merge_file import merge_file_lines
from patchpilot.commits.repository import Repository
from patchpilot.model.hunk_fit import text_lines
from patchpilot.services.backport.backport_result import BranchResult

_SIDES = 3
CONTEXT = 3
"""Common lines around a conflict, as a patch has them."""


@dataclass(frozen=True, slots=True)
class ConflictColumns:
    """A conflict, with the line numbers in the base and in the fix at which its lines start.

    A line number is 0 if it is not known.
    """

    place: ConflictPlace
    base_line: int = 0
    fix_line: int = 0


def conflict_columns(
    repository: Repository, fix: str, branch: BranchResult
) -> tuple[ConflictColumns, ...]:
    """Returns the conflicts of `fix` (a commit id) on a branch, with base and context lines.

    If one side renamed or deleted a file, its conflicts are returned unchanged.
    """
    parents = repository.commit(fix).parents
    found: list[ConflictColumns] = []
    for path in dict.fromkeys(place.path for place in branch.conflicts):
        known = [place for place in branch.conflicts if place.path == path]
        contents = (
            [repository.blob(rev, path) for rev in (branch.tip, *parents[:1], fix)]
            if branch.tip
            else []
        )
        read = [content for content in contents if content is not None]
        is_text = len(read) == _SIDES and all(place.line for place in known)
        merged = (
            marked_places(path, merge_file_lines(repository, *read), CONTEXT)
            if is_text
            else []
        )
        sides = (
            [
                [line.rstrip("\n") for line in text_lines(content)]
                for content in read[1:]
            ]
            if merged
            else [[], []]
        )
        found += [
            ConflictColumns(
                place, _line_of(place.base, sides[0]), _line_of(place.theirs, sides[1])
            )
            for place in merged or known
        ]
    return tuple(found)


def _line_of(lines: Sequence[str], content: Sequence[str]) -> int:
    """The line of a file that these lines start with; 0 if they are not there, or more than once.

    The common lines around a conflict are those of the merge, which this file may have otherwise:
    then the others are found.
    """
    for before, after in sorted(product(range(CONTEXT + 1), repeat=2), key=sum):
        part = list(lines[before : len(lines) - after])
        starts = (
            [
                at
                for at in range(len(content) - len(part) + 1)
                if list(content[at : at + len(part)]) == part
            ]
            if part
            else []
        )
        if len(starts) == 1:
            return max(0, starts[0] + 1 - before)
    return 0
