# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix the layout of C lines: tab stops and continuation lines."""

import re
from functools import partial

from patchpilot.lint.c.checks.line_layout import (
    _find_last_open_parenthesis as last_open_bracket,
)
from patchpilot.lint.c.line_scan import ScannedLine, expand_tabs
from patchpilot.lint.fixing.fixer import (
    FixSite,
    Proposal,
    fixer,
    leading_whitespace,
    list_edits,
    make_replacement,
    make_whitespace,
    rewrite_matches,
)
from patchpilot.lint.fixing.fixers.fix_statements import MOST_COLUMNS
from patchpilot.lint.fixing.fixers.fix_whitespace import find_nesting_depth

_MOST_LINES = 20
_TAB = "\t"
_COMMENT_FIRST = (
    r"^\+(\t*)(/\*(?:(?!\*/).)*\*/)[ \t]*+(?!/\*)(.*?[;,](?=\s*(?:/[/*].*)?$)|)[ \t]*(.*?)"
    r"(?<!\\)[ \t\r]*$"
)
"""A comment, the code after it up to the end of a statement, and the rest of the line."""


@fixer("tab-stop", is_prose=True)
def move_comment_before_code(site: FixSite) -> Proposal:
    """Move a comment that precedes code to the end of the line or to a separate line above.

    If no comment precedes it, indent code in a new function to the depth of its braces.
    """
    move_to_end = partial(_move_comment_to_end, tab_size=site.tab_size)
    moved = list_edits(rewrite_matches(site, _COMMENT_FIRST, move_to_end, is_prose=True))
    indent = leading_whitespace(site.line.raw)
    may_move = not moved and _may_reindent(site.line, indent)
    depth = find_nesting_depth(site, len(expand_tabs(indent, site.tab_size))) if may_move else 0
    new = f"+{depth * _TAB}{site.line.raw[1 + len(indent) :]}"
    return make_replacement(site.number, new) if depth else moved


def _move_comment_to_end(match: re.Match[str], tab_size: int) -> str:
    ending = " {4}" if match[3] and match[4] else "{4}"
    joined = f"{match[1]}{match[3]} {match[2]} {match[4]}"
    fits = len(expand_tabs(joined, tab_size)) <= MOST_COLUMNS
    is_end = match[3] and fits
    return f"+{{1}}{{3}} {{2}}{ending}" if is_end else f"+{{1}}{{2}}\n+{{1}}{{3}}{ending}"


@fixer("align")
def align_continuation(site: FixSite) -> Proposal:
    """Align a continuation line with the open parenthesis.

    Lines aligned with it move as well. A context line is removed and added again.
    """
    line, before = site.line, site.find_added_line(site.number - 1)
    if not before or line.sign not in "+ " or line.starts_file or line.starts_hunk:
        return None
    head = before.text[1:].lstrip(_TAB)
    tabs = len(before.text) - 1 - len(head)
    column, old = last_open_bracket(head), leading_whitespace(line.raw)
    if column < 0 or not _may_reindent(line, old):
        return None
    rows = [line]
    depth = _count_open_parentheses(before.code) + _count_open_parentheses(line.code)
    for row in site.scan.lines[line.number : line.number + _MOST_LINES]:
        is_below = row.sign == line.sign and not row.starts_file
        if depth <= 0 or not (is_below and _may_reindent(row, old)):
            break
        rows.append(row)
        depth += _count_open_parentheses(row.code)
    new = make_whitespace(site.tab_size * tabs + column, tab_size=site.tab_size)
    added = [f"+{new}{row.raw[1 + len(old) :]}" for row in rows]
    if line.sign == "+":
        return [make_replacement(row.number, text) for row, text in zip(rows, added, strict=True)]
    # git apply needs context below the call, even if the file ends there
    if depth > 0 or rows[-1].left < 2:
        return None
    removed = (f"-{row.raw[1:]}" for row in rows)
    return make_replacement(line.number, *removed, *added, count=len(rows))


def _may_reindent(line: ScannedLine, indent: str) -> bool:
    """Return whether a line with this indent may be reindented.

    It must not be in a comment, string or directive, and must not end with a backslash.
    """
    end = 1 + len(indent)
    return (
        leading_whitespace(line.raw) == line.text[1:end] == indent
        and not line.raw.rstrip().endswith("\\")
        and not line.text.startswith("#", end)
    )


def _count_open_parentheses(code: str) -> int:
    return code.count("(") - code.count(")")
