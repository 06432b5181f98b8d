# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the layout of statements.

They write one statement per line, braces as in the coding style, and operators at the end of a
line.
"""

import re

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import expand
from patchpilot.lint.fixing.fixer import (
    NAMED,
    FixSite,
    Proposal,
    bare_code,
    fixer,
    replaced,
)
from patchpilot.model.finding import FixEdit

MOST_LINES = 12
COLUMNS = 80
MOST_COLUMNS = 100
_DECLARED = compile_cached(r"((?:[A-Za-z_]\w*[ \t]+)+(?:\*+[ \t]*)?)([A-Za-z_]\w*\()$")
_SINGLE = compile_cached(
    r"(?!(?:if|for|while|do|switch|case|default|else)\b|\w+\s*:(?!:)|#|[A-Z][A-Z0-9_]*\s*\("
    r"|(?:const|static|struct|unsigned|int|char|long|u\d+|s\d+|bool)\b[^(]*=)"
    r"(?=(?:return|break|continue|goto)\b|[^=(]*(?:=|\(|\+\+|--))[^;{}]*;"
)
"""A statement that is neither a declaration, a condition, a label nor a call of a macro."""
_HEAD = compile_cached(
    r"(?:\}\s*)?(?:else\s+)?(?:if|for|while)\s*\(.*\)|(?:\}\s*)?else|do"
)
_BRACES = (
    (r"\{", r""),
    (r"\}", r""),
    (r"", r"\{"),
    (r"", r"\}"),
    (r"\} else \{", r"else"),
    (r"else", r"\} else \{"),
)


@fixer("drop-braces", NAMED, tokens=_BRACES)
def drop_braces(site: FixSite) -> Proposal:
    """Remove the braces around single statements in all branches of a condition or loop."""
    edits: list[FixEdit] = []
    number, branch = site.number, re.compile(r"(\s*)(.*?)\s*\{")
    while True:
        head, body, end = (bare_code(site.added(number + at)) for at in range(3))
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


@fixer("join-open")
def join_open(site: FixSite) -> Proposal:
    """Move the arguments below an open parenthesis or bracket up to its line.

    All of them are aligned with the first one, in lines of up to 80 or 100 columns. If a
    function's type does not leave enough space, the function's name moves to the next line.
    """
    head = bare_code(site.added(site.number))
    if not head.endswith(("(", "[")):
        return None
    rows: list[tuple[str, str]] = []
    depth = 1
    while depth > 0:
        here = site.added(site.number + len(rows) + 1)
        text = bare_code(here).strip()
        if not here or not text or len(rows) == MOST_LINES:
            return None
        rows.append((text, here.text[1 : len(here.raw)].strip()))
        depth += sum((char in "([") - (char in ")]") for char in here.code)
    declared = _DECLARED.match(head)
    lines = _filled(head, rows, COLUMNS) or _filled(head, rows, MOST_COLUMNS)
    if not lines and declared and rows[-1][1].endswith((")", ";", "{")):
        # the name of a function may start a line of its own
        lines = _filled(declared[2], rows, COLUMNS)
        lines = lines and [declared[1].rstrip(), *lines]
    added = (f"+{line}" for line in lines)
    return replaced(site.number, *added, count=len(rows) + 1) if lines else None


def _filled(head: str, rows: list[tuple[str, str]], limit: int) -> list[str]:
    """Return lines of arguments after an open parenthesis; none where one of them is too long.

    Of each row the text and its mask are given.
    """
    column = len(expand(head))
    indent = "\t" * (column // 8) + " " * (column % 8)
    lines = [head]
    depth = 0
    for text, mask in rows:
        start = 0
        for at, char in enumerate(mask):
            depth += (char in "([{") - (char in ")]}")
            if (char != "," or depth) and at < len(mask) - 1:
                continue
            piece = text[start : at + 1].strip()
            start = at + 1
            is_next = lines[-1].endswith(("(", "[")) or piece.startswith((")", "]"))
            longer = f"{lines[-1]}{'' if is_next else ' '}{piece}"
            if len(expand(longer)) <= limit:
                lines[-1] = longer
            else:
                lines.append(indent + piece)
    fits = all(len(expand(line)) <= limit for line in lines)
    return lines if fits and len(lines[0]) > len(head) else []
