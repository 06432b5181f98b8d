# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep columns aligned after a fix: continuation lines, backslashes and trailing comments."""

import re
from collections.abc import Callable, Iterator

from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import ScannedLine, expand, scan
from patchpilot.lint.fixing.fixer import ColumnSpan, LineChange, indent_of, tab_indent
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.lint.lint_context import Context

_CLOSES = {")": "(", "]": "[", "}": "{"}
_TAIL = re.compile(rf"(?<=[^ \t])([ \t]+)(\\|{NOTE}+)[ \t]*$")
_TAB = 8
_MOST_LINES = 40


def keep_columns(
    old: tuple[PatchEdit, Context],
    new: tuple[PatchEdit, Context],
    may_change: Callable[[int], bool],
) -> tuple[LineChange, frozenset[int]]:
    """Realign the `new` draft.

    Return the change, and the original indexes of lines whose fix would misalign an unchangeable
    line. The change covers lines below an open parenthesis of a changed line, and columns after its
    code.
    """
    was, now = scan(old[1]).lines, scan(new[1]).lines
    place = {origin: at for at, origin in enumerate(new[0].origin)}
    places = [place.get(origin, -1) for origin in old[0].origin]
    moved: dict[int, str] = {}
    spans: list[ColumnSpan] = []
    askew: set[int] = set()
    for at, (line, here) in enumerate(zip(was, places, strict=True)):
        if here < 0 or not line.added or line.starts_file:
            continue
        text = now[here].text
        if here in moved:
            text = moved[here] + text[1 + len(indent_of(now[here].raw)) :]
        elif now[here].raw == line.raw:
            continue
        elif span := _tail(line, now[here]):
            spans.append(span)
        for below, column in _aligned_lines(was, at, _shifts(line.text, text)):
            there = places[below.number - 1]
            indent = indent_of(below.raw)
            if there < 0 or there in moved or indent_of(now[there].raw) != indent:
                continue
            if not may_change(below.number):
                askew.add(old[0].origin[at])
                continue
            tabs = tab_indent(column)
            spans.append(ColumnSpan(there + 1, 1, 1 + len(indent), tabs))
            moved[there] = f"+{tabs}"
    return LineChange(spans=tuple(spans)), frozenset(askew)


def _open_columns(text: str) -> list[int]:
    """Return the columns after unclosed parentheses in a sanitized line."""
    result: list[tuple[str, int]] = []
    for at, char in enumerate(text[1:]):
        if char in "([{":
            result.append((char, len(expand(text[1 : at + 1])) + 1))
        elif char in _CLOSES and result and result[-1][0] == _CLOSES[char]:
            result.pop()
    return [column for _, column in result]


def _shifts(old: str, new: str) -> dict[int, int]:
    """Map the column after each open parenthesis to its new column, or return {} if none moved."""
    before, after = _open_columns(old), _open_columns(new)
    is_moved = len(before) == len(after) and before != after
    return dict(zip(before, after, strict=True)) if is_moved else {}


def _aligned_lines(
    lines: list[ScannedLine], at: int, columns: dict[int, int]
) -> Iterator[tuple[ScannedLine, int]]:
    """Yield the lines aligned with a parenthesis left open on line `at`, with their new column."""
    depth = len(_open_columns(lines[at].text)) if columns else 0
    for line in lines[at + 1 : at + 1 + _MOST_LINES]:
        if depth <= 0 or line.starts_hunk or line.starts_file or not line.in_hunk:
            return
        if line.sign == "-":
            continue
        # whitespace in kernel style: as many tabs as possible
        plain = re.match(rf"[+ ](\t* {{0,7}})(?=[^\s{NOTE}])", line.text)
        width = len(expand(plain[1])) if plain else -1
        column = columns.get(width, width)
        if column != width:
            yield line, column
        depth += sum((char in "([{") - (char in ")]}") for char in line.code)


def _tail(old: ScannedLine, new: ScannedLine) -> ColumnSpan | None:
    """Return the whitespace that keeps the column of a trailing backslash or comment, if it
    fits.
    """
    was, now = _TAIL.search(old.text), _TAIL.search(new.text)
    if not was or not now or was[1] != now[1] or was[1] == " ":
        return None
    column = len(expand(old.raw[1 : was.end(1)]))
    end, tail = len(expand(new.raw[1 : now.start(1)])), new.raw[now.start(2) :]
    is_same = column == len(expand(new.raw[1 : now.end(1)]))
    if old.raw[was.start(2) :] != tail or column <= end or is_same:
        return None
    gap = " " * (column - end)
    if "\t" in was[1]:
        is_plain = " " not in was[1] and column % _TAB == 0
        gap = "\t" * (column // _TAB - end // _TAB) if is_plain else ""
    return ColumnSpan(new.number, *now.span(1), gap) if gap else None
