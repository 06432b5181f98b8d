# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep continuation lines, backslashes and trailing comments aligned after a fix."""

import re
from collections.abc import Callable, Iterator

from patchpilot.lint.c.line_scan import ScannedLine, expand_tabs, scan_patch
from patchpilot.lint.fixing.fixer import (
    LONGEST_LINE,
    Change,
    count_open_brackets,
    leading_whitespace,
    make_replacement,
    make_whitespace,
)
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.lint.lint_context import Context
from patchpilot.model.c_scanner import COMMENT as NOTE

_OPEN = re.compile(r"[(\[{]")
_PAIR = re.compile(r"(?:\((?=[^][(){}]*\))|\[(?=[^][(){}]*\])|\{(?=[^][(){}]*\}))([^][(){}]*).")
_TAIL = re.compile(rf"(?<=[^ \t])([ \t]+)(\\|{NOTE}+)[ \t]*$")
_MOST_LINES = 40


def keep_columns(
    old: tuple[PatchEdit, Context],
    new: tuple[PatchEdit, Context],
    may_change: Callable[[int], bool],
) -> tuple[Change, frozenset[int]]:
    """Realign lines that were aligned with a changed line.

    Lines below an open parenthesis are moved, and so are a comment or backslash at the end. Return
    the change, and the original indexes of fixed lines with which an unchangeable line is aligned.
    """
    old_lines, new_lines = scan_patch(old[1]).lines, scan_patch(new[1]).lines
    new_by_origin = dict(zip(new[0].origin, new_lines, strict=True))
    new_by_number = [new_by_origin.get(origin) for origin in old[0].origin]
    tab_size = old[1].options.tab_size
    moved: dict[int, str] = {}
    askew: set[int] = set()
    for line, new_line in zip(old_lines, new_by_number, strict=True):
        if not new_line or not line.added:
            continue
        text = new_line.text
        if new_line.number in moved:
            indent = leading_whitespace(moved[new_line.number])
            text = f"+{indent}{text[1 + len(leading_whitespace(new_line.raw)) :]}"
        elif new_line.raw == line.raw:
            continue
        for aligned_line, column in _aligned_lines(old_lines, line, text, tab_size):
            moved_line, indent = (
                new_by_number[aligned_line.number - 1],
                leading_whitespace(aligned_line.raw),
            )
            if (
                moved_line
                and moved_line.number not in moved
                and leading_whitespace(moved_line.raw) == indent
            ):
                if may_change(aligned_line.number):
                    code = moved_line.raw[1 + len(indent) :]
                    indent = make_whitespace(column, tab_size=tab_size)
                    moved[moved_line.number] = f"+{indent}{code}"
                else:
                    askew.add(old[0].origin[line.number - 1])
        if new_line.number not in moved and (tail := _realign_tail(line, new_line, tab_size)):
            moved[new_line.number] = tail
    change = (make_replacement(number, text) for number, text in moved.items())
    return tuple(change), frozenset(askew)


def open_columns(text: str, tab_size: int) -> list[int]:
    """Return the column after each unclosed bracket in a sanitized line."""
    text, pairs = text[:LONGEST_LINE], 1
    while pairs:
        text, pairs = _PAIR.subn(r"_\1_", text)
    return [len(expand_tabs(text[1 : match.end()], tab_size)) for match in _OPEN.finditer(text)]


def _aligned_lines(
    lines: list[ScannedLine], first: ScannedLine, text: str, tab_size: int
) -> Iterator[tuple[ScannedLine, int]]:
    """Yield the lines aligned with an open bracket of `first`, and their new columns."""
    before, after = open_columns(first.text, tab_size), open_columns(text, tab_size)
    columns = dict(zip(before, after, strict=False))
    depth = len(before) if len(before) == len(after) else 0
    for line in lines[first.number : first.number + _MOST_LINES]:
        if depth <= 0 or line.starts_hunk or line.starts_file or not line.left:
            return
        if line.sign == "-":
            continue
        # use whitespace in kernel style: as many tabs as possible
        indent = re.match(rf"[+ ](\t* {{0,{tab_size - 1}}})(?=[^\s{NOTE}])", line.text)
        width = len(expand_tabs(indent[1], tab_size)) if indent else -1
        column = columns.get(width, width)
        if column != width:
            yield line, column
        depth += count_open_brackets(line.code)


def _realign_tail(old: ScannedLine, new: ScannedLine, tab_size: int) -> str:
    """Move a trailing backslash or comment back to its old column; return "" if impossible."""
    old_tail, new_tail = _TAIL.search(old.text), _TAIL.search(new.text)
    if not old_tail or not new_tail or old_tail[1] != new_tail[1] or old_tail[1] == " ":
        return ""
    column = len(expand_tabs(old.raw[1 : old_tail.end(1)], tab_size))
    end, tail = (
        len(expand_tabs(new.raw[1 : new_tail.start(1)], tab_size)),
        new.raw[new_tail.start(2) :],
    )
    has_tab = "\t" in old_tail[1]
    gap = make_whitespace(column, end, tab_size=tab_size) if has_tab else " " * (column - end)
    fits = column > end and old.raw[old_tail.start(2) :] == tail
    return new.raw[: new_tail.start(1)] + gap + tail if fits else ""
