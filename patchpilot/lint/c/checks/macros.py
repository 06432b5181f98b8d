# SPDX-License-Identifier: GPL-2.0-or-later
"""Check macros: their values, repeated evaluation of arguments, and hidden control flow."""

import re
from collections.abc import Sequence

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.c_patterns import (
    CONSTANT,
    IDENT,
    LVAL,
    NOTE,
    OPERATORS,
    STRING,
    pattern,
)
from patchpilot.lint.c.types import TypePattern

_ANYTHING = TypePattern("", storage=True)
_CHECKED = TypePattern(r"\s*,\s*\(*\s*")
# operators that do not evaluate their argument; typecheck has a type and a comma after its
# parenthesis
_HARMLESS = r"\b(?:(?:__must_be_array|offsetof|sizeof_field|sizeof|__stringify|typeof|__typeof__|__builtin\w+|#+)\s*\(*\s*|(typecheck)\s*\(\s*)"  # noqa: E501
_OPERATOR_BEFORE, _OPERATOR_AFTER = rf"({OPERATORS})\s*$", rf"\s*({OPERATORS})"
_SPACE = " \t\n\r\f\v"
# skip longer macros
_LONGEST = 20_000
_MOST, _SHORT = 2_000_000, 500


@check(ADDED, "define")
def macro(context: LineContext) -> Results:
    """Report problems in a macro definition."""
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
    """Return whether a macro is a declaration, a string or something else that parentheses
    would break.
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
    """Report macro arguments that are used twice, used without parentheses next to an operator,
    or unused.
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
    """Remove sizeof, typeof, # and ##, which evaluate nothing, from a macro's body."""
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
