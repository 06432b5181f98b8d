# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare the lines that a backport changes and the lines that its origin changes.

Context and line numbers do not count, and files are paired even if the branch has another path.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from patchpilot.model.patch import DiffLine, FileChange

_MOST_COMPARED = 4000
"""Above this number of lines, a file's lines are compared without their order."""

Key = tuple[str, str]


class LineDifference(NamedTuple):
    """Lines at one place that only the backport or only the origin changes.

    `kind` is "added" (only the backport), "left-out" (only the origin), "changed" (both), "order"
    (the same lines in another order) or "file" (a difference in a file without lines). `lines` and
    `origin_lines` start with + or -. `path`, `line` and `patch_line` are the place in the backport;
    the path is the origin's, without a line, for a file that the backport leaves out.
    """

    kind: str
    path: str
    line: int | None
    patch_line: int | None
    lines: tuple[str, ...] = ()
    origin_lines: tuple[str, ...] = ()


def find_line_differences(
    origin: Sequence[FileChange], backport: Sequence[FileChange]
) -> tuple[LineDifference, ...]:
    """Return the lines that only one of two patches adds or removes, in the backport's order."""
    pairs, left_out, added = _pair_files(origin, backport)
    differences = [each for pair in pairs for each in _compare_files(*pair)]
    differences += [
        LineDifference("added", change.path, *_find_place(change), _format(_changed_lines(change)))
        for change in added
    ]
    differences += [
        LineDifference("left-out", change.path, None, None, (), _format(_changed_lines(change)))
        for change in left_out
    ]
    last = 1 << 40
    return tuple(sorted(differences, key=lambda each: each.patch_line or last))


def find_other_paths(
    origin: Sequence[FileChange], backport: Sequence[FileChange]
) -> tuple[tuple[str, str], ...]:
    """Return (origin's path, backport's path) of each file with another path on the branch."""
    pairs, _, _ = _pair_files(origin, backport)
    return tuple((old.path, new.path) for old, new in pairs if old.path != new.path)


def find_files_without_code(
    origin: Sequence[FileChange], backport: Sequence[FileChange]
) -> tuple[str, ...]:
    """Return the origin's path of each C file in which only the origin changes code, and not only
    comments, blank lines and #include lines.
    """
    pairs, left_out, _ = _pair_files(origin, backport)
    without = [old for old, new in pairs if not _changes_code(new)]
    return tuple(change.path for change in (*without, *left_out) if _changes_code(change))


def _changes_code(change: FileChange) -> bool:
    return change.path.endswith((".c", ".h")) and not all(
        _NO_CODE.match(line.text) for line in _changed_lines(change)
    )


_NO_CODE = re.compile(r"\s*(?:$|#\s*include\b|//|/\*(?!.*\*/\s*\S)|\*(?:[\s/]|$))")


def has_same_context(origin: Sequence[FileChange], backport: Sequence[FileChange]) -> bool:
    """Return whether two patches are identical except for line numbers."""
    first, second = (
        [
            (*change[:2], change.is_binary, [_keys(hunk.lines) for hunk in change.hunks])
            for change in files
        ]
        for files in (origin, backport)
    )
    return first == second


def _pair_files(
    origin: Sequence[FileChange], backport: Sequence[FileChange]
) -> tuple[list[tuple[FileChange, FileChange]], list[FileChange], list[FileChange]]:
    """Pair files by path, then by their lines. Return the pairs, and the unpaired files of both."""
    by_path = {change.path: change for change in backport}
    pairs = [(change, by_path[change.path]) for change in origin if change.path in by_path]
    paired = {change.path for change, _ in pairs}
    left_out = [change for change in origin if change.path not in paired]
    added = [change for change in backport if change.path not in paired]
    for change in tuple(left_out):
        ranked = sorted(added, key=lambda other: _similarity(change, other), reverse=True)
        if ranked and _similarity(change, ranked[0]) > _LEAST_SIMILAR:
            pairs.append((change, ranked[0]))
            left_out.remove(change)
            added.remove(ranked[0])
    return pairs, left_out, added


_LEAST_SIMILAR = 0.5


def _similarity(first: FileChange, second: FileChange) -> float:
    """Return the share of common lines; files with the same name need fewer."""
    lines = [Counter(_keys(_changed_lines(change))) for change in (first, second)]
    total = max(lines[0].total(), lines[1].total())
    common = (lines[0] & lines[1]).total() / total if total else 0.0
    names = {change.path.rpartition("/")[2] for change in (first, second)}
    return common + (0.4 if len(names) == 1 else 0.0)


def _compare_files(origin: FileChange, backport: FileChange) -> Iterator[LineDifference]:
    if origin.new_path is None and backport.new_path is None:
        # a deleted file may have had another content on the branch
        return
    kinds = [
        (change.is_binary, change.new_path is None, change.old_path is None, change.mode[:3])
        for change in (origin, backport)
    ]
    if kinds[0][:2] != kinds[1][:2]:
        yield LineDifference("file", backport.path, *_find_place(backport))
        return
    first, second = _changed_lines(origin), _changed_lines(backport)
    if _keys(first) == _keys(second):
        return
    counts = _net_counts(first), _net_counts(second)
    texts = {
        text for text in counts[0].keys() | counts[1].keys() if counts[0][text] != counts[1][text]
    }
    if not texts:
        yield from _compare_order(origin, backport)
        return
    for ours, theirs, anchors in _match_lines(first, second):
        ours = [line for line in ours if line.text in texts]
        theirs = [line for line in theirs if line.text in texts]
        if ours or theirs:
            kind = "changed" if ours and theirs else "added" if ours else "left-out"
            nearest = ours[0] if ours else anchors and anchors[1]
            line, patch_line = _find_line_place(backport, nearest)
            if line and not ours and anchors:
                line = max(1, line + _count_old_lines(origin, anchors[0], theirs[0]))
            lines = _format(ours), _format(theirs)
            yield LineDifference(kind, backport.path, line, patch_line, *lines)


def _count_old_lines(change: FileChange, start: DiffLine, end: DiffLine) -> int:
    """Return the number of lines from one changed line to another in the file before a change."""
    numbers: dict[int, int] = {}
    for hunk in change.hunks:
        number = hunk.old_start
        for line in hunk.lines:
            numbers[line.patch_line] = number
            number += line.kind != "+"
    return numbers[end.patch_line] - numbers[start.patch_line]


_Match = tuple[list[DiffLine], list[DiffLine], tuple[DiffLine, DiffLine] | None]


def _match_lines(first: Sequence[DiffLine], second: Sequence[DiffLine]) -> Iterator[_Match]:
    """Yield the lines of the second and of the first that do not match, and the pair of matching
    lines before or after them, or None if no lines match.
    """
    if max(len(first), len(second)) > _MOST_COMPARED:
        counts = Counter(_keys(first)), Counter(_keys(second))
        surplus = counts[1] - counts[0], counts[0] - counts[1]
        ours = [line for line in second if (line.kind, line.text) in surplus[0]]
        yield ours, [line for line in first if (line.kind, line.text) in surplus[1]], None
        return
    matcher = SequenceMatcher(None, _keys(first), _keys(second), autojunk=False)
    steps = matcher.get_opcodes()
    for index, (tag, old, old_end, new, new_end) in enumerate(steps):
        if tag != "equal":
            anchors = (
                (first[old - 1], second[new - 1])
                if index
                else (first[old_end], second[new_end])
                if steps[1:]
                else None
            )
            yield list(second[new:new_end]), list(first[old:old_end]), anchors


def _compare_order(origin: FileChange, backport: FileChange) -> Iterator[LineDifference]:
    """Yield a difference if the same lines have another order, except in moved hunks."""
    first, second = (list(_blocks(change)) for change in (origin, backport))
    if Counter(map(_canonical, first)) == Counter(map(_canonical, second)):
        return
    sides = [
        [[line.text for line in _changed_lines(change) if line.kind == kind] for kind in "+-"]
        for change in (origin, backport)
    ]
    if sides[0] == sides[1]:
        return
    for ours, theirs, anchors in _match_lines(_changed_lines(origin), _changed_lines(backport)):
        place = _find_line_place(backport, ours[0] if ours else anchors and anchors[1])
        yield LineDifference("order", backport.path, *place, _format(ours), _format(theirs))
        return


def _blocks(change: FileChange) -> Iterator[tuple[Key, ...]]:
    """Yield each run of changed lines."""
    block: list[Key] = []
    for hunk in change.hunks:
        for line in hunk.lines:
            if line.kind in "+-":
                block.append((line.kind, line.text))
            elif block:
                yield tuple(block)
                block = []
        if block:
            yield tuple(block)
            block = []


def _canonical(block: tuple[Key, ...]) -> tuple[Key, ...]:
    """Return a block that is the same wherever git lets a run of added or removed lines begin."""
    if len({kind for kind, _ in block}) > 1:
        return tuple(sorted(block, key=lambda key: key[0]))
    return min(block[start:] + block[:start] for start in range(len(block)))


def _net_counts(lines: Iterable[DiffLine]) -> "Counter[str]":
    """Return how often a text is added more often than it is removed."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line.text] += 1 if line.kind == "+" else -1
    return counts


def _changed_lines(change: FileChange) -> list[DiffLine]:
    return [line for hunk in change.hunks for line in hunk.lines if line.kind in "+-"]


def _keys(lines: Iterable[DiffLine]) -> list[Key]:
    return [(line.kind, line.text) for line in lines]


def _format(lines: Iterable[DiffLine]) -> tuple[str, ...]:
    return tuple(line.kind + line.text for line in lines)


def _find_place(change: FileChange) -> tuple[int | None, int | None]:
    return None, change.patch_line


def _find_line_place(change: FileChange, place: DiffLine | None) -> tuple[int | None, int | None]:
    """Return the line in the new file and in the patch of a line; a removed line has the number of
    the line after it.
    """
    if place is None:
        return _find_place(change)
    if place.new_line is not None:
        return place.new_line, place.patch_line
    following = (
        line.new_line
        for hunk in change.hunks
        for line in hunk.lines
        if line.patch_line > place.patch_line and line.new_line is not None
    )
    return next(following, None), place.patch_line
