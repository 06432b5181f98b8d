# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the layout of statements: needless braces, long lines and open parentheses."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import expand
from patchpilot.lint.fixing.fixer import (
    NAMED,
    FixSite,
    Proposal,
    fixer,
    indent_of,
    replaced,
    strip_sign,
    tab_indent,
)
from patchpilot.model.rule import FixEdit

MOST_LINES = 12
COLUMNS = 80
MOST_COLUMNS = 100
_DEEPEST = 3
_BREAK = compile_cached(r"(?:,|&&|\|\|)(?=\s)")
_ANY_BREAK = compile_cached(rf"{_BREAK.pattern}|(?<=\s)(?:\?|\||\+|(?<![=!<>])=)(?=\s)")
_BREAKS = (
    (_BREAK, 1),
    (_BREAK, 2),
    (_BREAK, _DEEPEST),
    (_ANY_BREAK, 0),
    (_ANY_BREAK, _DEEPEST),
)
"""The positions at which a line may be broken, and their maximum bracket depth; best first."""
_ARGUMENTS = _BREAKS[:3]
_IS_END = compile_cached(r"^$|[;{}:/]$|(?<!\+ )\+$")
_GOES_ON = " \\"
_MACRO_COLUMNS = MOST_COLUMNS - len(_GOES_ON)
_MACRO = compile_cached(r"\+(#[ \t]*define[ \t]+\w+(?:\([\w, .]*\))?)[ \t]+(\S.*)$")


_SINGLE = compile_cached(
    r"(?!(?:if|for|while|do|switch|case|default|else)\b|\w+\s*:(?!:)|#|[A-Z][A-Z0-9_]*\s*\("
    r"|(?:const|static|struct|unsigned|int|char|long|u\d+|s\d+|bool)\b[^(]*=)"
    r"(?=(?:return|break|continue|goto)\b|[^=(]*(?:=|\(|\+\+|--))[^;{}]*;"
)
"""A statement that is neither a declaration, a condition, a label nor a call of a macro."""
_HEAD = compile_cached(
    r"(?:\}\s*)?(?:else\s+)?(?:if|for|while)\s*\(.*\)|(?:\}\s*)?else|do"
)


@fixer("drop-braces", NAMED, tokens=(("[{}]", ""),))
def drop_braces(site: FixSite) -> Proposal:
    """Remove braces around single statements in all branches of a condition or loop."""
    edits: list[FixEdit] = []
    number, branch = site.number, re.compile(r"(\s*)(.*?)\s*\{")
    while True:
        head, body, end = (strip_sign(site.added(number + at)) for at in range(3))
        match = branch.fullmatch(head)
        if not (
            match and _HEAD.fullmatch(match[2]) and _SINGLE.fullmatch(body.strip())
        ):
            return None
        start = match[2].removeprefix("}").strip() if edits else match[2]
        edits.append(replaced(number, f"+{match[1]}{start}"))
        number += 2
        if end.strip() == "}":
            below = site.scan.raw_line(number, 1) or ""
            goes_on = re.match(r"[+ ]\s*else\b", below)
            return None if goes_on else (*edits, FixEdit(number, 1, ()))
        if not re.fullmatch(r"\s*\}\s*else\b.*\{", end):
            return None


@fixer("break-line", NAMED, tokens=((r"\\", ""),))
def break_line(site: FixSite) -> Proposal:
    """Break a line of code after a comma or an operator.

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
    if not strip_sign(line):
        return None
    before = line.previous.code.rstrip() if line.previous else ""
    rows = _break_line(raw, text, continues=not _IS_END.search(before))
    return replaced(line.number, *(f"+{row}" for row in rows)) if rows else None


def _break_line(
    raw: str,
    text: str,
    places: Sequence[tuple["re.Pattern[str]", int]] = _BREAKS,
    *,
    continues: bool = False,
) -> list[str]:
    """Break a long line of code at the best columns; return [] if no break is good."""
    options = ((limit, *place) for limit in (COLUMNS, MOST_COLUMNS) for place in places)
    lines = (
        _broken(raw, text, pattern, depth, limit, continues=continues)
        for limit, pattern, depth in options
    )
    return next(filter(None, lines), [])


@fixer("join-open")
def join_open(site: FixSite) -> Proposal:
    """Move the arguments below an open parenthesis or bracket up to its line.

    All of them are aligned with the first one, in lines of up to 80 or 100 columns.
    """
    first = site.added(site.number)
    raw = strip_sign(first)
    if not first or not raw.endswith(("(", "[")):
        return None
    text = first.text[1 : 1 + len(raw)]
    count = depth = 1
    while depth > 0:
        row = site.added(site.number + count)
        code = strip_sign(row).strip()
        # text after a missing comma may be another declaration in a macro
        goes_on = raw[-1] in ",([&|?:+*/=-" or code[:1] in ")]&|?:+*/=-"
        if not row or not code or not goes_on or count > MOST_LINES:
            return None
        space = "" if raw[-1] in "([" or code[0] in ")]" else " "
        raw += space + code
        text += space + row.text[1 : len(row.raw)].strip()
        depth += sum((char in "([") - (char in ")]") for char in row.code)
        count += 1
    width = len(expand(raw))
    lines = [] if width <= COLUMNS else _break_line(f"+{raw}", f"+{text}", _ARGUMENTS)
    if not lines and width <= MOST_COLUMNS:
        lines = [raw]
    added = (f"+{line}" for line in lines)
    return replaced(site.number, *added, count=count) if lines else None


def _broken(
    raw: str,
    text: str,
    pattern: "re.Pattern[str]",
    max_depth: int,
    limit: int,
    *,
    continues: bool,
) -> list[str]:
    """Break a line of code at brackets up to this depth; return [] if a result is too long."""
    margin = len(expand(indent_of(raw))) + (0 if continues else 8)
    lines = [""]
    opened: list[int] = []
    # the brackets still open at the start of the last line
    outer = 0
    start = 1
    for end in (*_break_columns(text, pattern, max_depth), len(text)):
        piece = raw[start:end]
        if lines[-1].strip() and len(expand(lines[-1] + piece.rstrip())) > limit:
            column = opened[-1] if opened else margin
            if len(lines) == 1:
                outer = len(opened)
            lines[-1] = lines[-1].rstrip()
            lines.append(tab_indent(column))
            piece = piece.lstrip()
        for at, char in enumerate(text[end - len(piece) : end]):
            if char in "([{":
                opened.append(len(expand(lines[-1] + piece[: at + 1])))
            elif char in ")]}" and opened:
                opened.pop()
        lines[-1] += piece
        start = end
    fits = all(len(expand(line)) <= limit for line in lines)
    # lines below may be aligned with an open bracket
    is_open = opened and len(opened) > outer
    return lines if fits and 1 < len(lines) <= MOST_LINES and not is_open else []


def _break_columns(
    text: str, pattern: "re.Pattern[str]", max_depth: int
) -> Iterator[int]:
    """Yield the columns at which a line may be broken."""
    for match in pattern.finditer(text):
        end = match.end()
        depth = sum((char in "([{") - (char in ")]}") for char in text[:end])
        if depth <= max_depth:
            yield end
