# SPDX-License-Identifier: GPL-2.0-or-later
"""Kconfig expressions as plain values."""

import re
from typing import NamedTuple

_TOKEN = re.compile(r'\s*(&&|\|\||!=|<=|>=|[()!=<>]|"[^"]*"|\'[^\']*\'|[^\s()!=<>&|]+)')
_MACRO = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)")
COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")
_DEEPEST = 60


class Symbol(NamedTuple):
    """A symbol or a constant: y, m, n, or a quoted string."""

    name: str


class Not(NamedTuple):
    """The negation of an expression."""

    of: "Expression"


class Both(NamedTuple):
    """Expressions joined with &&."""

    all: "tuple[Expression, ...]"


class Either(NamedTuple):
    """Expressions joined with ||."""

    any: "tuple[Expression, ...]"


class Compared(NamedTuple):
    """A comparison: two operands and the operator."""

    left: str
    operator: str
    right: str


Expression = Symbol | Not | Both | Either | Compared
YES = Symbol("y")


def parse_expression(text: str) -> Expression:
    """Parses a Kconfig expression.

    Macros that test the compiler count as y.
    """
    words = _TOKEN.findall(_MACRO.sub("y", text))
    return _Parser(words).either(0) if words else YES


def joined(*expressions: Expression) -> Expression:
    """Returns the conjunction (&&) of these expressions."""
    parts = tuple(one for one in expressions if one != YES)
    return parts[0] if len(parts) == 1 else Both(parts) if parts else YES


class _Parser:
    """Reads the words of an expression from the left; damaged ones end where they are damaged."""

    def __init__(self, words: list[str]) -> None:
        self._words, self._at = words, 0

    def either(self, depth: int) -> Expression:
        parts = [self._both(depth)]
        while self._take("||"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._take("&&"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            return YES
        if self._take("!"):
            return Not(self._one(depth + 1))
        if self._take("("):
            inner = self.either(depth + 1)
            self._take(")")
            return inner
        word = self._next()
        if self._peek() in COMPARISONS:
            operator = self._next()
            return Compared(_bare(word), operator, _bare(self._next()))
        return Symbol(_bare(word)) if word else YES

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        word = self._peek()
        self._at += 1
        return word

    def _take(self, word: str) -> bool:
        if self._peek() == word:
            self._at += 1
            return True
        return False


def _bare(word: str) -> str:
    return word.strip("\"'")
