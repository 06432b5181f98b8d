# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix statements: unnecessary braces, long lines and open parentheses."""

import re

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import expand_tabs
from patchpilot.lint.fixing.fixer import (
    FixSite,
    Proposal,
    count_open_brackets,
    fixer,
    leading_whitespace,
    make_replacement,
    make_whitespace,
    replace_lines,
    strip_sign,
)
from patchpilot.lint.fixing.fixers.fix_comments import COLUMNS, split_comment
from patchpilot.lint.fixing.realign import open_columns
from patchpilot.model.c_scanner import COMMENT as NOTE
from patchpilot.model.rule import FixEdit

MOST_LINES = 12
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
_IS_END = compile_cached(r"^$|[;{}:/]$|(?<!\+ )\+$")
_GOES_ON = " \\"
_MACRO = compile_cached(r"\+(#[ \t]*define[ \t]+\w+(?:\([\w, .]*\))?)[ \t]+(\S.*)$")


_SINGLE = (
    r"(?!(?:if|for|while|do|switch|case|default|else)\b|\w+\s*:(?!:)|#|[A-Z][A-Z0-9_]*\s*\("
    r"|(?:const|static|struct|unsigned|int|char|long|u\d+|s\d+|bool)\b[^(\n]*=)"
    r"(?=(?:return|break|continue|goto)\b|[^=(\n]*(?:=|\(|\+\+|--))[^;{}\n]*;"
)
"""A statement that is neither a declaration, a condition, a label nor a call of a macro."""
_HEAD = r"(?:\}[ \t]*)?(?:(?:else[ \t]+)?(?:if|for|while)[ \t]*\(.*\)|else)"
_BRACED = compile_cached(
    rf"(?:[ \t]*{_HEAD}[ \t]*\{{\n[ \t]*+{_SINGLE}\n"
    r"(?=[ \t]*\}[ \t]*(?:else\b|\n|\Z)))+[ \t]*\}$",
    re.MULTILINE,
)
"""A condition or loop whose branches are all single statements in braces."""


@fixer("drop-braces", tokens=(("[{}]", ""),))
def drop_braces(site: FixSite) -> Proposal:
    """Remove the braces of a condition or loop whose branches are all single statements."""
    rows = (
        strip_sign(site.find_added_line(site.number + row_number))
        for row_number in range(4 * MOST_LINES)
    )
    match = _BRACED.match("\n".join(rows))
    old = [f"+{row}" for row in match[0].split("\n")] if match else []
    end = site.number + len(old) - 1
    next_line = site.scan.raw_line(end, 1) or ""
    if not old or re.match(r"[+ ]\s*else\b", next_line):
        return None
    first, *other_rows = (re.sub(r"[ \t]*\{$", "", row) for row in old[:-1])
    new = [first, *(re.sub(r"^(\+\s*)\}\s*", r"\1", row) for row in other_rows)]
    return (*replace_lines(site.number, old[:-1], new), FixEdit(end, 1, ()))


@fixer("break-line", tokens=((r"\\", ""),), is_prose=True)
def break_line(site: FixSite) -> Proposal:
    """Break a line of code after a comma or an operator.

    The rest is aligned with the open parenthesis. The value of a macro moves to the next line, and
    a comment at the end to the line above.
    """
    line = site.find_added_line(site.number)
    if not line:
        return None
    comment, raw = split_comment(site)
    if raw.endswith("\\") or (NOTE in line.text and not comment):
        return None
    text, tab_size = line.text[: len(raw)], site.tab_size
    if match := _MACRO.match(text):
        value, masked = f"\t{raw[match.start(2) :]}", f"\t{match[2]}"
        limit = MOST_COLUMNS - len(_GOES_ON)
        rows = _break_at_brackets(
            value, masked, _ANY_BREAK, _DEEPEST, limit, margin=tab_size, tab_size=tab_size
        )
        *continued, last = (f"+{row}" for row in (match[1], *rows))
        lines = (*(row + _GOES_ON for row in continued), last)
    else:
        before = line.previous.code.rstrip() if line.previous else ""
        margin = len(expand_tabs(leading_whitespace(raw), tab_size))
        margin += tab_size * bool(_IS_END.search(before))
        is_directive = text[1:].lstrip().startswith("#")
        rows = [] if is_directive else _break_at_best_columns(raw[1:], text[1:], margin, tab_size)
        lines = tuple(f"+{row}" for row in rows)
    return make_replacement(line.number, *comment, *lines) if rows else None


def _break_at_best_columns(
    raw: str, text: str, margin: int, tab_size: int, most_places: int = len(_BREAKS)
) -> list[str]:
    lines = (
        _break_at_brackets(raw, text, pattern, depth, limit, margin=margin, tab_size=tab_size)
        for limit in (COLUMNS, MOST_COLUMNS)
        for pattern, depth in _BREAKS[:most_places]
    )
    return next(filter(None, lines), [])


@fixer("join-open")
def join_open(site: FixSite) -> Proposal:
    """Move the arguments below an open bracket up to the line of the bracket.

    The following lines are aligned with the first argument, and have up to 80 or 100 columns.
    """
    first = site.find_added_line(site.number)
    raw = strip_sign(first)
    if not first or not raw.endswith(("(", "[")):
        return None
    text = first.text[1 : 1 + len(raw)]
    count = depth = 1
    while depth > 0:
        row = site.find_added_line(site.number + count)
        code = strip_sign(row).strip()
        # without a comma, the next line may be another declaration in a macro
        goes_on = raw[-1] in ",([&|?:+*/=-" or code[:1] in ")]&|?:+*/=-"
        if not row or not code or not goes_on or count > MOST_LINES:
            return None
        space = "" if raw[-1] in "([" or code[0] in ")]" else " "
        raw += space + code
        text += space + row.text[1 : len(row.raw)].strip()
        depth += count_open_brackets(re.sub("[{}]", "", row.code))
        count += 1
    margin = len(expand_tabs(leading_whitespace(first.raw), site.tab_size)) + site.tab_size
    # break the line only between arguments
    lines = _break_at_best_columns(raw, text, margin, site.tab_size, most_places=3)
    added = (f"+{line}" for line in lines)
    return make_replacement(site.number, *added, count=count) if lines else None


def _break_at_brackets(
    raw: str,
    text: str,
    pattern: re.Pattern[str],
    max_depth: int,
    limit: int,
    *,
    margin: int,
    tab_size: int,
) -> list[str]:
    """Break a line inside brackets up to a maximum depth, or return [] if a part is too long.

    Parts outside brackets start at column `margin`.
    """
    rows: list[str] = []
    while len(expand_tabs(raw, tab_size)) > limit and len(rows) < MOST_LINES:
        breaks = [
            match.end()
            for match in pattern.finditer(text)
            if len(expand_tabs(raw[: match.end()], tab_size)) <= limit
            and count_open_brackets(text[: match.end()]) <= max_depth
        ]
        if not breaks:
            return []
        open_brackets = open_columns(f"+{text[: breaks[-1]]}", tab_size)
        column = open_brackets[-1] if open_brackets else margin
        rows.append(raw[: breaks[-1]])
        raw = " " * column + raw[breaks[-1] :].lstrip()
        # keep the columns of unclosed brackets, and replace the other text with spaces
        brackets = ("(" if position in open_brackets else " " for position in range(1, column + 1))
        text = "".join(brackets) + text[breaks[-1] :].lstrip()
    first, *other_rows = [*rows, raw]
    indented = (
        make_whitespace(len(row) - len(row.lstrip()), tab_size=tab_size) + row.lstrip()
        for row in other_rows
    )
    return [first, *indented] if len(expand_tabs(raw, tab_size)) <= limit else []
