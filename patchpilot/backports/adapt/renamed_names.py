# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the names that an adapted file uses but the branch lacks, with the branch's equivalents."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from patchpilot.backports.adapt.alignment import align, gaps
from patchpilot.backports.adapt.tokens import IDENTIFIER, key
from patchpilot.backports.adapt.units import code_lines
from patchpilot.backports.object_store import Scratch
from patchpilot.errors import GitError

_USED = re.compile(
    r"(?:(?:->|\.)\s*([A-Za-z_]\w{2,})\b|\b([A-Za-z_]\w{2,})\s*\(|\b([A-Z][A-Z0-9_]{3,})\b)"
)
_MOST = 40
_TIMEOUT = 10.0


def names_in(lines: Iterable[str]) -> set[str]:
    """Returns all names in these lines."""
    return {name for line in lines for name in IDENTIFIER.findall(line)}


def names_used(lines: Sequence[str]) -> set[str]:
    """Returns the functions, fields and constants that these lines of C use."""
    return {
        name
        for line in code_lines(lines)
        for found in _USED.findall(line)
        for name in found
        if name
    }


def other_names(ours: Sequence[str], base: Sequence[str]) -> dict[str, str]:
    """Maps names in `base` to the names that replace them in `ours`.

    They are found in lines that differ in names only. Names with contradictory replacements are
    omitted.
    """
    pairs = align([key(line) for line in base], [key(line) for line in ours])
    votes: dict[str, Counter[str]] = {}
    for (low, at), (start, there) in gaps(pairs, len(base), len(ours)):
        for old, new in _same_but_for_names(base[low:at], ours[start:there]):
            for one, other in zip(
                IDENTIFIER.findall(old), IDENTIFIER.findall(new), strict=True
            ):
                votes.setdefault(one, Counter())[other] += 1
    return {
        one: next(iter(found))
        for one, found in votes.items()
        if len(found) == 1 and one not in found
    }


def rename(lines: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Returns the lines with these names replaced."""
    if not names:
        return list(lines)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    return [pattern.sub(lambda found: names[found[0]], line) for line in lines]


def absent_names(
    scratch: Scratch, tree: str, base: str, names: Iterable[str], near: Sequence[str]
) -> set[str]:
    """Returns the names that the base's tree has and the branch's tree does not.

    The folders `near` are searched first.
    """
    left = set(sorted(names)[:_MOST])
    for of, folders, wanted in (
        (tree, near, False),
        (base, (), True),
        (tree, (), False),
    ):
        if not left:
            break
        there = [folder for folder in folders if scratch.has(of, folder)]
        try:
            found = scratch.words_in(of, left, paths=there, timeout=_TIMEOUT)
        except GitError:
            found = left
        left = left & found if wanted else left - found
    return left


def _same_but_for_names(
    base: Sequence[str], ours: Sequence[str]
) -> Iterable[tuple[str, str]]:
    """The pairs of lines that differ in names only, and share one where they have several."""
    free: dict[str, list[str]] = {}
    for line in ours:
        free.setdefault(_skeleton(line), []).append(line)
    for line in base:
        names = IDENTIFIER.findall(line)
        near = [
            (
                sum(
                    one == other
                    for one, other in zip(names, IDENTIFIER.findall(mine), strict=True)
                ),
                mine,
            )
            for mine in free.get(_skeleton(line), [])
        ]
        best = max(near, default=(0, ""))
        if (
            names
            and best[1]
            and (2 * best[0] >= len(names) or len(names) == 1 == len(near))
        ):
            free[_skeleton(line)].remove(best[1])
            yield line, best[1]


def _skeleton(line: str) -> str:
    return key(IDENTIFIER.sub("\x00", line))
