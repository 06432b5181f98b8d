# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the conflicts in a merge, with the lines of both sides."""

from collections.abc import Iterable
from dataclasses import dataclass

from patchpilot.commits.merging import Merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.model.hunk_fit import split_text_lines
from patchpilot.model.json_form import json_form


@json_form("path line~ kind ours theirs")
@dataclass(frozen=True, slots=True)
class ConflictPlace:
    """A conflict with the lines of each side. `line` is its line in the branch's file, or 0 if the
    whole file conflicts.
    """

    path: str
    line: int
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    kind: str = "content"


def find_conflict_places(scratch: ScratchStore, merge: Merge) -> tuple[ConflictPlace, ...]:
    """Return the conflicts in a merge, sorted by path and line.

    A file that was deleted or renamed on one side is one conflict.
    """
    conflicts = []
    for path in merge.paths:
        lines = split_text_lines(scratch.blob(merge.tree, path) or b"")
        kind = merge.kinds.get(path, "content")
        conflicts += parse_conflict_markers(path, lines) or [ConflictPlace(path, 0, kind=kind)]
    return tuple(conflicts)


def parse_conflict_markers(path: str, lines: Iterable[str]) -> list[ConflictPlace]:
    """Return the conflicts between conflict markers in a file."""
    conflicts = []
    sides: dict[str, list[str]] = {}
    side, line_number, start = "", 0, 0
    for line in lines:
        if line.startswith("<<<<<<< ") and not side:
            side, start = "ours", line_number + 1
            sides = {"ours": [], "base": [], "theirs": []}
        elif line.startswith("||||||| ") and side == "ours":
            side = "base"
        elif line.rstrip("\n") == "=======" and side in ("ours", "base"):
            side = "theirs"
        elif line.startswith(">>>>>>> ") and side == "theirs":
            side, ours, theirs = "", tuple(sides["ours"]), tuple(sides["theirs"])
            conflicts.append(ConflictPlace(path, start, ours, theirs))
        else:
            line_number += side in ("", "ours")
            if side:
                sides[side].append(line.rstrip("\n"))
    return conflicts
