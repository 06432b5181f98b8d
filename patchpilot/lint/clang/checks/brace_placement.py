# SPDX-License-Identifier: GPL-2.0-or-later
"""Braces around the arms of conditions and loops, and blank lines at braces."""

from patchpilot.lint.clang.c_check import ADDED, PLACEHOLDERS, LineContext, Results, check
from patchpilot.lint.clang.c_patterns import pattern
from patchpilot.lint.clang.statements import StatementSpan
from patchpilot.lint.detector import Hit

PLACEHOLDERS.update(
    {
        "unnecessary-braces": "",
        "unnecessary-braces/no-arm": "",
    }
)


@check(ADDED, "if", "while", "for", "else")
def unnecessary_braces(spot: LineContext) -> Results | None:
    """Reports braces around a single statement, and braces on only some branches of a condition."""
    text = spot.text
    excused: set[int] = spot.walk.hunk.setdefault("braces", set())
    hits: list[tuple[str, Hit]] = []
    if (match := pattern(r"(^.*)\bif\b").search(text)) and not pattern(r"else\s*$").search(match[1]):
        hits += _whole_condition(spot, excused)
    word = pattern(r"\b(?:if|while|for|else)\b").search(text)
    if word and spot.line.number - 1 not in excused:
        hits += _single_statement(spot, word.start())
    return hits


def _whole_condition(spot: LineContext, excused: set[int]) -> list[tuple[str, Hit]]:
    level, arms = spot.walk.passage.chain(spot.line, 1)
    if len(arms) < 2 or level != 0:
        return []
    at = spot.line.number - 1
    braced = needing = 0
    for arm in arms:
        lead = pattern(r"(?:\s*\n[+-])*\s*").match(arm.raw_condition)
        excused.add(at + (lead.group().count("\n") if lead else 0))
        at += arm.newlines
        block = _block(arm)
        braced += block.lstrip(" \t\n\r\f\v").startswith("{")
        needing += _needs_braces(arm.raw_condition, block)
    if not braced:
        return []
    if not needing:
        return [("unnecessary-braces", spot.hit(case="no-arm"))]
    if needing != len(arms) and braced != len(arms):
        return [("braces-on-some-arms", spot.hit())]
    return []


def _single_statement(spot: LineContext, column: int) -> list[tuple[str, Hit]]:
    text = spot.text
    if pattern(r"\}\s*$").search(text[:column]):
        return []
    level, arms = spot.walk.passage.chain(spot.line, column)
    block = _block(arms[0])
    if level != 0 or not block.lstrip(" \t\n\r\f\v").startswith("{") or _needs_braces(arms[0].raw_condition, block):
        return []
    if len(arms) > 1 and _block(arms[1]).lstrip(" \t\n\r\f\v").startswith("{"):
        return []
    return [("unnecessary-braces", spot.hit(column))]


def _block(arm: StatementSpan) -> str:
    return arm.raw_block


def _needs_braces(condition: str, block: str) -> bool:
    """Whether a branch needs braces: its condition or its block is longer than a line, or it contains another condition."""
    if _lines(pattern(r"(^|\n).").sub(r"\1", condition).strip(" \t\n\r\f\v")) > 1:
        return True
    if pattern(r"\b(?:if|for|while)\b").search(block):
        return True
    inside = pattern(r"(^|\n).").sub(r"\1", block)
    inside = pattern(r"\}\s*$").sub("", pattern(r"^\s*\{").sub("", inside, count=1), count=1).strip(" \t\n\r\f\v")
    return max(_lines(inside), inside.count(";")) > 1


def _lines(text: str) -> int:
    return text.count("\n") + 1


@check(ADDED)
def blank_line_before_brace(spot: LineContext) -> Results | None:
    """Reports a blank line before a closing brace."""
    if spot.text[-1:] in ("}", " ", "\t") and pattern(r".\s*$").match(spot.before_raw) and pattern(r".\s*\}\s*$").match(spot.text):
        return [("blank-line-before-brace", spot.hit())]
    return None
