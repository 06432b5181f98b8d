# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps columns aligned after a fix: continuation lines, backslashes and trailing comments."""

import re
from collections.abc import Callable, Iterator

from patchpilot.lint.c.line_scan import ScannedLine, expand, scan
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import ColumnSpan, LineChange, indent_of
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.lint.lint_context import Context

_SPACES = " \t"
_CLOSES = {")": "(", "]": "[", "}": "{"}
_TAIL = re.compile(rf"(?<=[^ \t])([ \t]+)(\\|{NOTE}+)[ \t]*$")
_TAB = 8
_MOST_LINES = 40


def keep_columns(
    old: tuple[PatchEdit, Context],
    new: tuple[PatchEdit, Context],
    may_touch: Callable[[ScannedLine, int], bool],
) -> tuple[LineChange, frozenset[int]]:
    """Returns the change that realigns the `new` draft, and the original indexes of lines whose fix
    would misalign a line that must not change.

    The change covers lines below an open parenthesis of a changed line, and columns after its code.
    """
    was, now = scan(old[1]).lines, scan(new[1]).lines
    place = {origin: at for at, origin in enumerate(new[0].origin)}
    text = {at: one.raw for at, one in enumerate(now)}
    masks = {at: one.text for at, one in enumerate(now)}
    spans: list[ColumnSpan] = []
    askew: set[int] = set()
    done: set[int] = set()
    for at, line in enumerate(was):
        here = place.get(old[0].origin[at], -1)
        if (
            here not in text
            or not line.added
            or line.starts_file
            or (text[here] == line.raw and here not in done)
        ):
            continue
        if here not in done and (span := _tail(line, now[here])):
            spans.append(span)
        shifts = _shifts(line.text, masks[here])
        for below, column in _below(was, at, shifts):
            there = place.get(old[0].origin[below.number - 1], -1)
            indent = indent_of(below.raw)
            if there < 0 or there in done or indent_of(text[there]) != indent:
                continue
            if not may_touch(below, old[0].origin[below.number - 1]):
                askew.add(old[0].origin[at])
                continue
            new_indent = "\t" * (column // _TAB) + " " * (column % _TAB)
            spans.append(ColumnSpan(there + 1, 1, 1 + len(indent), new_indent))
            text[there] = f"+{new_indent}{text[there][1 + len(indent) :]}"
            masks[there] = f"+{new_indent}{masks[there][1 + len(indent) :]}"
            done.add(there)
    return LineChange(spans=tuple(spans)), frozenset(askew)


def _open(text: str) -> list[int]:
    """Returns the columns after the parentheses that a sanitized line leaves open."""
    result: list[tuple[str, int]] = []
    for at, char in enumerate(text[1:]):
        if char in "([{":
            result.append((char, len(expand(text[1 : at + 1])) + 1))
        elif char in _CLOSES and result and result[-1][0] == _CLOSES[char]:
            result.pop()
    return [column for _, column in result]


def _shifts(old: str, new: str) -> dict[int, int]:
    """Maps the column after each open parenthesis to its new column; empty when none has moved."""
    before, after = _open(old), _open(new)
    return (
        dict(zip(before, after, strict=True))
        if len(before) == len(after) and before != after
        else {}
    )


def _below(
    lines: list[ScannedLine], at: int, shifts: dict[int, int]
) -> Iterator[tuple[ScannedLine, int]]:
    """Yields the lines aligned with a parenthesis of the line at `at` that is still open, with
    their new column.
    """
    depth = len(_open(lines[at].text))
    columns = dict(shifts)
    for line in lines[at + 1 : at + 1 + _MOST_LINES]:
        if (
            not columns
            or depth <= 0
            or line.starts_hunk
            or line.starts_file
            or not line.in_hunk
        ):
            return
        if line.sign == "-":
            continue
        indent = indent_of(line.raw)
        # white space in the kernel's form: tabs as far as possible
        plain = line.text[1 : 1 + len(indent)] == indent and re.fullmatch(
            r"\t* {0,7}", indent
        )
        column = columns.get(len(expand(indent)))
        moves = column is not None and column != len(expand(indent))
        if (
            plain
            and column is not None
            and moves
            and line.text[1 + len(indent) :].strip(_SPACES)
            and line.text[1 + len(indent)] != NOTE
        ):
            yield line, column
        depth += sum(line.code.count(char) for char in "([{") - sum(
            line.code.count(char) for char in ")]}"
        )


def _tail(old: ScannedLine, new: ScannedLine) -> ColumnSpan | None:
    """Returns the white space before a backslash or a comment at the end of a line that keeps its
    column, if there is room.
    """
    before, after = _TAIL.search(old.text), _TAIL.search(new.text)
    if (
        not before
        or not after
        or before[1] != after[1]
        or before[1] == " "
        or old.raw[before.start(2) :] != new.raw[after.start(2) :]
    ):
        return None
    column, end = (
        len(expand(old.raw[1 : before.end(1)])),
        len(expand(new.raw[1 : after.start(1)])),
    )
    if column <= end or column == len(expand(new.raw[1 : after.end(1)])):
        return None
    if " " in before[1]:
        gap = " " * (column - end) if "\t" not in before[1] else ""
    else:
        gap = "\t" * (column // _TAB - end // _TAB) if column % _TAB == 0 else ""
    return ColumnSpan(new.number, after.start(1), after.end(1), gap) if gap else None
