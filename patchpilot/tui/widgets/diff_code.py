# SPDX-License-Identifier: GPL-2.0-or-later
"""Highlights within lines of code in a diff view: the syntax, and the words that changed."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

Span = tuple[int, int, str]
"""From a column up to another one, and the role of what is between them."""

ROLES = ("keyword", "type", "string", "comment", "number", "preprocessor", "function")
LONGEST = 400
"""Characters of a line; a longer one is no source code, and is not read."""
LARGEST_BLOCK = 64
"""Removed lines times added lines: in a larger change of unequal sides they are paired in their
order.
"""
ALIKE = 0.4
"""How similar (0 to 1) two lines are at least for the rest to be called changed words."""

_BY_ENDING = {
    "c": "c",
    "h": "c",
    "cc": "cpp",
    "cpp": "cpp",
    "dts": "devicetree",
    "dtsi": "devicetree",
    "dtso": "devicetree",
    "rst": "rst",
    "py": "python",
    "sh": "bash",
    "mk": "make",
    "yaml": "yaml",
    "rs": "rust",
    "pl": "perl",
    "S": "gas",
    "s": "gas",
    "json": "json",
}
_BY_NAME = (("Kconfig", "kconfig"), ("Makefile", "make"), ("Kbuild", "make"))
_TYPES = re.compile(r"(?:__)?[usbl]e?(?:8|16|32|64)|bool|[a-z]\w*_t")
_COMMENT_LINE = re.compile(r"\s*\*(?:[ /]|$)")
_WORDS = re.compile(
    r"\w+|\s+|->|\+\+|--|&&|\|\||(?:<<|>>|[-+*/%&|^=!<>])=|<<|>>|[^\w\s]"
)
"""Words, spaces, operators of C as wholes."""


@lru_cache(maxsize=32)
def lexer_of(path: str) -> Any:
    """Return the Pygments lexer for a file name, or None if its type is not supported."""
    name = path.rpartition("/")[2]
    alias = next(
        (alias for start, alias in _BY_NAME if name.startswith(start)), ""
    ) or _BY_ENDING.get(name.rpartition(".")[2], "")
    if not alias:
        return None
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(alias)


def syntax(path: str, lines: Sequence[str]) -> list[list[Span]]:
    """Return the syntax spans of each line in a part of a file.

    The part may begin inside a comment; in C this is detected from the next `*/` or from leading
    asterisks.
    """
    lexer = lexer_of(path)
    found: list[list[Span]] = [[] for _ in lines]
    if lexer is None or not lines:
        return found
    kept = [line if len(line) <= LONGEST else "" for line in lines]
    before = (
        "/*"
        if lexer.name in ("C", "C++", "devicetree") and _inside_comment(kept)
        else ""
    )
    starts, at = [], len(before)
    for line in kept:
        starts.append(at)
        at += len(line) + 1
    row = 0
    for start, token, value in lexer.get_tokens_unprocessed(
        f"{before}{chr(10).join(kept)}\n"
    ):
        role = _role(token, value)
        if not role:
            continue
        end = start + len(value)
        while row + 1 < len(starts) and starts[row + 1] <= start:
            row += 1
        here = row
        while here < len(starts) and starts[here] < end:
            first, last = (
                max(0, start - starts[here]),
                min(len(kept[here]), end - starts[here]),
            )
            if first < last and found[here] and found[here][-1][1:] == (first, role):
                found[here][-1] = (found[here][-1][0], last, role)
            elif first < last:
                found[here].append((first, last, role))
            here += 1
    return found


def _inside_comment(lines: Sequence[str]) -> bool:
    text = "\n".join(lines)
    end, start = text.find("*/"), text.find("/*")
    return bool(_COMMENT_LINE.match(lines[0])) or (
        end >= 0 and (start < 0 or end < start)
    )


@lru_cache(maxsize=256)
def _role_of_token(name: str) -> str:
    """The role of a kind of token, by its name as pygments writes it."""
    for start, role in (
        ("Token.Comment.Preproc", "preprocessor"),
        ("Token.Comment", "comment"),
        ("Token.Keyword.Type", "type"),
        ("Token.Keyword", "keyword"),
        ("Token.Name.Function", "function"),
        ("Token.Name.Class", "type"),
        ("Token.Name.Attribute", "type"),
        ("Token.Name.Tag", "type"),
        ("Token.Name.Builtin", "keyword"),
        ("Token.Name.Label", "keyword"),
        ("Token.Literal.String", "string"),
        ("Token.Literal.Number", "number"),
        ("Token.Generic.Heading", "keyword"),
    ):
        if name.startswith(start):
            return role
    return ""


def _role(token: object, value: str) -> str:
    name = str(token)
    return (
        "type"
        if name == "Token.Name" and _TYPES.fullmatch(value)
        else _role_of_token(name)
    )


def changed_words(
    old: str, new: str
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the columns of the words removed from `old`, and of the words added in `new`.

    Both lists are empty if the lines have little in common.
    """
    if max(len(old), len(new)) > LONGEST:
        return [], []
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    same = sum(
        len("".join(before[a:b]).strip())
        for what, a, b, _, _ in blocks
        if what == "equal"
    )
    most = max(len("".join(old.split())), len("".join(new.split())))
    if most and same / most < ALIKE:
        return [], []
    changed = [block for block in blocks if block[0] != "equal"]
    return _spans(before, [(a, b) for _, a, b, _, _ in changed]), _spans(
        after, [(a, b) for _, _, _, a, b in changed]
    )


def _spans(
    words: Sequence[str], ranges: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Ranges of words as columns; those that only spaces separate are one."""
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    found: list[tuple[int, int]] = []
    previous = 0
    for first, last in ranges:
        if first == last:
            continue
        if found and not "".join(words[previous:first]).strip():
            found[-1] = (found[-1][0], ends[last])
        else:
            found.append((ends[first], ends[last]))
        previous = last
    return found


def paired(removed: Sequence[str], added: Sequence[str]) -> list[tuple[int, int]]:
    """Return which added line replaces which removed line, as pairs of indexes in order.

    If the sides differ in length, the most similar lines are paired.
    """
    rows, columns = len(removed), len(added)
    if rows == columns or rows * columns > LARGEST_BLOCK:
        return [(at, at) for at in range(min(rows, columns))]
    words = [frozenset(_WORDS.findall(line)) for line in (*removed, *added)]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            score = best[row + 1][column + 1] + _similar(
                words[row], words[rows + column]
            )
            best[row][column] = max(score, best[row + 1][column], best[row][column + 1])
    found, row, column = [], 0, 0
    while row < rows and column < columns:
        if best[row][column] == best[row + 1][column]:
            row += 1
        elif best[row][column] == best[row][column + 1]:
            column += 1
        else:
            found.append((row, column))
            row, column = row + 1, column + 1
    return found


def _similar(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / ((len(one) + len(other)) or 1)
