# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the diagnostics that a patch introduces, and the lines of its diff that cause them."""

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
    """Return the diagnostics that exist only after the change.

    A different line number does not make a diagnostic new.
    """
    by_path = {change.new_path: change for change in changes}
    renamed = {change.old_path: change.new_path for change in changes if change.is_rename}
    old_counts = Counter(
        (_comparable_text(diagnostic), renamed.get(diagnostic.path, diagnostic.path))
        for diagnostic in before
    )

    def is_new(candidate: Diagnostic, paths: Sequence[str]) -> bool:
        for key in ((_comparable_text(candidate), path) for path in paths):
            if old_counts[key] > 0:
                old_counts[key] -= 1
                return False
        return True

    # of several diagnostics with the same text, the one on an added line is new
    remaining = sorted(
        after,
        key=lambda candidate: bool(_line_at(by_path.get(candidate.path), candidate.line, "+")),
    )
    remaining = [candidate for candidate in remaining if is_new(candidate, (candidate.path,))]
    # code may have been moved from another file
    remaining = [
        candidate
        for candidate in remaining
        if is_new(candidate, [change.path for change in changes])
    ]
    return tuple(candidate for candidate in after if candidate in remaining)


def _comparable_text(diagnostic: Diagnostic) -> str:
    text = diagnostic.text if diagnostic.kind == UNDEFINED else _NUMBER.sub("#", diagnostic.text)
    return f"{diagnostic.kind} {text}"


def problem_of(diagnostic: Diagnostic, changes: Sequence[FileChange]) -> BuildProblem:
    """Convert a new diagnostic to a problem, and locate it in the diff if possible.

    Prefer the diagnostic's own line, or the line that uses its macro, if the patch adds that line.
    Otherwise, choose the nearest changed line with a name that the diagnostic quotes. The message
    then begins with the diagnostic's own line number.
    """
    path, line, patch_line = _locate(diagnostic, changes)
    is_in_place = (path, line) == (
        diagnostic.path,
        diagnostic.line,
    ) or not diagnostic.line
    text = (
        diagnostic.text
        if is_in_place
        else f"{diagnostic.path}:{diagnostic.line}: {diagnostic.text}"
    )
    return BuildProblem(diagnostic.kind, text, path, line, patch_line, diagnostic.column or None)


def _locate(
    diagnostic: Diagnostic, changes: Sequence[FileChange]
) -> tuple[str, int | None, int | None]:
    """Return the file and line in the new tree, and the line in the patch."""
    by_path = {change.path: change for change in changes}
    locations = ((diagnostic.path, diagnostic.line), *diagnostic.places)
    for path, line in locations:
        if added := _line_at(by_path.get(path), line, "+"):
            return path, line, added.patch_line
    names = names_in(diagnostic.text)
    path, expected_line = next(
        ((path, line) for path, line in locations if path in by_path), ("", 0)
    )

    def rank(row: tuple[FileChange, int, DiffLine]) -> tuple[bool, bool, int, bool]:
        change, number, line = row
        is_named = not names.isdisjoint(re.findall(r"\w+", line.text))
        is_own = change.path == path
        distance = abs(number - expected_line) if is_own and expected_line else 0
        return not is_named, not is_own, distance, line.kind != "+"

    nearest = min(_changed_lines(changes), key=rank, default=None)
    if nearest is None or rank(nearest)[0]:
        if context := _line_at(by_path.get(path), expected_line, " "):
            return path, expected_line, context.patch_line
        if path and (nearest is None or nearest[0].path != path):
            return path, None, by_path[path].patch_line
    if nearest is None:
        return diagnostic.path, diagnostic.line, None
    change, number, diff_line = nearest
    return change.path, number, diff_line.patch_line


def _line_at(change: FileChange | None, number: int, kind: str) -> DiffLine | None:
    lines = change.lines(kind) if change else ()
    return next((line for line in lines if line.new_line == number), None)


def _changed_lines(
    changes: Sequence[FileChange],
) -> Iterator[tuple[FileChange, int, DiffLine]]:
    """Yield each changed line with its file and line number.

    For a removed line, this is the number of the line after it.
    """
    for change in changes:
        for hunk in change.hunks:
            number = hunk.new_start
            for line in hunk.lines:
                if line.kind in ("+", "-"):
                    yield change, number, line
                number = line.new_line + 1 if line.new_line else number
