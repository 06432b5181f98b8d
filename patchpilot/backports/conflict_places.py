# SPDX-License-Identifier: GPL-2.0-or-later
"""The conflicts of a merge, each with both sides."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from patchpilot.backports.merging import Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.model.hunk_fit import text_lines
from patchpilot.model.json_form import json_form


@json_form("path", "line~", "kind", "ours", "theirs")
@dataclass(frozen=True, slots=True)
class ConflictPlace:
    """A conflict: its path, its line in the branch's file (0 for the whole file), and the lines
    of each side.

    `base` is set only if it was requested.
    """

    path: str
    line: int
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    kind: str = "content"
    base: tuple[str, ...] = ()


def find_places(scratch: Scratch, merge: Merge) -> tuple[ConflictPlace, ...]:
    """Returns the conflicts of a merge, sorted by path and line.

    A file that one side deleted or renamed is a single conflict.
    """
    found: list[ConflictPlace] = []
    for path in merge.paths:
        content = scratch.blob(merge.tree, path)
        inside = (
            marked_places(path, text_lines(content))
            if content is not None and b"<<<<<<< " in content
            else []
        )
        kind = merge.kinds.get(path, "content")
        found += inside or [ConflictPlace(path, 0, kind=kind)]
    return tuple(found)


def marked_places(path: str, lines: list[str], context: int = 0) -> list[ConflictPlace]:
    """Returns the conflicts that the conflict markers in a file delimit.

    The base is included if the markers contain it (git's conflict style diff3). With `context`,
    that many common lines before and after the conflict are added to all sides, and the
    conflict's line is that of the first of them.
    """
    found: list[ConflictPlace] = []
    before: list[str] = []
    ours: list[str] = []
    base: list[str] = []
    theirs: list[str] = []
    at, start, missing = 0, 0, 0
    for side, line in sides_of(lines):
        text = line.rstrip("\n")
        at += side in ("", "ours")
        if side == "start":
            start, missing = at + 1 - len(before), 0
            ours, base, theirs = [*before], [*before], [*before]
            before = []
        elif side == "end":
            missing = context
            found.append(
                ConflictPlace(path, start, tuple(ours), tuple(theirs), base=tuple(base))
            )
        elif side:
            {"ours": ours, "base": base, "theirs": theirs}[side].append(text)
        elif missing:
            last, missing = found[-1], missing - 1
            found[-1] = replace(
                last,
                ours=(*last.ours, text),
                theirs=(*last.theirs, text),
                base=(*last.base, text),
            )
        elif context:
            before = [*before, text][-context:]
    return found


def sides_of(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields each line of a merged file with its side.

    The side is "ours", "base" or "theirs" in a conflict and "" outside of it. A conflict's first
    marker is "start", its last one "end".
    """
    side = ""
    for line in lines:
        if line.startswith("<<<<<<< ") and not side:
            side = "ours"
            yield "start", line
        elif line.startswith("||||||| ") and side == "ours":
            side = "base"
        elif line.rstrip("\n") == "=======" and side in ("ours", "base"):
            side = "theirs"
        elif line.startswith(">>>>>>> ") and side == "theirs":
            side = ""
            yield "end", line
        else:
            yield side, line
