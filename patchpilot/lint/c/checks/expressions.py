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
    pattern,
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
    if (
        "define" not in text
        or context.line.file.endswith("/vmlinux.lds.h")
        or not pattern(rf".\s*#\s*define\s*{IDENT}(\()?").match(text)
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
    head = pattern(rf".\s*#\s*define\s+{IDENT}(\([^)]*\))?\s*").match(whole)
    body = whole[head.end() :] if head else whole
    yield from _shape(context, whole, body)
    if head and head[1]:
        inside = pattern(r"\\\+?").sub("", pattern(r"\s*").sub("", head[1][1:-1]))
        arguments = inside.split(",") if inside else []
        while arguments and not arguments[-1]:
            arguments.pop()
        yield from _arguments(context, arguments, _join_lines(body))


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
    if pattern(r".\s*#\s*define\s+TRACE_(?:SYSTEM|INCLUDE_FILE|INCLUDE_PATH)\b").match(
        whole
    ):
        return
    if pattern(r"\s*if\b").match(text):
        yield "multi-statement-macro-without-do-while", context.hit(None, "if")
        return
    if ";" in text:
        yield "multi-statement-macro-without-do-while", context.hit()
        return
    yield "complex-macro-without-parentheses", context.hit()


def _is_plain(text: str) -> bool:
    return (
        pattern(
            rf"(?:{IDENT}|-?{CONSTANT}),$|(?:{IDENT}|-?{CONSTANT});$|[!~-]?(?:{LVAL}|{CONSTANT})$|'X'$|'XX'$|\.{IDENT}\s*="
            rf"|(?:#\s*{IDENT}|#\s*{CONSTANT})\s*$|do\s*{CONSTANT}\s*while\s*{CONSTANT};?$|while\s*{CONSTANT}\s*{CONSTANT}\s*$|for\s*{CONSTANT}$"
            rf"|for\s*{CONSTANT}\s+(?:{IDENT}|-?{CONSTANT})$|do\s*\{{|\(\{{"
        ).match(text)
        is not None
    )


def _is_excepted(context: LineContext, text: str) -> bool:
    """Return whether parentheses would break a macro, because it is a declaration, a string or
    something else.
    """
    if pattern(
        rf"module_param_named|MODULE_PARM_DESC|DECLARE_PER_CPU|DEFINE_PER_CPU|__typeof__\(|union|struct|\.{IDENT}\s*=\s*|^\"|\"$|^\["
    ).search(text):
        return True
    return context.types.search(_ANYTHING, text, inside=True) is not None


def _join_lines(body: str) -> str:
    lines = body.split("\n")
    parts = [pattern(r"\\$").sub("", lines[0])]
    parts += [
        pattern(r"\\$").sub("", line)[1:]
        for line in lines[1:]
        if line[:1] in ("+", " ") and line
    ]
    return pattern(r"\s+").sub(" ", "".join(parts).replace(NOTE, "")).strip(_SPACE)


def _arguments(context: LineContext, arguments: list[str], body: str) -> Results:
    """Report macro arguments that are used twice, unused, or used without parentheses next to an
    operator.
    """
    for name in arguments:
        if "..." in name or name.lower() == "type":
            continue
        if not pattern(r"\w+$").match(name):
            continue
        if body and not pattern(rf"\b{name}\b").search(body):
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
        pattern(_OPERATOR_BEFORE).search(text[: use.start()]),
        pattern(_OPERATOR_AFTER).match(text, use.end()),
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
        if used := pattern(r"\s*\)*\b").match(body, begin + len(name)):
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
