# SPDX-License-Identifier: GPL-2.0-or-later
"""Check expressions: comparisons, unnecessary parentheses, assignments, casts and sizeof."""

from patchpilot.lint.c.arguments import value_end
from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.c_patterns import (
    ASSIGNMENT,
    BALANCED,
    COMPARE,
    CONSTANT,
    INT_SUFFIX,
    INT_TYPES,
    LVAL,
    LVAL_OR_CALL,
    pattern,
)

_CONSTANT_FIRST = (
    rf"\+(.*)\b({CONSTANT}|[A-Z_][A-Z0-9_]*)\s*({COMPARE})\s*({LVAL_OR_CALL})"
)


@check(ADDED, "if")
def parentheses_in_condition(context: LineContext) -> Results:
    """Report unnecessary parentheses around comparisons, as in `if ((a == b) && (c))`."""
    statement = context.statement
    staging = (
        context.line.file.startswith("drivers/staging/")
        and not context.walk.scan.strict
    )
    if (
        statement
        and not staging
        and (whole := pattern(rf".\s*if\s*({BALANCED})").match(statement))
    ):
        yield from (
            ("unnecessary-parentheses-in-condition", context.hit(inside=inside))
            for inside in _parenthesized_comparisons(whole[1][1:-1])
            if not pattern(r"\s*\w+\s*$").match(inside)
        )


def _parenthesized_comparisons(text: str) -> list[str]:
    """Return the names and comparisons in a condition that have redundant parentheses."""
    # visit each parenthesis once: searching again from the same position might never end
    found, done = [], 0
    name, compare = pattern(rf"\s*[&!~]?\s*{LVAL}\s*"), pattern(COMPARE)
    for bracket in pattern(r"\(").finditer(text):
        at = bracket.start()
        # a call's parenthesis, or one within an earlier match
        if at < done or (
            at and (at == done or pattern(r"[\w&!~]").match(text, at - 1))
        ):
            continue
        first = name.match(text, at + 1)
        if first is None:
            continue
        end = first.end()
        if sign := compare.match(text, end):
            after = value_end(text, sign.end())
            end = after if after > sign.end() else -1
        if end >= 0 and (close := pattern(r"\s*\)").match(text, end)):
            found.append(text[at + 1 : end].lstrip(" \t\n\r\f\v"))
            done = close.end()
    return found


@check(ADDED, "int", "long", "signed")
def cast_of_constant(context: LineContext) -> Results:
    """Report a cast of a constant, as in `(unsigned long)1`."""
    match = pattern(rf"(\(\s*{INT_TYPES}\s*\)\s*)({CONSTANT})\b").search(context.text)
    if not match:
        return
    cast, number = match[1], match[2]
    suffix = "U" if pattern(r"\bunsigned\b").search(cast) else ""
    suffix += (
        "LL"
        if pattern(r"\blong\s+long\b").search(cast)
        else "L"
        if pattern(r"\blong\b").search(cast)
        else ""
    )
    better = pattern(rf"{INT_SUFFIX}$").sub("", number) + suffix
    yield (
        "cast-of-constant",
        context.hit(match.start(), cast=cast, number=number, better=better),
    )


@check(ADDED)
def comma_for_semicolon(context: LineContext) -> Results:
    """Report a comma that should be a semicolon, as in `a = b(), c = d();`."""
    statement = context.statement
    if (
        not statement
        or not statement.startswith("+")
        or not statement.rstrip(" \t\n\r\f\v").endswith(";")
        or not _outer_comma(statement)
    ):
        return
    start = pattern(r"\+\s*").match(statement)
    first = _assigned_ends(statement, start.end() if start else 0)
    second = [
        end
        for at in first
        if statement.startswith(",", at)
        for end in _assigned_ends(statement, _skip_spaces(statement, at + 1))
    ]
    if any(pattern(r"\s*;\s*$").match(statement, end) for end in second):
        yield "comma-for-semicolon", context.hit()


def _assigned_ends(text: str, at: int) -> list[int]:
    """Return where a value or an assignment to it may end, including trailing spaces."""
    assigned = pattern(rf"{LVAL}\s*{ASSIGNMENT}\s*").match(text, at)
    begins = (assigned.end(), at) if assigned else (at,)
    return [
        _skip_spaces(text, end)
        for begin in begins
        if (end := value_end(text, begin)) > begin
    ]


def _skip_spaces(text: str, at: int) -> int:
    match = pattern(r"\s*").match(text, at)
    return match.end() if match else at


def _outer_comma(text: str) -> bool:
    """Return whether a comma is outside all parentheses, and the text has no brace."""
    if "{" in text:
        return False
    depth = 0
    for mark in pattern(r"[(),]").finditer(text):
        if mark.group() == "(":
            depth += 1
        elif mark.group() == ")":
            depth -= 1
        elif depth == 0:
            return True
    return False
