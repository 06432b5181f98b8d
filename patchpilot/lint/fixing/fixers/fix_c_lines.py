# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the layout of C lines: braces, labels, continuation lines and comment stars."""

import re

from patchpilot.lint.c.checks.line_layout import (
    _last_open_parenthesis as last_open_bracket,
)
from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import ScannedLine, as_text, expand
from patchpilot.lint.fixing.fixer import (
    COMMENT,
    FixSite,
    Proposal,
    fixer,
    indent_of,
    replaced,
    tab_indent,
)
from patchpilot.lint.fixing.fixers.fix_statements import MOST_COLUMNS
from patchpilot.lint.fixing.fixers.fix_whitespace import code_depth
from patchpilot.model.rule import FixEdit

_MOST_LINES = 20
_TAB = "\t"
_TAG = r"^\+(?:/\*(?=.*\*/)|//|#)[ \t]*(SPDX-License-Identifier:[ \t]*[^*/]*?)[ \t]*(?:\*/)?[ \t]*$"


@fixer("tab-stop", COMMENT)
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
    if not match or line.raw.endswith("\\") or line.raw[match.end(2) - 2 :][:2] != "*/":
        return None
    comment, code = line.raw[slice(*match.span(2))], match[3].rstrip()
    rest = line.raw[match.start(3) + len(code) :].strip()
    one = f"{match[1]}{code} {comment} {rest}".rstrip()
    if code.endswith((";", ",")) and len(expand(one[1:])) <= MOST_COLUMNS:
        return replaced(line.number, one)
    code = line.raw[match.start(3) :].rstrip()
    return replaced(line.number, match[1] + comment, match[1] + code)


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
    new = tab_indent(8 * tabs + column)
    added = [as_text(f"+{new}{row.raw[1 + len(old) :]}") for row in rows]
    if line.sign == "+":
        return [
            FixEdit(row.number, 1, (text,))
            for row, text in zip(rows, added, strict=True)
        ]
    last = rows[-1].number
    # the end of the call is known, and git apply needs context below it at the end of the file
    if depth > 0 or not any(
        hunk.patch_line < line.number <= last < hunk.lines[-1].patch_line
        for hunk in site.hunks
        if hunk.lines
    ):
        return None
    removed = [as_text(f"-{row.raw[1:]}") for row in rows]
    return FixEdit(line.number, len(rows), (*removed, *added))


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
