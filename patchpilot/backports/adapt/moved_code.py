# SPDX-License-Identifier: GPL-2.0-or-later
"""Handles code that is in another file in the branch.

The units that a fix changes are found there and merged one by one.
"""

from collections.abc import Sequence
from dataclasses import replace

from patchpilot.backports.adapt.three_way import Carried, How, MergedLines, merge_lines
from patchpilot.backports.adapt.tokens import key
from patchpilot.backports.adapt.units import Unit, openers, units_by_name
from patchpilot.backports.changed_functions import defining_files
from patchpilot.backports.object_store import Scratch
from patchpilot.errors import GitError

_TIMEOUT = 5.0
_MOST_NAMES = 8


def changed_units(
    base: Sequence[str], theirs: Sequence[str]
) -> list[tuple[Unit, Unit]] | None:
    """Returns the units that a fix changes, before and after it, or None if it changes anything
    else.
    """
    old, new = units_by_name(base), units_by_name(theirs)
    pairs = [(unit, new[name]) for name, unit in old.items() if name in new]
    changed = [
        (one, other)
        for one, other in pairs
        if base[one.start : one.end] != theirs[other.start : other.end]
    ]
    rest = [
        _without(lines, [pair[side] for pair in changed])
        for side, lines in enumerate((base, theirs))
    ]
    return changed if changed and rest[0] == rest[1] else None


def find_file(
    scratch: Scratch, tree: str, path: str, names: Sequence[str]
) -> str | None:
    """Return the one file of a tree that defines all these functions or structures, or None.

    The folder of `path` is searched or, if the tree lacks it, its closest existing parent.
    """
    folder = nearest_folder(scratch, tree, path)
    try:
        files = [
            set(defining_files(scratch, tree, name, folder, _TIMEOUT))
            for name in names[:_MOST_NAMES]
        ]
    except GitError:
        return None
    found = set.intersection(*files)
    return found.pop() if len(found) == 1 else None


def nearest_folder(scratch: Scratch, tree: str, path: str) -> str:
    """Returns the innermost folder of a path that exists in a tree, or "" for the top of the
    tree.
    """
    folder = path.rpartition("/")[0]
    while folder and not scratch.has(tree, folder):
        folder = folder.rpartition("/")[0]
    return folder


def merge_units(
    ours: Sequence[str],
    base: Sequence[str],
    theirs: Sequence[str],
    changed: Sequence[tuple[Unit, Unit]],
) -> MergedLines | None:
    """Returns `ours` with each changed unit merged into its unit of the same name.

    Returns None if `ours` has no such unit.
    """
    here = units_by_name(ours)
    if any(one.name not in here for one, _ in changed):
        return None
    merged = MergedLines(list(ours))
    for one, other in sorted(
        changed, key=lambda pair: here[pair[0].name].start, reverse=True
    ):
        mine = here[one.name]
        sides = [
            lines[unit.start : unit.end]
            for lines, unit in ((ours, mine), (base, one), (theirs, other))
        ]
        inner = merge_lines(sides[0], sides[1], sides[2], openers(sides[1]))
        merged.lines[mine.start : mine.end] = inner.lines
        merged.carried += [
            replace(how, line=mine.start + how.line) for how in inner.carried
        ]
        merged.carried.append(Carried(How.MOVED, mine.start))
    return merged


def unchanged_twins(ours: Sequence[str], made: Sequence[str]) -> list[str]:
    """Returns the unchanged units of `ours` with the same body as a unit that was changed."""
    mine, changed = (_bodies(lines) for lines in (ours, made))
    was = {body for name, body in mine.items() if changed.get(name) != body}
    return [
        name for name, body in mine.items() if body in was and changed.get(name) == body
    ]


def _bodies(lines: Sequence[str]) -> dict[str, str]:
    """Name of a unit → what is in its braces, without white space."""
    return {
        name: key("".join(lines[unit.start : unit.end])).partition("{")[2]
        for name, unit in units_by_name(lines).items()
    }


def _without(lines: Sequence[str], gone: Sequence[Unit]) -> list[str]:
    inside = {at for unit in gone for at in range(unit.start, unit.end)}
    return [line for at, line in enumerate(lines) if at not in inside]
