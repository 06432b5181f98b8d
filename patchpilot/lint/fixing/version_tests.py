# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds LINUX_VERSION_CODE conditions with the same result in this and all later versions."""

import re
from collections.abc import Sequence
from itertools import pairwise

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.mask_comments import COMMENT

DIRECTIVE = compile_cached(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)$")
_PRIMARY = compile_cached(
    r"\bLINUX_VERSION_CODE\b\s*([<>]=?|[=!]=)\s*KERNEL_VERSION\s*\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,5})\s*\)"
    r"|\bdefined\s+\w+|\w+\s*(?:\([^()]*\))?(?:\s*(?:[<>]=?|[=!]=)\s*\w+\s*(?:\([^()]*\))?)?"
)
_NOT_OR_AND = compile_cached(r"\(([TFU])\)|![TFU]|[TFU]&&[TFU]")
_NOT = {"!T": "F", "!F": "T", "!U": "U"}
_OR = compile_cached(r"(?<![&!])([TFU])\|\|([TFU])(?!&)")


def dropped(lines: Sequence[str], version: tuple[int, int]) -> set[int]:
    """Returns the indexes of lines that are not compiled in this and all later kernel versions.

    They include the lines of the conditions themselves. The lines are sanitized and have no
    signs. A condition that is not complete in these lines counts as unknown.
    """
    gone: set[int] = set()
    opened: list[list[tuple[int, bool | None]]] = []
    for at, line in enumerate(lines):
        match = DIRECTIVE.match(line)
        if not match:
            continue
        word, condition = match[1], match[2].replace(COMMENT, " ")
        if word in ("if", "ifdef", "ifndef"):
            opened.append([(at, _result(condition, version) if word == "if" else None)])
        elif opened and word != "endif":
            opened[-1].append((at, word == "else" or _result(condition, version)))
        elif opened:
            gone |= _unseen(opened.pop(), at)
    return gone


def _unseen(branches: Sequence[tuple[int, bool | None]], end: int) -> set[int]:
    """Returns the lines of the conditions and of the branches that are not taken.

    None where it is not known which one is.
    """
    taken = next(
        (number for number, (_, result) in enumerate(branches) if result is not False),
        len(branches),
    )
    if taken < len(branches) and branches[taken][1] is None:
        return set()
    edges = [*(at for at, _ in branches), end]
    unseen = (
        range(first, last)
        for number, (first, last) in enumerate(pairwise(edges))
        if number != taken
    )
    return {*edges, *(at for lines in unseen for at in lines)}


def _result(condition: str, version: tuple[int, int]) -> bool | None:
    """Returns the result of a condition from a kernel version on.

    None where it is not known or changes.
    """

    def value(match: "re.Match[str]") -> str:
        if not match[1]:
            return "U"
        asked = (int(match[2]), int(match[3]), int(match[4]))
        first = (*version, 0)
        is_below = asked <= first if match[1] in (">=", "<") else asked < first
        return ("F" if match[1] in ("<", "<=", "==") else "T") if is_below else "U"

    text = "".join(_PRIMARY.sub(value, condition).split())
    before = ""
    while text != before:
        before = text
        text = _NOT_OR_AND.sub(
            lambda match: (
                match[1] or _NOT.get(match[0]) or _first_of("FU", match[0]) or "T"
            ),
            text,
        )
        if text == before:
            text = _OR.sub(
                lambda match: _first_of("TU", match[0]) or "F", text, count=1
            )
    return {"T": True, "F": False}.get(text)


def _first_of(values: str, text: str) -> str:
    """Returns the first of these values that is in a text; "" where none is."""
    return next((value for value in values if value in text), "")
