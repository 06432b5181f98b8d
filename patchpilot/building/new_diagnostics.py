# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the diagnostics that a patch introduces, and their lines in its diff."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from patchpilot.building.diagnostics import UNDEFINED, Diagnostic, names_in
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.patch import DiffLine, FileChange

_NUMBER = re.compile(r"\d+")


def find_new_diagnostics(
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

    def is_new(one: Diagnostic, paths: Sequence[str]) -> bool:
        for key in ((_text(one), path) for path in paths):
            if spare[key] > 0:
                spare[key] -= 1
                return False
        return True

    # if several have the same text, the one on an added line is new
    left = sorted(
        after,
        key=lambda one: bool(_line_at(by_path.get(one.path), one.line, "+")),
    )
    left = [one for one in left if is_new(one, (one.path,))]
    # the code may have moved here from another file
    left = [one for one in left if is_new(one, [change.path for change in changes])]
    return tuple(one for one in after if one in left)


def _text(one: Diagnostic) -> str:
    text = one.text if one.kind == UNDEFINED else _NUMBER.sub("#", one.text)
    return f"{one.kind} {text}"


def problem_of(one: Diagnostic, changes: Sequence[FileChange]) -> BuildProblem:
    """Return the problem for a new diagnostic, at a line of the diff.

    It is the diagnostic's own line, or the line that uses its macro, if the patch adds that line.
    Otherwise it is a changed line that contains a name from the diagnostic, preferably in the same
    hunk or file and as near as possible; the message then begins with the diagnostic's own line.
    """
    path, line, patch_line = _locate(one, changes)
    is_own = (path, line) == (one.path, one.line) or not one.line
    text = one.text if is_own else f"{one.path}:{one.line}: {one.text}"
    return BuildProblem(one.kind, text, path, line, patch_line, one.column or None)


def _locate(
    one: Diagnostic, changes: Sequence[FileChange]
) -> tuple[str, int | None, int | None]:
    """Return a file and a line in the new tree, and the line in the patch."""
    by_path = {change.path: change for change in changes}
    places = ((one.path, one.line), *one.places)
    for path, line in places:
        if added := _line_at(by_path.get(path), line, "+"):
            return path, line, added.patch_line
    names = names_in(one.text)
    path, at = next(((path, line) for path, line in places if path in by_path), ("", 0))

    def rank(row: tuple[FileChange, int, DiffLine]) -> tuple[bool, bool, int, bool]:
        change, number, line = row
        is_named = not names.isdisjoint(re.findall(r"\w+", line.text))
        is_own = change.path == path
        far = abs(number - at) if is_own and at else 0
        return not is_named, not is_own, far, line.kind != "+"

    nearest = min(_changed_lines(changes), key=rank, default=None)
    if nearest is None or rank(nearest)[0]:
        if context := _line_at(by_path.get(path), at, " "):
            return path, at, context.patch_line
        if path and (nearest is None or nearest[0].path != path):
            return path, None, by_path[path].patch_line
    if nearest is None:
        return one.path, one.line, None
    change, number, changed = nearest
    return change.path, number, changed.patch_line


def _line_at(change: FileChange | None, number: int, kind: str) -> DiffLine | None:
    lines = change.lines(kind) if change else ()
    return next((line for line in lines if line.new_line == number), None)


def _changed_lines(
    changes: Sequence[FileChange],
) -> Iterator[tuple[FileChange, int, DiffLine]]:
    """Yield each changed line with its file and its current or former line number there."""
    for change in changes:
        for hunk in change.hunks:
            number = hunk.new_start
            for line in hunk.lines:
                if line.kind in ("+", "-"):
                    yield change, number, line
                number = line.new_line + 1 if line.new_line else number
