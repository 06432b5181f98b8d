# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the layout of C lines: braces, labels, continuation lines and comment stars."""

import re

from patchpilot.lint.c.checks.line_layout import (
    _last_open_parenthesis as last_open_bracket,
)
from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import ScannedLine, expand
from patchpilot.lint.fixing.fixer import (
    FixSite,
    Proposal,
    fixer,
    indent_of,
    replaced,
    white_space,
)
from patchpilot.lint.fixing.fixers.fix_statements import MOST_COLUMNS
from patchpilot.lint.fixing.fixers.fix_whitespace import code_depth

_MOST_LINES = 20
_TAB = "\t"


@fixer("tab-stop", is_prose=True)
def tab_stop(site: FixSite) -> Proposal:
    """Move a comment that precedes code to the end of the line.

    Other code in a new function is indented to the depth of its braces.
    """
    line = site.added(site.number)
    if not line or line.raw.lstrip("+\t").startswith("/*"):
        return _move_comment_to_end(line) if line else None
    indent = indent_of(line.raw)
    depth = code_depth(site, len(expand(indent))) if _may_move(line, indent) else 0
    new = f"+{depth * _TAB}{line.raw[1 + len(indent) :]}"
    return replaced(line.number, new) if depth else None


def _move_comment_to_end(line: ScannedLine) -> Proposal:
    """Move the comment at the start of a line to the end of its code.

    If there is no space, move it to a line above.
    """
    match = re.match(rf"(\+\t*)({NOTE}+)[ \t]*([^{NOTE}\s]+[^{NOTE}]*)", line.text)
    if not match or line.raw.endswith("\\"):
        return None
    comment, code = line.raw[slice(*match.span(2))], match[3].rstrip()
    start = match.start(3)
    rest = line.raw[start + len(code) :].strip()
    moved = f"{match[1]}{code} {comment} {rest}".rstrip()
    if code.endswith((";", ",")) and len(expand(moved[1:])) <= MOST_COLUMNS:
        return replaced(line.number, moved)
    return replaced(
        line.number, match[1] + comment, match[1] + line.raw[start:].rstrip()
    )


@fixer("align")
def align(site: FixSite) -> Proposal:
    """Align a continuation line with the text after the open parenthesis.

    Lines that were aligned with it move along. A line below an added one that the patch does not
    change is removed and added again.
    """
    line, before = site.line, site.added(site.number - 1)
    if not before or line.sign not in "+ " or line.starts_file or line.starts_hunk:
        return None
    head = before.text[1:].lstrip(_TAB)
    tabs = len(before.text) - 1 - len(head)
    column, old = last_open_bracket(head), indent_of(line.raw)
    if column < 0 or not _may_move(line, old):
        return None
    rows = [line]
    depth = _depth(before.code) + _depth(line.code)
    for row in site.scan.lines[line.number : line.number + _MOST_LINES]:
        is_below = row.sign == line.sign and not row.starts_file
        if depth <= 0 or not (is_below and _may_move(row, old)):
            break
        rows.append(row)
        depth += _depth(row.code)
    new = white_space(8 * tabs + column)
    added = [f"+{new}{row.raw[1 + len(old) :]}" for row in rows]
    if line.sign == "+":
        return [
            replaced(row.number, text) for row, text in zip(rows, added, strict=True)
        ]
    # the end of the call is known, and git apply needs context below it at the end of the file
    if depth > 0 or rows[-1].left < 2:
        return None
    removed = (f"-{row.raw[1:]}" for row in rows)
    return replaced(line.number, *removed, *added, count=len(rows))


def _may_move(line: ScannedLine, indent: str) -> bool:
    """Return whether a line with this indentation may be reindented.

    It must not be in a comment, string or directive, or have a column of backslashes.
    """
    end = 1 + len(indent)
    return (
        indent_of(line.raw) == line.text[1:end] == indent
        and not line.raw.rstrip().endswith("\\")
        and not line.text.startswith("#", end)
    )


def _depth(code: str) -> int:
    return code.count("(") - code.count(")")
