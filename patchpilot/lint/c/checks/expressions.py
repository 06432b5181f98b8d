# SPDX-License-Identifier: GPL-2.0-or-later
"""Check expressions (parentheses, casts and commas) and macros (their form, and arguments that are
unused or evaluated repeatedly).
"""

import re
from collections.abc import Sequence

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, c_check
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
    compile_ascii,
    find_match_end,
    match_ascii,
    search_ascii,
)
from patchpilot.lint.c.line_scan import SPACE
from patchpilot.lint.c.operators import find_value_end
from patchpilot.lint.c.types import TypePattern


@c_check(ADDED, "if")
def unnecessary_parentheses(context: LineContext) -> Results:
    """Report unnecessary parentheses around comparisons, as in `if ((a == b) && (c))`."""
    statement = context.statement
    staging = context.line.file.startswith("drivers/staging/") and not context.walk.scan.strict
    if (
        statement
        and not staging
        and (condition := match_ascii(rf".\s*if\s*({BALANCED})", statement))
    ):
        yield from (
            ("unnecessary-parentheses-in-condition", context.hit(inside=inside))
            for inside in _parenthesized_comparisons(condition[1][1:-1])
            if not match_ascii(r"\s*\w+\s*$", inside)
        )


def _parenthesized_comparisons(text: str) -> list[str]:
    """Return the names and comparisons in a condition that have redundant parentheses."""
    # visit each parenthesis once, so that the loop ends
    redundant, end_of_last = [], 0
    name, compare = compile_ascii(rf"\s*[&!~]?\s*{LVAL}\s*"), compile_ascii(COMPARE)
    for bracket in compile_ascii(r"\(").finditer(text):
        offset = bracket.start()
        # skip function calls and parentheses inside an earlier match
        if offset < end_of_last or (
            offset and (offset == end_of_last or match_ascii(r"[\w&!~]", text, offset - 1))
        ):
            continue
        first = name.match(text, offset + 1)
        if first is None:
            continue
        end = first.end()
        if operator := compare.match(text, end):
            operand_end = find_value_end(text, operator.end())
            end = operand_end if operand_end > operator.end() else -1
        if end >= 0 and (close := match_ascii(r"\s*\)", text, end)):
            redundant.append(text[offset + 1 : end].lstrip(" \t\n\r\f\v"))
            end_of_last = close.end()
    return redundant


@c_check(ADDED, "int", "long", "signed")
def unnecessary_constant_cast(context: LineContext) -> Results:
    """Report a cast of a constant, as in `(unsigned long)1`."""
    match = search_ascii(rf"(\(\s*{INT_TYPES}\s*\)\s*)({CONSTANT})\b", context.text)
    if not match:
        return
    cast, number = match[1], match[2]
    suffix = ("U" if "unsigned" in cast else "") + "L" * cast.count("long")
    replacement = compile_ascii(rf"{INT_SUFFIX}$").sub("", number) + suffix
    yield (
        "cast-of-constant",
        context.hit(match.start(), cast=cast, number=number, better=replacement),
    )


@c_check(ADDED)
def comma_instead_of_semicolon(context: LineContext) -> Results:
    """Report a comma used instead of a semicolon, as in `a = b(), c = d();`."""
    statement = context.statement
    if not statement.rstrip(SPACE).endswith(";") or not _has_outer_comma(statement):
        return
    first = _find_assignment_ends(statement, find_match_end(r"\+\s*", statement))
    second = [
        end
        for offset in first
        if statement.startswith(",", offset)
        for end in _find_assignment_ends(statement, find_match_end(r"\s*", statement, offset + 1))
    ]
    if any(match_ascii(r"\s*;\s*$", statement, end) for end in second):
        yield "comma-for-semicolon", context.hit()


def _find_assignment_ends(text: str, offset: int) -> list[int]:
    """Return the offsets at which a value or assignment may end, including trailing spaces."""
    assigned = match_ascii(rf"{LVAL}\s*{ASSIGNMENT}\s*", text, offset)
    starts = (assigned.end(), offset) if assigned else (offset,)
    return [
        find_match_end(r"\s*", text, end)
        for begin in starts
        if (end := find_value_end(text, begin)) > begin
    ]


def _has_outer_comma(text: str) -> bool:
    """Return whether a text without braces has a comma outside parentheses."""
    if "{" in text:
        return False
    depth = 0
    for mark in compile_ascii(r"[(),]").finditer(text):
        if mark.group() == "(":
            depth += 1
        elif mark.group() == ")":
            depth -= 1
        elif depth == 0:
            return True
    return False


_ANYTHING = TypePattern("", with_storage=True)
_CHECKED = TypePattern(r"\s*,\s*\(*\s*")
# these operators do not evaluate their argument; in typecheck(), it comes after a type
_HARMLESS = r"\b(?:(?:__must_be_array|offsetof|sizeof_field|sizeof|__stringify|typeof|__typeof__|__builtin\w+|#+)\s*\(*\s*|(typecheck)\s*\(\s*)"  # noqa: E501
_OPERATOR_BEFORE, _OPERATOR_AFTER = rf"({OPERATORS})\s*$", rf"\s*({OPERATORS})"
# longer macros are skipped
_LONGEST = 20_000
_MOST, _SHORT = 2_000_000, 500


@c_check(ADDED, "define")
def check_macro_definition(context: LineContext) -> Results:
    text = context.text
    if context.line.file.endswith("/vmlinux.lds.h") or not match_ascii(
        rf".\s*#\s*define\s+{IDENT}", text
    ):
        return
    span = context.walk.macros[context.line.number] = context.walk.passage.statement(context.line)
    # parse a macro once, because parsing it for each line would take quadratic time
    size_read = context.walk.patch["macros"] = context.walk.patch.get("macros", 0) + min(
        span.end - span.start, _LONGEST
    )
    definition = span.raw_text[: _LONGEST if size_read < _MOST else _SHORT]
    head = match_ascii(rf".\s*#\s*define\s+{IDENT}(\([^)]*\))?\s*", definition)
    if not head:
        return
    body = definition[head.end() :]
    yield from _check_macro_form(context, definition, body)
    if head[1]:
        inside = compile_ascii(r"\\\+?").sub("", compile_ascii(r"\s*").sub("", head[1][1:-1]))
        yield from _check_macro_arguments(context, inside.split(","), _join_lines(body))


def _flatten_macro_body(body: str) -> str:
    """Join the lines of a macro body, replacing bracketed text with 1."""
    text = compile_ascii(r"\\\n.").sub("", body.replace(NOTE, "")).strip(SPACE)
    text = _replace_repeatedly(
        text,
        (
            compile_ascii(r"\([^()]*\)"),
            compile_ascii(r"\{[^{}]*\}"),
            compile_ascii(r".(?:\[[^\[\]]*\])+"),
        ),
        "1u",
    )
    text = _replace_repeatedly(
        text,
        (
            compile_ascii(rf"({STRING})(?:\s*{IDENT})+"),
            # without the boundary, each letter of a long name would be tried as its start
            compile_ascii(rf"(?<!\w){IDENT}\s*({STRING})"),
        ),
        r"\1",
    )
    return compile_ascii(r"\b_*asm_*\s+_*volatile_*\b").sub("asm_volatile", text)


def _replace_repeatedly(text: str, patterns: "Sequence[re.Pattern[str]]", replacement: str) -> str:
    """Replace all matches of the first pattern that matches, until none does.

    Replacing one match at a time would take quadratic time.
    """
    changed = True
    while changed:
        changed = False
        for regex in patterns:
            shorter = regex.sub(replacement, text)
            if shorter != text:
                text, changed = shorter, True
                break
    return text


_NEEDS_NO_PARENTHESES = (
    rf"(?:{IDENT}|-?{CONSTANT}),$|(?:{IDENT}|-?{CONSTANT});$|[!~-]?(?:{LVAL}|{CONSTANT})$|'X'$|'XX'$|\.{IDENT}\s*="
    rf"|(?:#\s*{IDENT}|#\s*{CONSTANT})\s*$|do\s*{CONSTANT}\s*while\s*{CONSTANT};?$|while\s*{CONSTANT}\s*{CONSTANT}\s*$|for\s*{CONSTANT}$"
    rf"|for\s*{CONSTANT}\s+(?:{IDENT}|-?{CONSTANT})$|do\s*\{{|\(\{{"
)
_BREAKS_IN_PARENTHESES = rf"module_param_named|MODULE_PARM_DESC|DECLARE_PER_CPU|DEFINE_PER_CPU|__typeof__\(|union|struct|\.{IDENT}\s*=\s*|^\"|\"$|^\["  # noqa: E501
"""Text of a macro that parentheses would break, such as a declaration or a string."""


def _check_macro_form(context: LineContext, definition: str, body: str) -> Results:
    text = _flatten_macro_body(body)
    if (
        not text
        or match_ascii(_NEEDS_NO_PARENTHESES, text)
        or search_ascii(_BREAKS_IN_PARENTHESES, text)
        or context.types.search(_ANYTHING, text, inside=True)
        or match_ascii(r".\s*#\s*define\s+TRACE_(?:SYSTEM|INCLUDE_FILE|INCLUDE_PATH)\b", definition)
    ):
        return
    if not context.as_script and _makes_declarations(body):
        return
    if match_ascii(r"\s*if\b", text):
        yield "multi-statement-macro-without-do-while", context.hit(None, "if")
    elif ";" in text:
        yield "multi-statement-macro-without-do-while", context.hit()
    else:
        case = "list" if "," in text and not context.as_script else ""
        yield "complex-macro-without-parentheses", context.hit(None, case)


# match the head of a function, whose type or name a macro may make
_FUNCTION_HEAD = (
    r"(?!(?:do|if|while|for|switch|else|return|goto|case)\b)"
    r"(?:[\w#]+[\s*]+){1,10}[\w#]+\s*\([^;{}]*\)\s*[;{]"
)
_DECLARATION_CALLS = r"(?:(?:DEFINE|DECLARE|MODULE|EXPORT)_\w+\s*1u\s*(?:;\s*|$))+$"
_MACRO_CALLS = r"(?:[A-Z_][A-Z0-9_]*\s*1u\s*(?:,\s*|$))+$"
_ENTRIES = r"\{[^;]*\},?$"


def _makes_declarations(body: str) -> bool:
    """Return whether parentheses or a loop would break the declarations or list that a macro makes.

    These are functions, calls of macros that make declarations, and lists of entries, such as test
    cases.
    """
    text = _join_lines(body)
    if match_ascii(_FUNCTION_HEAD, text) or match_ascii(_ENTRIES, text):
        return True
    calls = _replace_repeatedly(text, (compile_ascii(r"\([^()]*\)"),), "1u")
    return bool(match_ascii(_DECLARATION_CALLS, calls) or match_ascii(_MACRO_CALLS, calls))


def _join_lines(body: str) -> str:
    lines = body.split("\n")
    parts = [compile_ascii(r"\\$").sub("", lines[0])]
    parts += [
        compile_ascii(r"\\$").sub("", line)[1:] for line in lines[1:] if line.startswith(("+", " "))
    ]
    return compile_ascii(r"\s+").sub(" ", "".join(parts).replace(NOTE, "")).strip(SPACE)


def _check_macro_arguments(context: LineContext, arguments: list[str], body: str) -> Results:
    for name in arguments:
        if name.lower() == "type" or not match_ascii(r"\w+$", name):
            continue
        if body and not search_ascii(rf"\b{name}\b", body):
            yield "unused-macro-argument", context.hit(name=name)
            continue
        remaining = _strip_harmless_uses(context, body, name)
        uses = [word for word in compile_ascii(r"\w+").finditer(remaining) if word.group() == name]
        if len(uses) > 1:
            yield "macro-argument-reuse", context.hit(name=name)
        if uses and _is_next_to_operator(remaining, uses[0]):
            yield "macro-argument-without-parentheses", context.hit(name=name)


def _is_next_to_operator(text: str, use: re.Match[str]) -> bool:
    before, after = (
        search_ascii(_OPERATOR_BEFORE, text[: use.start()]),
        match_ascii(_OPERATOR_AFTER, text, use.end()),
    )
    return any(operator is not None and operator[1] != "," for operator in (before, after))


def _strip_harmless_uses(context: LineContext, body: str, name: str) -> str:
    """Remove the uses of an argument in sizeof, typeof, # and ##, which do not evaluate it."""
    result: list[str] = []
    offset = 0
    for operator in compile_ascii(_HARMLESS).finditer(body):
        start = operator.end()
        if operator[1]:
            type_argument = context.types.match(_CHECKED, body, start)
            start = type_argument.match.end() if type_argument else -1
        if operator.start() < offset or start < 0 or not body.startswith(name, start):
            continue
        if use := match_ascii(r"\s*\)*\b", body, start + len(name)):
            result.append(body[offset : operator.start()])
            offset = use.end()
    text = "".join([*result, body[offset:]])
    for operation in (r"#+\s*(\w+)", r"(\w+)\s*##") if "#" in text else ():
        text = compile_ascii(operation).sub(
            lambda match: "" if match[1] == name else match[0], text
        )
    return text
