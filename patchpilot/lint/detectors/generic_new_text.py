# SPDX-License-Identifier: GPL-2.0-or-later
"""The generic detector for multi-line text on the new side of a hunk."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from patchpilot.lint.conditions import CONDITIONS
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.detectors.generic import fill_pattern
from patchpilot.lint.lint_context import Context, once
from patchpilot.lint.pack_patterns import LONGEST_LINE, compiled
from patchpilot.model.file_diff import FileChange, Hunk

_MOST_LINES = 4000
"""Longer hunks are read in part, so that a pattern takes bounded time on them."""


class _NewText(NamedTuple):
    """The new side of a hunk: its lines with their signs, and their patch lines."""

    change: FileChange
    text: str
    patch_lines: tuple[int, ...]


@detector(
    "new-text-like",
    "file *pattern",
    generic=True,
    **CONDITIONS,
    pattern=str,
    unless_pattern=str,
    paths_pattern=str,
)
def new_text_like(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report matches of `pattern`, possibly multi-line, on the new side of a hunk.

    Each line has its sign (+ or a space) and ends in a newline. Patterns start with (?m), so that
    ^ and $ match at the start and end of each line.

    The finding is on the line where the group `at` starts, or where the match starts without that
    group; it must be an added line. `unless_pattern`, in which {name} is the text of the group
    `name`, must not match the same text. `paths_pattern` selects files.
    """
    pattern = compiled(arguments["pattern"])
    paths = compiled(arguments.get("paths_pattern", ""))
    for text in _new_texts(context):
        path = text.change.path
        if not paths.search(path):
            continue
        for match in pattern.finditer(text.text):
            start = match.start("at" if "at" in match.groupdict() else 0)
            sign = text.text[text.text.rfind("\n", 0, start) + 1]
            if sign != "+" or _is_excepted(arguments, match, text.text):
                continue
            groups = {name: value or "" for name, value in match.groupdict().items()}
            number = text.text.count("\n", 0, start)
            yield Hit(text.patch_lines[number], values={"file": path, **groups})


def _is_excepted(arguments: Arguments, match: re.Match[str], text: str) -> bool:
    return "unless_pattern" in arguments and bool(
        fill_pattern(arguments["unless_pattern"], match).search(text)
    )


@once
def _new_texts(context: Context) -> list[_NewText]:
    """Return the new side of every hunk that adds lines."""
    return [
        _new_text(change, hunk)
        for change in context.patch.files
        if change.new_path is not None
        for hunk in change.hunks
    ]


def _new_text(change: FileChange, hunk: Hunk) -> _NewText:
    lines = [line for line in hunk.lines if line.kind in "+ "][:_MOST_LINES]
    text = "".join(f"{line.kind}{line.text[:LONGEST_LINE]}\n" for line in lines)
    return _NewText(change, text, tuple(line.patch_line for line in lines))
