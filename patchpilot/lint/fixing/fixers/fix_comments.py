# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix comments: their form, and their position."""

import textwrap
from collections.abc import Iterable
from itertools import count, takewhile

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import ScannedLine, expand_tabs
from patchpilot.lint.fixing.fixer import (
    FixSite,
    Proposal,
    count_open_brackets,
    fixer,
    leading_whitespace,
    make_replacement,
)
from patchpilot.model.c_scanner import COMMENT as NOTE
from patchpilot.model.rule import FixEdit

COLUMNS = 80
"""The preferred length of a line."""
_WHOLE_LINE = compile_cached(r"\+([ \t]*)//[ \t]*(.*?)[ \t]*$")
_UNFIT = compile_cached(r"/\*|\*/|\\[ \t]*$")
"""Text that would end a block comment, or that continues a `//` comment on the next line."""
_ENDS = compile_cached(r"[;,{}:/]$|^$|^#")
"""The end of a line of code after which a new statement, member or enumerator starts."""
_MOVABLE = compile_cached(r"[;,]$|^#[ \t]*define\b")
_INSIDE = compile_cached(r"\}|else\b")
_IN_COMMENT = compile_cached(r"[+ ]([ \t]*\*)(?!/)")
_ONE_COMMENT = compile_cached(
    r"/\*[ \t]*((?:(?!/\*|\*/).)*?)[ \t]*\*/|//[ \t]*((?:(?!/\*|\*/).)*?)[ \t]*(?<!\\)"
)


@fixer("block-comment", is_prose=True)
def use_block_comment(site: FixSite) -> Proposal:
    """Rewrite a `//` comment, or the lines of one, as a block comment.

    If its line of code has more than 80 columns, the comment moves to the line above.
    """
    line = site.line
    if _WHOLE_LINE.match(line.raw):
        if _is_whole_line(site.find_added_line(site.number - 1)):
            return None
        numbers = takewhile(
            lambda number: _is_whole_line(site.find_added_line(number)), count(site.number)
        )
        rows = [site.scan.lines[number - 1].raw for number in numbers]
        texts = [text for row in rows for text in _WHOLE_LINE.findall(row)]
        if any(_UNFIT.search(text) for _, text in texts):
            return None
        indent = texts[0][0]
        if len(texts) == 1:
            return make_replacement(site.number, f"+{indent}/* {texts[0][1]} */")
        block = _format_block(indent, (text for _, text in texts))
        return make_replacement(site.number, *block, count=len(rows))
    above, code = split_comment(site)
    if above and line.length > COLUMNS:
        return make_replacement(site.number, *above, code)
    start = line.text.find(NOTE)
    while start >= 0 and not line.raw.startswith("//", start):
        start = line.text.find(NOTE, start + 1)
    comment = line.raw[start + 2 :].strip()
    if start < 0 or not comment or _UNFIT.search(line.raw[start:]):
        return None
    return make_replacement(site.number, f"{line.raw[:start]}/* {comment} */")


def _is_whole_line(line: ScannedLine | None) -> bool:
    return line is not None and _WHOLE_LINE.match(line.raw) is not None


@fixer("stray-blank-line", is_prose=True)
def fill_or_drop_blank_line(site: FixSite) -> Proposal:
    """Add ` *` to a blank line in a comment, and remove a blank line between lines of code."""
    before = site.line.previous
    if not before or not (star := _IN_COMMENT.match(before.raw)):
        return FixEdit(site.number, 1, ())
    # the edit starts inside of the comment, so that the text is recognized as a comment
    return make_replacement(before.number, before.raw, f"+{star[1]}", count=2)


@fixer("comment-above", is_prose=True)
def move_comment_above(site: FixSite) -> Proposal:
    """Move the comment at the end of a statement or definition to separate lines above it."""
    comment, code = split_comment(site)
    return make_replacement(site.number, *comment, code) if comment else None


def split_comment(site: FixSite) -> tuple[list[str], str]:
    """Return the comment at the end of a line as separate lines, and the line without it.

    There is no comment if the line has none at its end, or if it would have another meaning above
    the line.
    """
    line = site.line
    start = line.text.find(NOTE)
    if start < 0:
        return [], line.raw.rstrip()
    code, match = line.raw[:start].rstrip(), _ONE_COMMENT.fullmatch(line.raw[start:].rstrip())
    indent, statement = leading_whitespace(code), code[1:].strip()
    before = line.previous.code[1:].strip() if line.previous and not line.starts_hunk else "?"
    is_movable = (
        match
        and (match[1] or match[2])
        and set(line.text[start:].rstrip()) == {NOTE}
        and _MOVABLE.search(statement)
        and not _INSIDE.match(statement)
        and not count_open_brackets(line.text[1:start])
        and _ENDS.search(before)
        and not before.endswith("\\")
    )
    if not match or not is_movable:
        return [], code
    room = COLUMNS - len(expand_tabs(indent, site.tab_size))
    text = match[1] or match[2] or ""
    if len(f"/* {text} */") <= room:
        return [f"+{indent}/* {text} */"], code
    rows = textwrap.wrap(text, room - 3, break_long_words=False, break_on_hyphens=False)
    return _format_block(indent, rows), code


def _format_block(indent: str, texts: Iterable[str]) -> list[str]:
    body = (f"+{indent} * {text}".rstrip() for text in texts)
    return [f"+{indent}/*", *body, f"+{indent} */"]
