# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the layout of C lines: braces, labels, continuation lines and comment stars."""

import re

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.checks.line_layout import (
    _last_open_parenthesis as last_open_bracket,
)
from patchpilot.lint.c.line_scan import ScannedLine, as_text, expand
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import (
    COMMENT,
    NAMED,
    FixSite,
    Proposal,
    bare_code,
    delete,
    fixer,
    indent_of,
    replaced,
)
from patchpilot.lint.fixing.fixers.fix_statements import MOST_COLUMNS
from patchpilot.lint.fixing.fixers.fix_whitespace import code_depth
from patchpilot.model.finding import FixEdit

_SPACES = " \t"
_MOST_LINES = 20
_LONGEST_NOTICE = 60
_TAB = "\t"
_TAG = compile_cached(
    r"\+(?:/\*|//|#| \*)[ \t]*(SPDX-License-Identifier:[ \t]*[^*/]*?)[ \t]*(?:\*/)?[ \t]*$"
)


@fixer("join-brace")
def join_brace(site: FixSite) -> Proposal:
    """Moves the brace, `else` or `while` to the end of the previous line."""
    for lower in (site.number, site.number + 1):
        upper = site.added(lower - 1)
        line = site.added(lower)
        if not upper or not line:
            continue
        head, tail = bare_code(upper), bare_code(line)
        if head is None or tail is None or not head.strip():
            continue
        tail = tail.lstrip(_SPACES)
        if tail == "{" or (re.match(r"(?:else|while)\b", tail) and head.strip() == "}"):
            return replaced(upper.number, f"+{head} {tail}", count=2)
    return None


@fixer("split-brace")
def split_brace(site: FixSite) -> Proposal:
    """Moves the opening brace of a function to a separate line."""
    for number in range(site.number, site.number + _MOST_LINES):
        line = site.added(number)
        if line is None:
            return None
        text = bare_code(line)
        if text is None:
            return None
        if "{" in line.code:
            if (
                not text.endswith("{")
                or text.count("{") != 1
                or not text[:-1].rstrip(_SPACES).endswith(")")
            ):
                return None
            return replaced(number, "+" + text[:-1].rstrip(_SPACES), "+{")
        if ";" in line.code:
            return None
    return None


@fixer("label")
def label(site: FixSite) -> Proposal:
    """Moves a label to the start of its line; in a macro, together with the statement after it."""
    line = site.added(site.number)
    match = (
        re.match(r"\+[ \t]+([A-Za-z_]\w*:(?:[ \t]*$|(?!:).*\\$))", line.raw)
        if line
        else None
    )
    return replaced(site.number, f"+{match[1].rstrip()}") if match else None


@fixer("tab-stop", COMMENT)
def tab_stop(site: FixSite) -> Proposal:
    """Moves a comment that precedes code to the end of the line.

    Other code in a new function is indented to the depth of its braces.
    """
    line = site.added(site.number)
    if not line or line.raw.lstrip("+\t").startswith("/*"):
        return _comment_to_end(line) if line else None
    indent = indent_of(line.raw)
    depth = code_depth(site, len(expand(indent))) if _may_move(line, indent) else 0
    return (
        replaced(line.number, f"+{depth * _TAB}{line.raw[1 + len(indent) :]}")
        if depth
        else None
    )


def _comment_to_end(line: ScannedLine) -> Proposal:
    """Moves the comment that starts a line to the end of its code.

    To a line above where there is no room.
    """
    match = re.match(r"\+(\t*)(/\*.*?\*/)[ \t]*([^\s/].*?)[ \t]*$", line.raw)
    goes_on = line.raw.endswith("\\") or line.raw.count("/*") != line.raw.count("*/")
    if not match or goes_on or set(line.text[match.start(2) : match.end(2)]) != {NOTE}:
        return None
    code = line.text[match.start(3) : match.end(3)].partition(NOTE)[0].rstrip()
    rest = match[3][len(code) :].lstrip()
    one = f"+{match[1]}{code} {match[2]} {rest}".rstrip()
    fits = code.endswith((";", ",")) and len(expand(one[1:])) <= MOST_COLUMNS
    lines = (one,) if fits else (f"+{match[1]}{match[2]}", f"+{match[1]}{match[3]}")
    return replaced(line.number, *lines)


@fixer("comment-end", COMMENT)
def comment_end(site: FixSite) -> Proposal:
    """Moves the end of a comment to a separate line."""
    line = site.added(site.number)
    match = (
        re.match(r"\+([ \t]*)(\*[ \t].*?)[ \t]*\*/[ \t]*$", line.raw) if line else None
    )
    if not line or not match or line.text.strip(f"+{NOTE} \t"):
        return None
    return replaced(site.number, f"+{match[1]}{match[2]}", f"+{match[1]}*/")


@fixer("align")
def align(site: FixSite) -> Proposal:
    """Aligns a continuation line with the text after the open parenthesis.

    Lines that were aligned with it move along. A line below an added one that the patch does not
    change is removed and added again.
    """
    line, before = site.line, site.added(site.number - 1)
    if not before or line.sign not in "+ " or line.starts_file or line.starts_hunk:
        return None
    tabs = re.match(r"\+(\t*)(.*)$", before.text)
    column = last_open_bracket(tabs[2]) if tabs else -1
    if not tabs or column < 0:
        return None
    new_indent = tabs[1] + "\t" * (column // 8) + " " * (column % 8)
    old = indent_of(line.raw)
    if not _may_move(line, old):
        return None
    rows = [line]
    depth = _depth(before.code) + _depth(line.code)
    for number in range(line.number + 1, line.number + _MOST_LINES):
        one = site.scan.lines[number - 1] if number <= len(site.scan.lines) else None
        if (
            depth <= 0
            or one is None
            or one.sign != line.sign
            or one.starts_file
            or indent_of(one.raw) != old
            or not _may_move(one, old)
        ):
            break
        rows.append(one)
        depth += _depth(one.code)
    if depth > 0 and line.sign == " ":
        # where the call ends is not known
        return None
    added = [as_text(f"+{new_indent}{row.raw[1 + len(old) :]}") for row in rows]
    if line.sign == "+":
        return [
            FixEdit(row.number, 1, (text,))
            for row, text in zip(rows, added, strict=True)
        ]
    # git apply wants a hunk without context below it at the end of the file
    if not any(
        hunk.patch_line < line.number <= rows[-1].number < hunk.lines[-1].patch_line
        for hunk in site.hunks
        if hunk.lines
    ):
        return None
    removed = [as_text(f"-{row.raw[1:]}") for row in rows]
    return FixEdit(line.number, len(rows), (*removed, *added))


def _may_move(line: ScannedLine, indent: str) -> bool:
    """Whether the line's indent may change: it is not inside a comment, a string or a directive,
    and no backslash column follows.
    """
    text = line.text[1 + len(indent) :]
    return (
        line.text[1 : 1 + len(indent)] == indent
        and not line.raw.rstrip().endswith("\\")
        and not text.startswith("#")
    )


def _depth(code: str) -> int:
    return code.count("(") - code.count(")")


@fixer("drop-fallthrough", NAMED, tokens=((r"fallthrough ;", r""),))
def drop_fallthrough(site: FixSite) -> Proposal:
    """Deletes a `fallthrough;` between two labels."""
    line = site.added(site.number)
    return (
        delete([site.number])
        if line and line.raw[1:].strip() == "fallthrough;"
        else None
    )


@fixer("spdx-comment", COMMENT)
def spdx_comment(site: FixSite) -> Proposal:
    """Moves the license tag to the first line, in the comment style that its kind of file
    requires.

    If the tag is part of a longer comment, the rest of the comment follows below it.
    """
    line, comment = site.added(site.number), site.finding.value("comment")
    if not line or comment not in ("//", "/*", "#"):
        return None
    end = " */" if comment == "/*" else ""
    match = _TAG.match(line.raw)
    if match and ("*/" in line.raw or not line.raw.startswith("+/*")):
        return replaced(site.number, f"+{comment} {match[1]}{end}")
    # the tag is in a comment of several lines
    rows = _comment_rows(site, line)
    tagged = next((at for at, row in enumerate(rows) if _TAG.match(row.raw)), None)
    starts = comment != "#" and re.match(r"\+/\*[ \t]*$", line.raw) is not None
    if (
        tagged is None
        or not (match or starts)
        or len(rows) < (3 if match else 4)
        or any(not row.raw.startswith("+ *") for row in rows[1:])
    ):
        return None
    found = _TAG.match(rows[tagged].raw)
    kept = [row.raw for at, row in enumerate(rows[1:], 1) if at != tagged]
    while kept and kept[0].strip("+* \t") == "":
        kept.pop(0)
    while (
        len(kept) > 1
        and kept[-1].strip("+ \t") == "*/"
        and kept[-2].strip("+* \t") == ""
    ):
        kept.pop(-2)
    if not found or not kept or kept[0].strip() == "+ */":
        return None
    lines = (f"+{comment} {found[1]}{end}", "+/*", *kept)
    return replaced(site.number, *lines, count=len(rows))


def _comment_rows(site: FixSite, first: ScannedLine) -> list[ScannedLine]:
    """Returns the added lines of the comment that starts at a line."""
    rows = [first]
    while (
        "*/" not in rows[-1].raw
        and len(rows) < _LONGEST_NOTICE
        and (below := site.added(rows[-1].number + 1))
    ):
        rows.append(below)
    return rows
