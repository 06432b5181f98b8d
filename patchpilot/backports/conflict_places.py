# SPDX-License-Identifier: GPL-2.0-or-later
"""The conflicts of a merge, each with both sides."""

from dataclasses import dataclass

from patchpilot.backports.merging import Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.model.hunk_fit import text_lines


@dataclass(frozen=True, slots=True)
class ConflictPlace:
    """A conflict: the path, the line in the branch's file (0 for the whole file), and the lines of each side."""

    path: str
    line: int
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    kind: str = "content"


def places(scratch: Scratch, merge: Merge) -> tuple[ConflictPlace, ...]:
    """The conflicts of a merge, by path and line; a file that one side deleted or renamed is one place."""
    found: list[ConflictPlace] = []
    for path in merge.paths:
        content = scratch.blob(merge.tree, path)
        inside = list(_marked(path, text_lines(content))) if content is not None and b"<<<<<<< " in content else []
        kinds = [note.kind for note in merge.notes if path in note.paths and note.kind.startswith("CONFLICT")]
        kind = kinds[0].removeprefix("CONFLICT ").strip("()") if kinds else "content"
        found += inside or [ConflictPlace(path, 0, kind=kind)]
    return tuple(found)


def _marked(path: str, lines: list[str]) -> list[ConflictPlace]:
    found: list[ConflictPlace] = []
    ours: list[str] = []
    theirs: list[str] = []
    state, at, start = "", 0, 0
    for line in lines:
        if line.startswith("<<<<<<< ") and not state:
            state, start, ours, theirs = "ours", at + 1, [], []
        elif line.rstrip("\n") == "=======" and state == "ours":
            state = "theirs"
        elif line.startswith(">>>>>>> ") and state == "theirs":
            state = ""
            found.append(ConflictPlace(path, start, tuple(ours), tuple(theirs)))
        elif state == "theirs":
            theirs.append(line.rstrip("\n"))
        else:
            at += 1
            if state == "ours":
                ours.append(line.rstrip("\n"))
    return found
