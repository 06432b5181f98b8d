# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the layout of statements.

They write one statement per line, braces as in the coding style, and operators at the end of a
line.
"""

import re

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
from patchpilot.model.finding import FixEdit

MOST_LINES = 12
COLUMNS = 80
MOST_COLUMNS = 100
_DECLARED = compile_cached(r"((?:[A-Za-z_]\w*[ \t]+)+(?:\*+[ \t]*)?)([A-Za-z_]\w*\()$")
_STATEMENT = compile_cached(r"[^;{}]*;$")
_UPPER_CALL = compile_cached(r"[A-Z][A-Z0-9_]*\s*\(")
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
    """Removes the braces around single statements in all branches of a condition or loop."""
    edits: list[FixEdit] = []
    number = site.number
    while True:
        head, body, end = (site.added(one) for one in (number, number + 1, number + 2))
        texts = [bare_code(one) if one else None for one in (head, body, end)]
        if not (head and body and end) or None in texts:
            return None
        opening, statement, closing = (str(text).strip() for text in texts)
        if (
            not opening.endswith("{")
            or not _HEAD.fullmatch(opening[:-1].strip())
            or not _is_single(statement)
        ):
            return None
        start = opening[:-1].strip()
        if edits:
            start = start.removeprefix("}").strip()
        edits += [replaced(number, f"+{indent_of(head.raw)}{start}")]
        if re.fullmatch(r"\}\s*else\b.*\{", closing):
            number += 2
            continue
        if closing != "}":
            return None
        below = site.scan.raw_line(number + 2, 1)
        if below is not None and re.match(r"[+ ]\s*else\b", below):
            return None
        return (*edits, FixEdit(number + 2, 1, ()))


def _is_single(code: str) -> bool:
    """Whether a line is one statement and neither a declaration, a condition, a label nor a call of
    a macro.
    """
    return (
        _STATEMENT.fullmatch(code) is not None
        and not re.match(
            r"(?:if|for|while|do|switch|case|default|else)\b|\w+\s*:(?!:)|#", code
        )
        and not _UPPER_CALL.match(code)
        and (
            re.match(r"(?:return|break|continue|goto)\b|[^=(]*(?:=|\(|\+\+|--)", code)
            is not None
        )
        and not re.match(
            r"(?:const|static|struct|unsigned|int|char|long|u\d+|s\d+|bool)\b[^(]*=",
            code,
        )
    )


@fixer("operator-up", NAMED, tokens=((r"\\ (&&|\|\|)", r"\1 \\"),))
def operator_up(site: FixSite) -> Proposal:
    """Moves a logical operator from the start of the line to the end of the previous one.

    In a directive, it is inserted before the line continuation.
    """
    upper, line = site.above(site.number), site.added(site.number)
    if not upper or not line or NOTE in upper.text + line.text:
        return None
    goes_on = re.search(r"[ \t]*\\$", upper.raw)
    head, tail = (
        upper.raw[1 : goes_on.start()] if goes_on else bare_code(upper),
        line.raw[1:].rstrip(" \t") if goes_on else bare_code(line),
    )
    match = re.match(r"([ \t]*)(&&|\|\|)[ \t]*(\S.*)$", tail) if tail else None
    if not match or not head or not head.strip():
        return None
    lines = (
        f"+{head} {match[2]}{goes_on[0] if goes_on else ''}",
        f"+{match[1]}{match[3]}",
    )
    return replaced(upper.number, *lines, count=2)


@fixer("join-open")
def join_open(site: FixSite) -> Proposal:
    """Moves the arguments below an open parenthesis or bracket up to its line.

    All of them are aligned with the first one, in lines of up to 80 or 100 columns. If a
    function's type does not leave enough space, the function's name moves to the next line.
    """
    line = site.added(site.number)
    head = bare_code(line) if line else None
    if not line or head is None or not head.endswith(("(", "[")):
        return None
    texts, masks, depth, number = [], [], 1, site.number
    while depth > 0:
        number += 1
        here = site.added(number)
        text = bare_code(here) if here else None
        if not here or not text or number > site.number + MOST_LINES:
            return None
        texts.append(text.strip())
        masks.append(here.text[1 : len(here.raw)].strip())
        depth += sum(here.code.count(one) for one in "([") - sum(
            here.code.count(one) for one in ")]"
        )
    lines = next(
        (
            filled
            for limit in (COLUMNS, MOST_COLUMNS)
            if (filled := _filled(head, texts, masks, limit))
        ),
        None,
    )
    declared = _DECLARED.match(head)
    if not lines and declared and masks[-1].endswith((")", ";", "{")):
        # the name of a function may start a line of its own
        lines = _filled(declared[2], texts, masks, COLUMNS)
        lines = [declared[1].rstrip(), *lines] if lines else None
    return (
        replaced(
            site.number, *(f"+{one}" for one in lines), count=number - site.number + 1
        )
        if lines
        else None
    )


def _filled(head: str, texts: list[str], masks: list[str], limit: int) -> list[str]:
    """Returns lines of arguments after an open parenthesis; none where one of them is too long."""
    column = len(expand(head))
    indent = "\t" * (column // 8) + " " * (column % 8)
    lines = [head]
    depth = 0
    for text, mask in zip(texts, masks, strict=True):
        start = 0
        for at, char in enumerate(mask):
            depth += (char in "([{") - (char in ")]}")
            if (char == "," and depth == 0) or at == len(mask) - 1:
                piece = text[start : at + 1].strip()
                start = at + 1
                last = lines[-1]
                longer = (
                    last
                    + (
                        ""
                        if last.endswith(("(", "[")) or piece.startswith((")", "]"))
                        else " "
                    )
                    + piece
                )
                if len(expand(longer)) <= limit:
                    lines[-1] = longer
                else:
                    lines.append(indent + piece)
    return (
        lines
        if all(len(expand(one)) <= limit for one in lines) and len(lines[0]) > len(head)
        else []
    )
