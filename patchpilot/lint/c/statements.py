# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the ends of statements, blocks and conditions on the new side of a hunk.

A `Passage` is the text of consecutive lines with their diff signs; positions are offsets in this
text.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple, TypeVar

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.c.c_patterns import (
    compile_ascii,
    match_ascii,
)
from patchpilot.lint.c.line_scan import ScannedLine

_SIGNED_NEWLINE = lazy_pattern(r"\n.")
# in a malicious patch, read at most this many times its size in characters, plus the floor
_BUDGET_FACTOR, _BUDGET_FLOOR = 12, 500_000
_EACH = 80
_CUT = 400
_CUT_LINES = 10
# the maximum length of a statement
_LONGEST = 50_000
_END = lazy_pattern(r";+\s*$", re.ASCII)


class StatementSpan(NamedTuple):
    """The range of a statement in a passage, from `start` to `end` (exclusive).

    Its condition ends at `condition_end`. `level` is above 0 if the statement is not closed. The
    next statement starts on patch line `next_number` at the offset `next_column`.
    """

    passage: "Passage"
    start: int
    end: int
    condition_end: int
    level: int
    next_number: int
    next_column: int
    limit: int

    def _truncate_text(self, start: int, end: int) -> str:
        return self.passage.text[start : min(end, start + _LONGEST)]

    @property
    def raw_text(self) -> str:
        """Return the statement with its diff signs, truncated."""
        return self._truncate_text(self.start, self.end)

    @property
    def raw_condition(self) -> str:
        """Return the condition, or a call up to its arguments, with diff signs."""
        return self._truncate_text(self.start, self.condition_end)

    @property
    def raw_block(self) -> str:
        """Return the text after the condition, with diff signs."""
        return self._truncate_text(self.condition_end, self.end)

    @property
    def head(self) -> str:
        """Return the statement up to its first brace, formatted like `text`."""
        return blank_diff_signs(self.raw_text.partition("{")[0])

    @property
    def newlines(self) -> int:
        return self.passage.text.count("\n", self.start, self.end)

    @property
    def is_whole(self) -> bool:
        """Return whether the statement contains neither a block nor another statement."""
        text = self.passage.text
        if text.find("{", self.start, self.end) >= 0:
            return False
        return ";" not in _END.sub("", text[self.start : self.end])

    @property
    def text(self) -> str:
        """Return the statement with spaces in place of all diff signs but the first."""
        return blank_diff_signs(self.raw_text)

    @property
    def condition(self) -> str:
        """Return the condition, formatted like `text`."""
        return blank_diff_signs(self.raw_condition)


def blank_diff_signs(text: str) -> str:
    """Replace every diff sign except the first with a space."""
    return _SIGNED_NEWLINE.sub("\n ", text) if "\n" in text else text


class Passage:
    """The lines on the new side of a hunk, joined into one text.

    `starts` has the offset of each line.
    """

    def __init__(self, lines: Sequence[ScannedLine]) -> None:
        self.lines = [line for line in lines if line.sign != "-"]
        self.text = "\n".join([*(line.text for line in self.lines), ""])
        self.starts = [0, *accumulate(len(line.text) + 1 for line in self.lines)]
        self._numbers = [line.number for line in self.lines]
        self._budget = _BUDGET_FACTOR * len(self.text) + _BUDGET_FLOOR

    def index(self, number: int) -> int:
        """Return the index of a patch line in the passage, or of the next line that the passage
        contains.
        """
        return bisect_left(self._numbers, number)

    def statement(self, line: ScannedLine, column: int = 0) -> StatementSpan:
        index = self.index(line.number)
        return self.statement_at(
            self.starts[index] + column,
            self.starts[min(index + line.left, len(self.lines))],
        )

    def next_statement(self, span: StatementSpan) -> StatementSpan:
        return self.statement_at(span.end, span.limit)

    def statement_at(self, start: int, limit: int) -> StatementSpan:
        """Return the statement that starts at an offset and ends before `limit`."""
        if not self.lines:
            # a damaged hunk may be empty
            return StatementSpan(self, start, start, start, 0, 0, 0, start)
        if self._budget <= 0:
            limit = min(limit, start + _CUT)
        scan = _Statement(self.text, start, limit)
        end, is_line_end = scan.scan()
        self._budget -= end - start + _EACH
        index = bisect_right(self.starts, max(end - 1, 0), 0, len(self.lines)) - 1
        return StatementSpan(
            self,
            start,
            end,
            scan.condition + 1,
            scan.level,
            self._numbers[index] + is_line_end,
            0 if is_line_end else end - self.starts[index],
            limit,
        )

    def read_if_chain(self, line: ScannedLine, column: int) -> tuple[int, list[StatementSpan]]:
        """Return the final nesting level, and the spans of a statement or of all branches of an
        `if`.
        """
        span = self.statement(line, column)
        parts = [span]
        if span.end >= span.limit or not match_ascii(
            r"\s*(?:\n[+-])?\s*(?:if|else|do)\b", span.raw_condition
        ):
            return span.level, parts
        while True:
            span = self.next_statement(span)
            if span.end >= span.limit or not match_ascii(
                r"(?:\s*\n[+-])*\s*(?:else|do)\b", span.raw_condition
            ):
                return span.level, parts
            parts.append(span)

    def read_brackets(self, line: ScannedLine, brackets: str) -> tuple[int, list[ScannedLine]]:
        """Return the number of open brackets, and the lines up to the closing bracket.

        `brackets` is "()" or "{}". For "{}", lines in nested blocks are omitted.
        """
        index = self.index(line.number)
        level, stack, lines = 0, [0], []
        marks = compile_ascii(f"[{brackets}]")
        max_lines = line.left if self._budget > 0 else _CUT_LINES
        for scanned in self.lines[index : index + max_lines]:
            self._budget -= len(scanned.text)
            if "#" in scanned.text and (
                branch := match_ascii(
                    r".\s*#\s*(?:(ifndef|ifdef|if)\s|(else|elif)\b|(endif)\b)",
                    scanned.text,
                )
            ):
                level = _state_after_branch(branch, stack, level, 0)
            for mark in marks.finditer(scanned.text):
                if mark.group() == brackets[1] and level > 0:
                    level -= 1
                    if level == 0:
                        break
                elif mark.group() == brackets[0]:
                    level += 1
            if brackets == "()" or level <= 1:
                lines.append(scanned)
            if level == 0:
                break
        return level, lines


def read_hunk_passage(lines: Sequence[ScannedLine], first: int) -> Passage:
    """Return the passage of the hunk that starts at patch line `first`."""
    last = first
    while last <= len(lines) and not (lines[last - 1].starts_hunk or lines[last - 1].starts_file):
        last += 1
    return Passage(lines[first - 1 : last - 1])


@cache
def _stop_patterns() -> dict[str, re.Pattern[str]]:
    """Map each scanner state to a pattern for the characters that can change it."""
    return {
        "": compile_ascii(r"[;({#\n]|else(?=[\s{])"),
        "(": compile_ascii(r"[()#]"),
        "{": compile_ascii(r"[{}#]"),
        "#": compile_ascii(r"[\n#]"),
    }


_State = TypeVar("_State")


def _state_after_branch(
    branch: re.Match[str], stack: list[_State], state: _State, first: _State
) -> _State:
    """Return the state after an #if, #else or #endif.

    `stack` holds the states at the open #ifs. After #endif, the state of the last branch applies.
    """
    if branch[1]:
        stack.append(state)
        return state
    if branch[2]:
        return stack[-2] if len(stack) > 1 else first
    return stack.pop() if stack else first


class _Statement:
    """A scan of one statement.

    `inside` is the construct that is open (a key of `_stop_patterns`), and `level` is its depth.
    `condition` is the offset where the condition ends.
    """

    def __init__(self, text: str, start: int, limit: int) -> None:
        self.text, self.start, self.limit = text, start, limit
        self.inside, self.level, self.condition = "", 0, start - 1
        self.stack: list[tuple[str, int]] = [("", 0)]

    def scan(self) -> tuple[int, bool]:
        """Return the end of the statement, and whether the rest of its last line belongs to it."""
        stops, offset = _stop_patterns(), self.start
        self._enter_define(offset)
        while match := stops[self.inside].search(self.text, offset, self.limit):
            offset = match.start()
            end = _AT[self.text[offset]](self, offset)
            if end is not None:
                return end, self.inside == "#"
            offset += 1
        return self.limit, True

    def _enter_define(self, offset: int) -> None:
        define = compile_ascii(r".[^\S\n]*#[^\S\n]*define")
        if offset < self.limit and define.match(self.text, offset, self.limit):
            self.inside, self.level = "#", 1

    def _follow_branch(self, offset: int) -> None:
        branch = compile_ascii(r"#[^\S\n]*(?:(ifndef|ifdef|if)\s|(else|elif)\b|(endif)\b)").match(
            self.text, offset, self.limit
        )
        if branch:
            state = (self.inside, self.level)
            self.inside, self.level = _state_after_branch(branch, self.stack, state, ("", 0))

    def _pass_newline(self, offset: int) -> int | None:
        if self.inside != "#":
            self._enter_define(offset + 1)
        elif self.text[offset - 1 : offset] != "\\":
            self.level -= 1
            return offset + 1
        return None

    def _start_else(self, offset: int) -> None:
        before = self.text[offset - 1] if offset > self.start else ""
        if (
            self.condition < self.start
            and (not before or before in " \t\n\r\f\v}+")
            and not compile_ascii(r"else[^\S\n]+if\b").match(self.text, offset, self.limit)
        ):
            self.condition = offset + 3

    def _open_block(self, offset: int) -> None:
        self.inside = self.text[offset]
        self.level += 1

    def _close_bracket(self, offset: int) -> None:
        self.level -= 1
        if self.level == 0:
            self.inside = ""
            if self.condition < self.start:
                self.condition = offset

    def _find_block_end(self, offset: int) -> int | None:
        self.level -= 1
        if self.level:
            return None
        return offset + 1 + (self.text[offset + 1 : offset + 2] == ";" and offset + 1 < self.limit)


_AT: dict[str, Callable[[_Statement, int], int | None]] = {
    "#": _Statement._follow_branch,
    ";": lambda _, at: at + 1,
    "\n": _Statement._pass_newline,
    "e": _Statement._start_else,
    "(": _Statement._open_block,
    "{": _Statement._open_block,
    ")": _Statement._close_bracket,
    "}": _Statement._find_block_end,
}
"""The scan's action at a character that can change the state."""
