# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep columns aligned after a fix: continuation lines, backslashes and trailing comments."""

import re
from collections.abc import Callable, Iterator

from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import ScannedLine, expand, scan
from patchpilot.lint.fixing.fixer import (
    LONGEST_LINE,
    Change,
    depth_of,
    indent_of,
    replaced,
    white_space,
)
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.lint.lint_context import Context

_OPEN = re.compile(r"[(\[{]")
_PAIR = re.compile(
    r"(?:\((?=[^][(){}]*\))|\[(?=[^][(){}]*\])|\{(?=[^][(){}]*\}))([^][(){}]*)."
)
_TAIL = re.compile(rf"(?<=[^ \t])([ \t]+)(\\|{NOTE}+)[ \t]*$")
_MOST_LINES = 40


def keep_columns(
    old: tuple[PatchEdit, Context],
    new: tuple[PatchEdit, Context],
    may_change: Callable[[int], bool],
) -> tuple[Change, frozenset[int]]:
    """Realign the `new` draft.

    Return the change, and the original indexes of lines whose fix would misalign an unchangeable
    line. The change covers lines below an open parenthesis of a changed line, and columns after its
    code.
    """
    was, now = scan(old[1]).lines, scan(new[1]).lines
    now_at = dict(zip(new[0].origin, now, strict=True))
    became = [now_at.get(origin) for origin in old[0].origin]
    moved: dict[int, str] = {}
    askew: set[int] = set()
    for line, here in zip(was, became, strict=True):
        if not here or not line.added or line.starts_file:
            continue
        text = here.text
        if here.number in moved:
            indent = indent_of(moved[here.number])
            text = f"+{indent}{text[1 + len(indent_of(here.raw)) :]}"
        elif here.raw == line.raw:
            continue
        for below, column in _aligned_lines(was, line, text):
            there, indent = became[below.number - 1], indent_of(below.raw)
            if there and there.number not in moved and indent_of(there.raw) == indent:
                if may_change(below.number):
                    rest = there.raw[1 + len(indent) :]
                    moved[there.number] = f"+{white_space(column)}{rest}"
                else:
                    askew.add(old[0].origin[line.number - 1])
        if here.number not in moved and (tail := _tail(line, here)):
            moved[here.number] = tail
    change = (replaced(number, text) for number, text in moved.items())
    return tuple(change), frozenset(askew)


def open_columns(text: str) -> list[int]:
    """Return the columns after unclosed parentheses in a sanitized line."""
    text, pairs = text[:LONGEST_LINE], 1
    while pairs:
        text, pairs = _PAIR.subn(r"_\1_", text)
    return [len(expand(text[1 : match.end()])) for match in _OPEN.finditer(text)]


def _aligned_lines(
    lines: list[ScannedLine], first: ScannedLine, text: str
) -> Iterator[tuple[ScannedLine, int]]:
    """Yield the lines aligned with a parenthesis left open on `first`, which becomes `text`, with
    their new column.
    """
    before, after = open_columns(first.text), open_columns(text)
    columns = dict(zip(before, after, strict=False))
    depth = len(before) if len(before) == len(after) else 0
    for line in lines[first.number : first.number + _MOST_LINES]:
        if depth <= 0 or line.starts_hunk or line.starts_file or not line.left:
            return
        if line.sign == "-":
            continue
        # whitespace in kernel style: as many tabs as possible
        plain = re.match(rf"[+ ](\t* {{0,7}})(?=[^\s{NOTE}])", line.text)
        width = len(expand(plain[1])) if plain else -1
        column = columns.get(width, width)
        if column != width:
            yield line, column
        depth += depth_of(line.code)


def _tail(old: ScannedLine, new: ScannedLine) -> str:
    """Return the new line with its trailing backslash or comment in the old column, if it fits."""
    was, now = _TAIL.search(old.text), _TAIL.search(new.text)
    if not was or not now or was[1] != now[1] or was[1] == " ":
        return ""
    column = len(expand(old.raw[1 : was.end(1)]))
    end, tail = len(expand(new.raw[1 : now.start(1)])), new.raw[now.start(2) :]
    gap = white_space(column, end) if "\t" in was[1] else " " * (column - end)
    fits = column > end and old.raw[was.start(2) :] == tail
    return new.raw[: now.start(1)] + gap + tail if fits else ""
