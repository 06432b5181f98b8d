# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the lines of a fix in a tree without history: evidence that the fix is probably there.

The fix may have been adapted, so that its hunks match in neither direction.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from patchpilot.model.json_form import json_form
from patchpilot.model.patch import FileChange
from patchpilot.model.source_tree import Files

_SHORTEST = 8
"""Minimum length of a line, without whitespace, that identifies code."""


@json_form()
class PresentLine(NamedTuple):
    """A line that a fix adds, at its place in the tree."""

    path: str
    line: int
    text: str


def find_present_lines(files: Iterable[FileChange], tree: Files) -> tuple[PresentLine, ...]:
    """Return the lines that a fix adds if all are in the tree, and none that it removes is left.

    Return () otherwise, and if no line identifies the fix: each is short, or also in code around
    the change.
    """
    present = []
    for change in files:
        lines = _find_in_file(change, tree)
        if lines is None:
            return ()
        present += lines
    return tuple(present)


def _find_in_file(change: FileChange, tree: Files) -> list[PresentLine] | None:
    """Return the lines that identify a change of a file, or None if a line contradicts it."""
    before, after = _count_lines(change, " -"), _count_lines(change, " +")
    content = tree.read(change.path)
    if change.is_binary or content is None:
        return None
    lines = content.decode("utf-8", "surrogateescape").splitlines()
    here = Counter(map(_join_words, lines))
    added, removed = after - before, before - after
    if any(here[line] < after[line] for line in added if line):
        return None
    if any(here[line] > after[line] for line in removed if len(line) >= _SHORTEST):
        return None
    names = {line for line in added if len(line) >= _SHORTEST and line not in before}
    return [
        PresentLine(change.path, number, line.strip())
        for number, line in enumerate(lines, 1)
        if _join_words(line) in names
    ]


def _count_lines(change: FileChange, kinds: str) -> Counter[str]:
    return Counter(
        _join_words(line.text) for hunk in change.hunks for line in hunk.lines if line.kind in kinds
    )


def _join_words(text: str) -> str:
    return "".join(text.split())
