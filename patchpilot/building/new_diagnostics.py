# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the diagnostics that a patch adds, and the lines of its diff to which they belong."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from patchpilot.building.diagnostics import UNDEFINED, Diagnostic, names_in
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.file_diff import DiffLine, FileChange, Hunk

_NUMBER = re.compile(r"\d+")
_FAR = 1 << 30

Place = tuple[str, int | None, int | None]
"""A file and a line in the new tree, and the line in the patch."""


def new_ones(
    before: Sequence[Diagnostic],
    after: Sequence[Diagnostic],
    changes: Sequence[FileChange],
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics in `after` that are not in `before`.

    A diagnostic that only moved is not new.
    """
    by_path = {change.new_path: change for change in changes}
    renamed = {
        change.old_path: change.new_path for change in changes if change.is_rename
    }
    spare = Counter(
        (_text(diagnostic), renamed.get(diagnostic.path, diagnostic.path))
        for diagnostic in before
    )

    def is_known(one: Diagnostic, paths: Sequence[str]) -> bool:
        keys = ((_text(one), path) for path in paths)
        key = next((key for key in keys if spare[key] > 0), None)
        if key:
            spare[key] -= 1
        return key is not None

    # of several with the same text, the one on an added line is new
    left = sorted(
        after, key=lambda one: _at(by_path.get(one.path), one.line, ("+",)) is not None
    )
    left = [one for one in left if not is_known(one, (one.path,))]
    # code moves between files too
    paths = [change.path for change in changes]
    order = {diagnostic: number for number, diagnostic in enumerate(after)}
    return tuple(
        sorted((one for one in left if not is_known(one, paths)), key=order.__getitem__)
    )


def _text(one: Diagnostic) -> str:
    text = one.text if one.kind == UNDEFINED else _NUMBER.sub("#", one.text)
    return f"{one.kind} {text}"


def problem_of(one: Diagnostic, changes: Sequence[FileChange]) -> BuildProblem:
    """Return the problem for a new diagnostic, at the line of the diff to which it belongs.

    It is the diagnostic's own line, or the line that uses its macro, if the patch adds that line.
    Otherwise it is the changed line that contains a name from the diagnostic, preferring the same
    hunk and the same file, then the nearest.
    """
    path, line, patch_line = _place_of(one, changes)
    column = one.column or None
    return BuildProblem(one.kind, one.text, path, line, patch_line, column)


def _place_of(one: Diagnostic, changes: Sequence[FileChange]) -> Place:
    by_path = {change.path: change for change in changes}
    places = one.places or ((one.path, one.line),)
    for path, line in places:
        found = _at(by_path.get(path), line, ("+",))
        if found:
            return path, line, found.patch_line
    names = names_in(one.text)
    own = next(
        ((by_path[path], line) for path, line in places if path in by_path), None
    )
    candidates = [own[0]] if own else []
    candidates += [change for change in changes if not own or change is not own[0]]
    for change in candidates:
        line = own[1] if own and change is own[0] else 0
        named = _nearest(_naming(change, names), line)
        if named:
            return _placed(change, *named)
    if own:
        change, line = own
        found = _at(change, line, ("+", " "))
        if found:
            return change.path, line, found.patch_line
        nearest = _nearest(_changed(change), line)
        none = change.path, None, change.patch_line
        return _placed(change, *nearest) if nearest else none
    first = _nearest(_changed(changes[0]), 0) if changes else None
    return _placed(changes[0], *first) if first else (one.path, one.line, None)


def _placed(change: FileChange, hunk: Hunk, line: DiffLine) -> Place:
    return change.path, _new_line(hunk, line), line.patch_line


def _new_line(hunk: Hunk, wanted: DiffLine) -> int:
    """Return the line in the new file at which a line of a hunk is, or was."""
    number = hunk.new_start
    for line in hunk.lines:
        if line is wanted:
            break
        if line.new_line:
            number = line.new_line + 1
    return number


def _at(
    change: FileChange | None, line: int, kinds: tuple[str, ...]
) -> DiffLine | None:
    for hunk in change.hunks if change else ():
        for one in hunk.lines:
            if one.new_line == line and one.kind in kinds:
                return one
    return None


def _changed(change: FileChange) -> Iterator[tuple[Hunk, DiffLine]]:
    for hunk in change.hunks:
        for line in hunk.lines:
            if line.kind in ("+", "-"):
                yield hunk, line


def _naming(
    change: FileChange, names: frozenset[str]
) -> Iterator[tuple[Hunk, DiffLine]]:
    for hunk, line in _changed(change):
        if names.intersection(re.findall(r"\w+", line.text)):
            yield hunk, line


def _nearest(
    lines: Iterator[tuple[Hunk, DiffLine]], line: int
) -> tuple[Hunk, DiffLine] | None:
    """Return the line that is nearest to one of the new file; the first added one where
    that is 0.
    """

    def far(one: tuple[Hunk, DiffLine]) -> tuple[int, bool]:
        distance = abs(_new_line(*one) - line) if line else 0
        return min(distance, _FAR), one[1].kind != "+"

    return min(lines, key=far, default=None)
