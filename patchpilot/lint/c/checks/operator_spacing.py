# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks of spaces around operators: they depend on the text on both sides, and on whether the operator is unary, binary, a label's or a bit field's."""

from typing import NamedTuple

from patchpilot.lint.c.c_check import ADDED, PLACEHOLDERS, LineContext, Results, check
from patchpilot.lint.c.c_patterns import MODIFIER, NOTE, pattern
from patchpilot.lint.detector import Hit

_OPERATORS = r"(<<=|>>=|<=|>=|==|!=|\+=|-=|\*=|/=|%=|\^=|\|=|&=|=>|->|<<|>>|<|>|=|!|~|&&|\|\||,|\^|\+\+|--|&|\||\+|-|\*|/|%|\?:|\?|:|;)"
_SPACE = " \t\n\r\f\v"
_EITHER = frozenset(("<<", ">>", "&", "^", "|", "+", "-", "*", "/", "%"))
_UNARY = frozenset(("*U", "-U", "&U", "&&U"))


class _Operator(NamedTuple):
    """An operator in a line: its position, its text (with its variant), and the text and the kinds of text on both sides.

    Kinds: V text, W a space, C a comment, B a parenthesis or bracket (after: also ;), O another operator, E the end of the line or its indent.
    """

    at: int
    sign: str
    variant: str
    left: str
    right: str
    kind_before: str
    kind_after: str
    is_last: bool


PLACEHOLDERS.update(
    {
        "no-space-around-arithmetic": "operator",
        "no-space-around-arithmetic/before": "operator",
        "no-space-around-arithmetic/uneven": "operator",
        "no-space-around-operator": "operator",
        "no-space-around-ternary": "operator",
        "no-space-before-unary": "operator",
        "space-after-increment": "operator",
        "space-after-unary": "operator",
        "space-before-increment": "operator",
        "increment-between-names": "operator",
    }
)


@check(ADDED)
def operator_spaces(context: LineContext) -> Results | None:
    """Checks every operator of the line."""
    text = context.text
    if "#" in text and pattern(r"#\s*include").search(text):
        return None
    parts = pattern(_OPERATORS).split(f" {text[1:]}")
    if len(parts) == 1:
        return None
    while parts and not parts[-1]:
        parts.pop()
    line = f" {text[1:]}"
    result: list[tuple[str, Hit]] = []
    kinds, variants = context.values.kinds, context.values.variants
    at = 0
    for index in range(0, len(parts) - 1, 2):
        before, sign = parts[index], parts[index + 1]
        at += len(before)
        end = at + len(sign)
        after = parts[index + 2] if index + 2 < len(parts) else None
        # an operator that is passed as an argument is not checked
        if not (
            kinds[at : at + 1] != "V"
            and line[at - 1] in _SPACE
            and line[end:].lstrip(_SPACE)[:1] in (",", ")")
            and line[end:].strip(_SPACE)
        ):
            variant = sign + variants.get(at, "_")
            result += _judge(
                context,
                _Operator(at, sign, variant, line[:at], line[end:], _kind_before(before, line, at), _kind_after(after), after is None),
            )
        at = end
    return result


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


def _judge(context: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    """Reports wrong spaces around one operator."""
    sign, kind_before, kind_after = op.sign, op.kind_before, op.kind_after
    if sign == ";":
        wrong = kind_after not in "WEBC" and op.right[:1] not in ("\\", ";")
        return [("no-space-after-semicolon", context.hit(op.at))] if wrong else []
    if op.variant == ":B":
        return []
    if sign == "->":
        return [("space-around-arrow", context.hit(op.at))] if "W" in (kind_before, kind_after) else []
    if sign == ",":
        return _comma(context, op)
    if op.variant == "*_":
        return []
    if sign in ("!", "~") or op.variant in _UNARY:
        return _unary(context, op)
    if sign in ("++", "--"):
        return _step(context, op)
    if sign in _EITHER:
        return _either(context, op)
    if op.variant in (":C", ":L"):
        wrong = kind_before == "W" and not context.line.file.endswith(".lds.h")
        return [("space-before-colon", context.hit(op.at))] if wrong else []
    return _both(context, op)


def _comma(context: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    result = []
    if op.kind_before == "W":
        result.append(("space-before-comma", context.hit(op.at)))
    if op.kind_after not in "WEC" and not op.right.startswith("}"):
        result.append(("no-space-after-comma", context.hit(op.at)))
    return result


def _unary(context: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    result = []
    if op.kind_before not in "WEBC" and not op.left.endswith((")", "!", "~", "*", "-", "&", "|", "++", "--", "{")):
        result.append(("no-space-before-unary", context.hit(op.at, operator=op.sign)))
    qualified = op.sign == "*" and _any_modifier(context, op.right)
    if op.kind_after == "W" and not qualified:
        result.append(("space-after-unary", context.hit(op.at, operator=op.sign)))
    return result


def _any_modifier(context: LineContext, text: str) -> bool:
    """Whether a word such as const is anywhere in the text."""
    if pattern(rf"{MODIFIER}\b").search(text):
        return True
    return any(pattern(rf"{name}\b").search(text) for name in context.types.learned_in(text))


def _step(context: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    found, kind_before, kind_after = [], op.kind_before, op.kind_after
    if not (kind_before in "WEOBC" and kind_after != "W") and not (kind_before != "W" and kind_after in "WOBEC"):
        found.append(("increment-between-names", context.hit(op.at, operator=op.sign)))
    if kind_before == "W" and (kind_after in "BE" or op.right.startswith(";")):
        found.append(("space-before-increment", context.hit(op.at, operator=op.sign)))
    if kind_before == "E" and kind_after == "W":
        found.append(("space-after-increment", context.hit(op.at, operator=op.sign)))
    return found


def _either(context: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    """Checks operators that need no spaces unless CHECKs are on, but not a space on one side only."""
    if context.line.strict:
        if not op.is_last and (op.kind_before not in "EW" or op.kind_after not in "EW"):
            return [("no-space-around-arithmetic", context.hit(op.at, operator=op.sign))]
        if op.is_last and (op.kind_before != "W" or op.kind_after not in "OE"):
            return [("no-space-around-arithmetic", context.hit(op.at, "before", operator=op.sign))]
        return []
    if (op.kind_before == "W" and op.kind_after not in "WCE") or (op.kind_before not in "WCE" and op.kind_after == "W"):
        return [("no-space-around-arithmetic", context.hit(op.at, case="uneven", operator=op.sign))]
    return []


def _both(context: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    if op.kind_before in "EWC" and op.kind_after in "CWE":
        return []
    if op.sign == "<" and pattern(r"\S+@\S+>").match(op.right):
        return []
    if op.sign == ">" and pattern(r"<\S+@\S+$").search(op.left):
        return []
    if op.sign == ":" and (op.left.endswith(":") or op.right.startswith(":")):
        return []
    mild = op.sign in ("?:", "?", ":") and op.kind_before == op.kind_after == "V"
    name = "no-space-around-ternary" if mild else "no-space-around-operator"
    return [(name, context.hit(op.at, operator=op.sign))]
