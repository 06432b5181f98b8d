# SPDX-License-Identifier: GPL-2.0-or-later
"""Check expressions and macros.

Expressions: comparisons, unnecessary parentheses, assignments, casts and sizeof. Macros: their
values, repeated evaluation of arguments, and hidden control flow.
"""

import re
from collections.abc import Sequence

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.c_patterns import (
    ASSIGNMENT,
    BALANCED,
    COMPARE,
    CONSTANT,
    IDENT,
    INT_SUFFIX,
    INT_TYPES,
    LVAL,
    NOTE,
    OPERATORS,
    STRING,
    end_of,
    match_at,
    pattern,
    search_in,
)
from patchpilot.lint.c.operators import value_end
from patchpilot.lint.c.types import TypePattern


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
        and (whole := match_at(rf".\s*if\s*({BALANCED})", statement))
    ):
        yield from (
            ("unnecessary-parentheses-in-condition", context.hit(inside=inside))
            for inside in _parenthesized_comparisons(whole[1][1:-1])
            if not match_at(r"\s*\w+\s*$", inside)
        )


def _parenthesized_comparisons(text: str) -> list[str]:
    """Return the names and comparisons in a condition that have redundant parentheses."""
    # visit each parenthesis once: searching again from the same position might never end
    found, done = [], 0
    name, compare = pattern(rf"\s*[&!~]?\s*{LVAL}\s*"), pattern(COMPARE)
    for bracket in pattern(r"\(").finditer(text):
        at = bracket.start()
        # a call's parenthesis, or one within an earlier match
        if at < done or (at and (at == done or match_at(r"[\w&!~]", text, at - 1))):
            continue
        first = name.match(text, at + 1)
        if first is None:
            continue
        end = first.end()
        if sign := compare.match(text, end):
            after = value_end(text, sign.end())
            end = after if after > sign.end() else -1
        if end >= 0 and (close := match_at(r"\s*\)", text, end)):
            found.append(text[at + 1 : end].lstrip(" \t\n\r\f\v"))
            done = close.end()
    return found


@check(ADDED, "int", "long", "signed")
def cast_of_constant(context: LineContext) -> Results:
    """Report a cast of a constant, as in `(unsigned long)1`."""
    match = search_in(rf"(\(\s*{INT_TYPES}\s*\)\s*)({CONSTANT})\b", context.text)
    if not match:
        return
    cast, number = match[1], match[2]
    suffix = "U" if search_in(r"\bunsigned\b", cast) else ""
    suffix += (
        "LL"
        if search_in(r"\blong\s+long\b", cast)
        else "L"
        if search_in(r"\blong\b", cast)
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
    if not statement.rstrip(_SPACE).endswith(";") or not _outer_comma(statement):
        return
    first = _assigned_ends(statement, end_of(r"\+\s*", statement))
    second = [
        end
        for at in first
        if statement.startswith(",", at)
        for end in _assigned_ends(statement, end_of(r"\s*", statement, at + 1))
    ]
    if any(match_at(r"\s*;\s*$", statement, end) for end in second):
        yield "comma-for-semicolon", context.hit()


def _assigned_ends(text: str, at: int) -> list[int]:
    """Return where a value or an assignment to it may end, including trailing spaces."""
    assigned = match_at(rf"{LVAL}\s*{ASSIGNMENT}\s*", text, at)
    begins = (assigned.end(), at) if assigned else (at,)
    return [
        end_of(r"\s*", text, end)
        for begin in begins
        if (end := value_end(text, begin)) > begin
    ]


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


_ANYTHING = TypePattern("", storage=True)
_CHECKED = TypePattern(r"\s*,\s*\(*\s*")
# operators that do not evaluate their argument; typecheck's parenthesis starts with a
# type and a comma
_HARMLESS = r"\b(?:(?:__must_be_array|offsetof|sizeof_field|sizeof|__stringify|typeof|__typeof__|__builtin\w+|#+)\s*\(*\s*|(typecheck)\s*\(\s*)"  # noqa: E501
_OPERATOR_BEFORE, _OPERATOR_AFTER = rf"({OPERATORS})\s*$", rf"\s*({OPERATORS})"
_SPACE = " \t\n\r\f\v"
# skip longer macros
_LONGEST = 20_000
_MOST, _SHORT = 2_000_000, 500


@check(ADDED, "define")
def macro(context: LineContext) -> Results:
    """Report errors in a macro definition."""
    text = context.text
    if context.line.file.endswith("/vmlinux.lds.h") or not match_at(
        rf".\s*#\s*define\s+{IDENT}", text
    ):
        return
    span = context.walk.macros[context.line.number] = context.walk.passage.statement(
        context.line
    )
    # parse a macro once, because parsing it for each line would take quadratic time
    read = context.walk.patch["macros"] = context.walk.patch.get("macros", 0) + min(
        span.end - span.start, _LONGEST
    )
    whole = span.raw_text[: _LONGEST if read < _MOST else _SHORT]
    head = match_at(rf".\s*#\s*define\s+{IDENT}(\([^)]*\))?\s*", whole)
    if not head:
        return
    body = whole[head.end() :]
    yield from _shape(context, whole, body)
    if head[1]:
        inside = pattern(r"\\\+?").sub("", pattern(r"\s*").sub("", head[1][1:-1]))
        yield from _arguments(context, inside.split(","), _join_lines(body))


def _flatten_body(body: str) -> str:
    """Join a macro's body to one line, replacing parentheses, brackets and braces with 1."""
    text = pattern(r"\\\n.").sub("", body.replace(NOTE, "")).strip(_SPACE)
    text = _reduce(
        text,
        (pattern(r"\([^()]*\)"), pattern(r"\{[^{}]*\}"), pattern(r".\[[^\[\]]*\]")),
        "1u",
    )
    text = _reduce(
        text,
        (pattern(rf"({STRING})\s*{IDENT}"), pattern(rf"{IDENT}\s*({STRING})")),
        r"\1",
    )
    return pattern(r"\b_*asm_*\s+_*volatile_*\b").sub("asm_volatile", text)


def _reduce(text: str, patterns: "Sequence[re.Pattern[str]]", replacement: str) -> str:
    """Replace matches of the patterns, one at a time, until none matches."""
    changed = True
    while changed:
        changed = False
        for searched in patterns:
            shorter = searched.sub(replacement, text, count=1)
            if shorter != text:
                text, changed = shorter, True
                break
    return text


def _shape(context: LineContext, whole: str, body: str) -> Results:
    """Report a macro that is neither a single value nor a single statement."""
    text = _flatten_body(body)
    if not text or _is_plain(text) or _is_excepted(context, text):
        return
    if match_at(
        r".\s*#\s*define\s+TRACE_(?:SYSTEM|INCLUDE_FILE|INCLUDE_PATH)\b", whole
    ):
        return
    if match_at(r"\s*if\b", text):
        yield "multi-statement-macro-without-do-while", context.hit(None, "if")
        return
    if ";" in text:
        yield "multi-statement-macro-without-do-while", context.hit()
        return
    yield "complex-macro-without-parentheses", context.hit()


def _is_plain(text: str) -> bool:
    return (
        match_at(
            rf"(?:{IDENT}|-?{CONSTANT}),$|(?:{IDENT}|-?{CONSTANT});$|[!~-]?(?:{LVAL}|{CONSTANT})$|'X'$|'XX'$|\.{IDENT}\s*="
            rf"|(?:#\s*{IDENT}|#\s*{CONSTANT})\s*$|do\s*{CONSTANT}\s*while\s*{CONSTANT};?$|while\s*{CONSTANT}\s*{CONSTANT}\s*$|for\s*{CONSTANT}$"
            rf"|for\s*{CONSTANT}\s+(?:{IDENT}|-?{CONSTANT})$|do\s*\{{|\(\{{",
            text,
        )
        is not None
    )


def _is_excepted(context: LineContext, text: str) -> bool:
    """Return whether parentheses would break a macro, because it is a declaration, a string or
    something else.
    """
    if search_in(
        rf"module_param_named|MODULE_PARM_DESC|DECLARE_PER_CPU|DEFINE_PER_CPU|__typeof__\(|union|struct|\.{IDENT}\s*=\s*|^\"|\"$|^\[",
        text,
    ):
        return True
    return context.types.search(_ANYTHING, text, inside=True) is not None


def _join_lines(body: str) -> str:
    lines = body.split("\n")
    parts = [pattern(r"\\$").sub("", lines[0])]
    parts += [
        pattern(r"\\$").sub("", line)[1:]
        for line in lines[1:]
        if line.startswith(("+", " "))
    ]
    return pattern(r"\s+").sub(" ", "".join(parts).replace(NOTE, "")).strip(_SPACE)


def _arguments(context: LineContext, arguments: list[str], body: str) -> Results:
    """Report macro arguments that are used twice, unused, or used without parentheses next to an
    operator.
    """
    for name in arguments:
        if "..." in name or name.lower() == "type":
            continue
        if not match_at(r"\w+$", name):
            continue
        if body and not search_in(rf"\b{name}\b", body):
            yield "unused-macro-argument", context.hit(name=name)
            continue
        rest = _strip_harmless_uses(context, body, name)
        uses = [word for word in pattern(r"\w+").finditer(rest) if word.group() == name]
        if len(uses) > 1:
            yield "macro-argument-reuse", context.hit(name=name)
        if uses and _is_next_to_operator(rest, uses[0]):
            yield "macro-argument-without-parentheses", context.hit(name=name)


def _is_next_to_operator(text: str, use: re.Match[str]) -> bool:
    """Return whether a word is directly next to an operator other than a comma."""
    before, after = (
        search_in(_OPERATOR_BEFORE, text[: use.start()]),
        match_at(_OPERATOR_AFTER, text, use.end()),
    )
    return any(found is not None and found[1] != "," for found in (before, after))


def _strip_harmless_uses(context: LineContext, body: str, name: str) -> str:
    """Remove sizeof, typeof, # and ## from a macro's body; they do not evaluate their argument."""
    result: list[str] = []
    at = 0
    for lead in pattern(_HARMLESS).finditer(body):
        begin = lead.end()
        if lead[1]:
            checked = context.types.match(_CHECKED, body, begin)
            begin = checked.match.end() if checked else -1
        if lead.start() < at or begin < 0 or not body.startswith(name, begin):
            continue
        if used := match_at(r"\s*\)*\b", body, begin + len(name)):
            result.append(body[at : lead.start()])
            at = used.end()
    text = "".join([*result, body[at:]])
    if "#" in text:
        text = pattern(r"#+\s*(\w+)").sub(
            lambda found: "" if found[1] == name else found.group(), text
        )
        text = pattern(r"(\w+)\s*##").sub(
            lambda found: "" if found[1] == name else found.group(), text
        )
    return text
