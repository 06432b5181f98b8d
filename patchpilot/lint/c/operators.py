# SPDX-License-Identifier: GPL-2.0-or-later
"""The operators in a line of C: their meaning, and the text on both sides."""

from collections.abc import Iterator
from typing import NamedTuple

from patchpilot.lint.c.c_patterns import MODIFIER, NOTE, pattern
from patchpilot.lint.c.line_scan import ScannedLine
from patchpilot.lint.c.types import Types
from patchpilot.lint.c.values import Values

_OPERATORS = r"(<<=|>>=|<=|>=|==|!=|\+=|-=|\*=|/=|%=|\^=|\|=|&=|=>|->|<<|>>|<|>|=|!|~|&&|\|\||,|\^|\+\+|--|&|\||\+|-|\*|/|%|\?:|\?|:|;)"  # noqa: E501
_SPACE = " \t\n\r\f\v"


class OperatorKind(NamedTuple):
    """The kind of an operator: its text, a letter for its meaning, and two letters for its sides.

    The letters are explained in the detector `operator`.
    """

    sign: str
    meaning: str
    sides: str
    is_last: bool
    strict: bool


class Operator(NamedTuple):
    """An occurrence of an operator in a line.

    `before_modifier` is true if a word such as const follows anywhere in the line; it is set only
    for a unary * before a space.
    """

    line: ScannedLine
    at: int
    sign: str
    before_modifier: bool

    @property
    def left(self) -> str:
        """Return the text before the operator, with a space for the diff sign."""
        return f" {self.line.text[1:]}"[: self.at]

    @property
    def right(self) -> str:
        """Return the text after the operator."""
        return self.line.text[self.at + len(self.sign) :]


def operators_of(
    line: ScannedLine, values: Values, types: Types
) -> Iterator[tuple[OperatorKind, Operator]]:
    """Yield the operators of a line, except in #include lines and among arguments."""
    text = line.text
    if "#" in text and pattern(r"#\s*include").search(text):
        return
    whole = f" {text[1:]}"
    parts = pattern(_OPERATORS).split(whole)
    while parts and not parts[-1]:
        parts.pop()
    kinds, variants = values.kinds, values.variants
    at = 0
    for index in range(0, len(parts) - 1, 2):
        before, sign = parts[index], parts[index + 1]
        at += len(before)
        end = at + len(sign)
        after = parts[index + 2] if index + 2 < len(parts) else None
        if not _is_argument(whole, at, end, kinds):
            sides = _kind_before(before, whole, at) + _kind_after(after)
            meaning = variants.get(at, "_")
            # needed only for a space after a unary *
            qualified = (
                sign == "*"
                and meaning == "U"
                and sides[1] == "W"
                and _any_modifier(types, whole[end:])
            )
            yield (
                OperatorKind(sign, meaning, sides, after is None, line.strict),
                Operator(line, at, sign, qualified),
            )
        at = end


def _is_argument(line: str, at: int, end: int, kinds: str) -> bool:
    """Return whether an operator is itself an argument."""
    return (
        kinds[at : at + 1] != "V"
        and line[at - 1] in _SPACE
        and line[end:].lstrip(_SPACE)[:1] in (",", ")")
        and bool(line[end:].strip(_SPACE))
    )


def _kind_before(before: str, line: str, at: int) -> str:
    if not before:
        kind = "O"
    elif before[-1] in "[(":
        kind = "B"
    elif before[-1] == NOTE:
        kind = "C"
    elif before[-1] in _SPACE:
        kind = "W"
    else:
        kind = "V"
    return "E" if kind in "WO" and not line[:at].strip(_SPACE) else kind


def _kind_after(after: str | None) -> str:
    if after is None:
        return "E"
    if not after:
        return "O"
    if after.lstrip(_SPACE) == "\\":
        return "E"
    first = after[0]
    if first in ")];":
        return "B"
    if first == NOTE:
        return "C"
    return "W" if first in _SPACE else "V"


def _any_modifier(types: Types, text: str) -> bool:
    """Return whether the text contains a modifier such as const."""
    if pattern(rf"{MODIFIER}\b").search(text):
        return True
    return any(pattern(rf"{name}\b").search(text) for name in types.learned_in(text))
