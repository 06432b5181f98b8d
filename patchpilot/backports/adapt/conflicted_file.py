# SPDX-License-Identifier: GPL-2.0-or-later
"""A file with conflicts in a fix's merge, split so that each conflict can be resolved
separately.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patchpilot.backports.conflict_places import marked_places, sides_of
from patchpilot.backports.merge_file import merge_file_lines
from patchpilot.backports.merging import Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.commits.repository import Repository
from patchpilot.model.hunk_fit import text_lines

Lines = tuple[str, ...]
"""Lines of a file, each with its newline."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A conflict in a file.

    Contains the path, the line (from 1) of the branch's side in the merge, and the lines of the
    branch, the base and the fix. If a side lacks the file or it is not text, the conflict covers
    the whole file: its line is 0 and that side is None.
    """

    path: str
    line: int
    ours: Lines | None
    base: Lines | None
    theirs: Lines | None

    @property
    def key(self) -> str:
        """What identifies it: its path and its sides, not where it is."""
        sides = repr((self.path, self.ours, self.base, self.theirs))
        return hashlib.sha256(sides.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class ConflictedFile:
    """A file with conflicts.

    Contains its mode on the branch (or the fix's mode if it is not there), its sides, the merge
    with the branch's side of each conflict, and the conflicts.
    """

    path: str
    mode: str
    ours: Lines | None
    base: Lines | None
    theirs: Lines | None
    merged: Lines
    conflicts: tuple[Conflict, ...]

    def sides(self, conflict: Conflict) -> tuple[Lines, Lines, Lines]:
        """The branch, the base and the fix of the whole file, as if it had this conflict only."""
        start, end = _range(conflict)
        before, after = self.merged[:start], self.merged[end:]
        return (
            self.merged,
            (*before, *(conflict.base or ()), *after),
            (*before, *(conflict.theirs or ()), *after),
        )

    def inside(self, conflict: Conflict, lines: Sequence[str]) -> Lines | None:
        """What a conflict became in a version of the merge that differs in nothing else.

        None where it does.
        """
        start, end = _range(conflict)
        after = len(self.merged) - end
        if (
            len(lines) < start + after
            or tuple(lines[:start]) != self.merged[:start]
            or tuple(lines[len(lines) - after :]) != self.merged[end:]
        ):
            return None
        return tuple(lines[start : len(lines) - after])

    def made(self, chosen: Mapping[str, Lines | None]) -> Lines | None:
        """The file with what each conflict (by its key) becomes; None: without the file."""
        lines: list[str] = []
        at = 0
        for conflict in self.conflicts:
            found = chosen[conflict.key]
            if found is None:
                return None
            start, end = _range(conflict)
            lines += [*self.merged[at:start], *found]
            at = end
        return (*lines, *self.merged[at:])


def _range(conflict: Conflict) -> tuple[int, int]:
    """The lines (from 0, the end not included) of the branch's side in the merge."""
    start = max(0, conflict.line - 1)
    return start, start + len(conflict.ours or ())


def conflicted_files(scratch: Scratch, merge: Merge) -> tuple[ConflictedFile, ...]:
    """Returns the conflicted files of a merge, in the merge's order."""
    return tuple(_file(scratch, merge, path) for path in merge.paths)


def _file(scratch: Scratch, merge: Merge, path: str) -> ConflictedFile:
    entries = merge.stages.get(path, {})
    contents = {
        number: scratch.content(entries[number]) if number in entries else None
        for number in (1, 2, 3)
    }
    base, ours, theirs = (
        None if content is None else tuple(text_lines(content))
        for content in contents.values()
    )
    mode = next((entries[number][0] for number in (2, 3, 1) if number in entries), "")
    if (
        ours is None
        or theirs is None
        or any(b"\0" in content for content in contents.values() if content)
    ):
        return ConflictedFile(
            path,
            mode,
            ours,
            base,
            theirs,
            ours or (),
            (Conflict(path, 0, ours, base, theirs),),
        )
    return ConflictedFile(
        path,
        mode,
        ours,
        base,
        theirs,
        *merged_with(scratch.repository, path, ours, base or (), theirs),
    )


def merged_with(
    repository: Repository, path: str, ours: Lines, base: Lines, theirs: Lines
) -> tuple[Lines, tuple[Conflict, ...]]:
    """Merges the changes from `base` to `theirs` into `ours`.

    Returns the merged lines, with the branch's side of each conflict, and the conflicts.
    """
    marked = merge_file_lines(
        repository, *(content_of(side) for side in (ours, base, theirs))
    )
    conflicts = [
        Conflict(
            path,
            place.line,
            *(
                tuple(f"{line}\n" for line in side)
                for side in (place.ours, place.base, place.theirs)
            ),
        )
        for place in marked_places(path, marked)
    ]
    return tuple(
        line for side, line in sides_of(marked) if side in ("", "ours")
    ), tuple(conflicts)


def content_of(lines: Sequence[str]) -> bytes:
    """Returns the content of a file with these lines."""
    return "".join(lines).encode("utf-8", "surrogateescape")
