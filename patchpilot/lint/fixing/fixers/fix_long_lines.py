# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers that break long lines: code after a comma or an operator, comments between words."""

import re
from collections.abc import Iterator

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import expand
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import (
    NAMED,
    FixSite,
    Proposal,
    bare_code,
    fixer,
    indent_of,
    replaced,
)
from patchpilot.lint.fixing.fixers.fix_statements import COLUMNS, MOST_COLUMNS

_MOST_LINES = 6
_DEEPEST = 3
_BREAK = compile_cached(r"(?:,|&&|\|\|)(?=\s)")
_LATE_BREAK = compile_cached(r"(?:(?<=\s)(?:\?|\||\+|(?<![=!<>])=)(?=\s))")
_ANY_BREAK = compile_cached(rf"{_BREAK.pattern}|{_LATE_BREAK.pattern}")
_BREAKS = (
    (_BREAK, 1),
    (_BREAK, 2),
    (_BREAK, _DEEPEST),
    (_LATE_BREAK, 0),
    (_LATE_BREAK, _DEEPEST),
    (_ANY_BREAK, _DEEPEST),
)
"""Where a line may be broken, and in up to how many brackets; best first."""
_IS_END = compile_cached(r"^$|[;{}:/]$|(?<!\+ )\+$")
_GOES_ON = " \\"
_MACRO_COLUMNS = MOST_COLUMNS - len(_GOES_ON)
_MACRO = compile_cached(r"\+(#[ \t]*define[ \t]+\w+(?:\([\w, .]*\))?)[ \t]+(\S.*)$")


@fixer("break-line", NAMED, tokens=((r"", r"\\"),))
def break_line(site: FixSite) -> Proposal:
    """Breaks a line of code after a comma or an operator.

    The rest is aligned with the open parenthesis. The value of a macro moves to the next line.
    """
    line = site.added(site.number)
    raw = line.raw.rstrip() if line else ""
    if not line or not raw or NOTE in line.text or raw.endswith("\\"):
        return None
    text = line.text[: len(raw)]
    if match := _MACRO.match(text):
        value, most = f"+\t{raw[match.start(2) :]}", _MACRO_COLUMNS
        lines = [value[1:]]
        if len(expand(value[1:])) > MOST_COLUMNS:
            lines = _broken(
                value, f"+\t{match[2]}", _ANY_BREAK, _DEEPEST, most, continues=True
            )
        *above, last = (match[1], *lines)
        added = (*(f"+{row}{_GOES_ON}" for row in above), f"+{last}")
        return replaced(line.number, *added) if lines else None
    if not bare_code(line):
        return None
    before = line.previous.code.rstrip() if line.previous else ""
    continues = not _IS_END.search(before)
    for limit in (COLUMNS, MOST_COLUMNS):
        for pattern, depth in _BREAKS:
            lines = _broken(raw, text, pattern, depth, limit, continues=continues)
            if lines:
                return replaced(line.number, *(f"+{row}" for row in lines))
    return None


def _broken(
    raw: str,
    text: str,
    pattern: "re.Pattern[str]",
    deepest: int,
    limit: int,
    *,
    continues: bool,
) -> list[str]:
    """Return the lines of a line of code that is broken at places of up to this depth of brackets.

    None where one is too long.
    """
    margin = len(expand(indent_of(raw))) + (0 if continues else 8)
    lines = [""]
    opened: list[int] = []
    # the brackets that are open where the last line starts
    outer = 0
    start = 1
    for end in (*_breaks(text, pattern, deepest), len(text)):
        piece = raw[start:end]
        if lines[-1].strip() and len(expand(lines[-1] + piece.rstrip())) > limit:
            column = opened[-1] if opened else margin
            if len(lines) == 1:
                outer = len(opened)
            lines[-1] = lines[-1].rstrip()
            lines.append("\t" * (column // 8) + " " * (column % 8))
            piece = piece.lstrip()
        for at, char in enumerate(text[end - len(piece) : end]):
            if char in "([{":
                opened.append(len(expand(lines[-1] + piece[: at + 1])))
            elif char in ")]}" and opened:
                opened.pop()
        lines[-1] += piece
        start = end
    fits = all(len(expand(line)) <= limit for line in lines)
    # what is below may be aligned with a bracket that is still open
    is_open = opened and len(opened) > outer
    return lines if fits and 1 < len(lines) <= _MOST_LINES and not is_open else []


def _breaks(text: str, pattern: "re.Pattern[str]", deepest: int) -> Iterator[int]:
    """Yield the columns after which a line may be broken."""
    for match in pattern.finditer(text):
        end = match.end()
        depth = sum((char in "([{") - (char in ")]}") for char in text[:end])
        if depth <= deepest:
            yield end
