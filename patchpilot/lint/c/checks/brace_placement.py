# SPDX-License-Identifier: GPL-2.0-or-later
"""Check braces around conditions and loops, and of blank lines next to braces."""

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.c_patterns import pattern
from patchpilot.lint.c.statements import StatementSpan


@check(ADDED, "if", "while", "for", "else")
def unnecessary_braces(context: LineContext) -> Results:
    """Report braces around a single statement, and braces on only some branches of a condition."""
    text = context.text
    covered: set[int] = context.walk.hunk.setdefault("braces", set())
    if (match := pattern(r"(^.*)\bif\b").search(text)) and not pattern(
        r"else\s*$"
    ).search(match[1]):
        yield from _whole_condition(context, covered)
    word = pattern(r"\b(?:if|while|for|else)\b").search(text)
    if word and context.line.number - 1 not in covered:
        yield from _single_statement(context, word.start())


def _whole_condition(context: LineContext, covered: set[int]) -> Results:
    level, branches = context.walk.passage.chain(context.line, 1)
    if len(branches) < 2 or level != 0:
        return
    at = context.line.number - 1
    braced = needing = 0
    for branch in branches:
        lead = pattern(r"(?:\s*\n[+-])*\s*").match(branch.raw_condition)
        covered.add(at + (lead.group().count("\n") if lead else 0))
        at += branch.newlines
        block = _block(branch)
        braced += block.lstrip(" \t\n\r\f\v").startswith("{")
        needing += _needs_braces(branch.raw_condition, block)
    if not braced:
        return
    if not needing:
        yield "unnecessary-braces", context.hit(None, "no-arm")
        return
    if needing != len(branches) and braced != len(branches):
        yield "braces-on-some-arms", context.hit()


def _single_statement(context: LineContext, column: int) -> Results:
    text = context.text
    if pattern(r"\}\s*$").search(text[:column]):
        return
    level, branches = context.walk.passage.chain(context.line, column)
    block = _block(branches[0])
    if (
        level != 0
        or not block.lstrip(" \t\n\r\f\v").startswith("{")
        or _needs_braces(branches[0].raw_condition, block)
    ):
        return
    if len(branches) > 1 and _block(branches[1]).lstrip(" \t\n\r\f\v").startswith("{"):
        return
    yield "unnecessary-braces", context.hit(column)


def _block(branch: StatementSpan) -> str:
    return branch.raw_block


def _needs_braces(condition: str, block: str) -> bool:
    """Return whether a branch needs braces: its condition or block spans lines or contains
    another condition.
    """
    if _lines(pattern(r"(^|\n).").sub(r"\1", condition).strip(" \t\n\r\f\v")) > 1:
        return True
    if pattern(r"\b(?:if|for|while)\b").search(block):
        return True
    inside = pattern(r"(^|\n).").sub(r"\1", block)
    inside = (
        pattern(r"\}\s*$")
        .sub("", pattern(r"^\s*\{").sub("", inside, count=1), count=1)
        .strip(" \t\n\r\f\v")
    )
    return max(_lines(inside), inside.count(";")) > 1


def _lines(text: str) -> int:
    return text.count("\n") + 1
