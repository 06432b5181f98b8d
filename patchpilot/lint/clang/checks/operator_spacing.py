# SPDX-License-Identifier: GPL-2.0-or-later
"""Blanks around operators, told by what stands on each side and by whether an operator is unary, binary, a label's or a bit field's."""

from typing import NamedTuple

from patchpilot.lint.clang.c_check import ADDED, PLACEHOLDERS, LineContext, Results, check
from patchpilot.lint.clang.c_patterns import MODIFIER, NOTE, pattern
from patchpilot.lint.detector import Hit

_OPERATORS = r"(<<=|>>=|<=|>=|==|!=|\+=|-=|\*=|/=|%=|\^=|\|=|&=|=>|->|<<|>>|<|>|=|!|~|&&|\|\||,|\^|\+\+|--|&|\||\+|-|\*|/|%|\?:|\?|:|;)"
_BLANK = " \t\n\r\f\v"
_EITHER = frozenset(("<<", ">>", "&", "^", "|", "+", "-", "*", "/", "%"))
_UNARY = frozenset(("*U", "-U", "&U", "&&U"))


class _Operator(NamedTuple):
    """An operator of a line: where it is, what it is (with its variant), the text around it, and what kinds of text touch it.

    Kinds: V text, W a blank, C a comment, B a bracket (after: also ;), O another operator, E the end of the line or its indent.
    """

    at: int
    sign: str
    variant: str
    left: str
    right: str
    ahead: str
    behind: str
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
def operator_blanks(spot: LineContext) -> Results | None:
    """Every operator of the line."""
    text = spot.text
    if "#" in text and pattern(r"#\s*include").search(text):
        return None
    parts = pattern(_OPERATORS).split(f" {text[1:]}")
    if len(parts) == 1:
        return None
    while parts and not parts[-1]:
        parts.pop()
    line = f" {text[1:]}"
    result: list[tuple[str, Hit]] = []
    kinds, variants = spot.values.kinds, spot.values.variants
    at = 0
    for index in range(0, len(parts) - 1, 2):
        before, sign = parts[index], parts[index + 1]
        at += len(before)
        end = at + len(sign)
        after = parts[index + 2] if index + 2 < len(parts) else None
        # nothing is said of an operator that is handed on as an argument
        if not (
            kinds[at : at + 1] != "V"
            and line[at - 1] in _BLANK
            and line[end:].lstrip(_BLANK)[:1] in (",", ")")
            and line[end:].strip(_BLANK)
        ):
            variant = sign + variants.get(at, "_")
            result += _judge(
                spot, _Operator(at, sign, variant, line[:at], line[end:], _ahead(before, line, at), _behind(after), after is None)
            )
        at = end
    return result


def _ahead(before: str, line: str, at: int) -> str:
    if not before:
        kind = "O"
    elif before[-1] in "[(":
        kind = "B"
    elif before[-1] == NOTE:
        kind = "C"
    elif before[-1] in _BLANK:
        kind = "W"
    else:
        kind = "V"
    return "E" if kind in "WO" and not line[:at].strip(_BLANK) else kind


def _behind(after: str | None) -> str:
    if after is None:
        return "E"
    if not after:
        return "O"
    if after.lstrip(_BLANK) == "\\":
        return "E"
    first = after[0]
    if first in ")];":
        return "B"
    if first == NOTE:
        return "C"
    return "W" if first in _BLANK else "V"


def _judge(spot: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    """What is wrong with the blanks around one operator."""
    sign, ahead, behind = op.sign, op.ahead, op.behind
    if sign == ";":
        wrong = behind not in "WEBC" and op.right[:1] not in ("\\", ";")
        return [("no-space-after-semicolon", spot.hit(op.at))] if wrong else []
    if op.variant == ":B":
        return []
    if sign == "->":
        return [("space-around-arrow", spot.hit(op.at))] if "W" in (ahead, behind) else []
    if sign == ",":
        return _comma(spot, op)
    if op.variant == "*_":
        return []
    if sign in ("!", "~") or op.variant in _UNARY:
        return _unary(spot, op)
    if sign in ("++", "--"):
        return _step(spot, op)
    if sign in _EITHER:
        return _either(spot, op)
    if op.variant in (":C", ":L"):
        wrong = ahead == "W" and not spot.line.file.endswith(".lds.h")
        return [("space-before-colon", spot.hit(op.at))] if wrong else []
    return _both(spot, op)


def _comma(spot: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    result = []
    if op.ahead == "W":
        result.append(("space-before-comma", spot.hit(op.at)))
    if op.behind not in "WEC" and not op.right.startswith("}"):
        result.append(("no-space-after-comma", spot.hit(op.at)))
    return result


def _unary(spot: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    result = []
    if op.ahead not in "WEBC" and not op.left.endswith((")", "!", "~", "*", "-", "&", "|", "++", "--", "{")):
        result.append(("no-space-before-unary", spot.hit(op.at, operator=op.sign)))
    qualified = op.sign == "*" and _any_modifier(spot, op.right)
    if op.behind == "W" and not qualified:
        result.append(("space-after-unary", spot.hit(op.at, operator=op.sign)))
    return result


def _any_modifier(spot: LineContext, text: str) -> bool:
    """Whether a word such as const stands anywhere in the text."""
    if pattern(rf"{MODIFIER}\b").search(text):
        return True
    return any(pattern(rf"{name}\b").search(text) for name in spot.types.learnt_in(text))


def _step(spot: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    found, ahead, behind = [], op.ahead, op.behind
    if not (ahead in "WEOBC" and behind != "W") and not (ahead != "W" and behind in "WOBEC"):
        found.append(("increment-between-names", spot.hit(op.at, operator=op.sign)))
    if ahead == "W" and (behind in "BE" or op.right.startswith(";")):
        found.append(("space-before-increment", spot.hit(op.at, operator=op.sign)))
    if ahead == "E" and behind == "W":
        found.append(("space-after-increment", spot.hit(op.at, operator=op.sign)))
    return found


def _either(spot: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    """Operators that may do without blanks unless CHECKs are on, but not with one alone."""
    if spot.line.strict:
        if not op.is_last and (op.ahead not in "EW" or op.behind not in "EW"):
            return [("no-space-around-arithmetic", spot.hit(op.at, operator=op.sign))]
        if op.is_last and (op.ahead != "W" or op.behind not in "OE"):
            return [("no-space-around-arithmetic", spot.hit(op.at, "before", operator=op.sign))]
        return []
    if (op.ahead == "W" and op.behind not in "WCE") or (op.ahead not in "WCE" and op.behind == "W"):
        return [("no-space-around-arithmetic", spot.hit(op.at, case="uneven", operator=op.sign))]
    return []


def _both(spot: LineContext, op: _Operator) -> list[tuple[str, Hit]]:
    if op.ahead in "EWC" and op.behind in "CWE":
        return []
    if op.sign == "<" and pattern(r"\S+@\S+>").match(op.right):
        return []
    if op.sign == ">" and pattern(r"<\S+@\S+$").search(op.left):
        return []
    if op.sign == ":" and (op.left.endswith(":") or op.right.startswith(":")):
        return []
    mild = op.sign in ("?:", "?", ":") and op.ahead == op.behind == "V"
    name = "no-space-around-ternary" if mild else "no-space-around-operator"
    return [(name, spot.hit(op.at, operator=op.sign))]
