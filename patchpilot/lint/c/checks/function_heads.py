# SPDX-License-Identifier: GPL-2.0-or-later
"""Check function prototypes and of the first lines of function definitions."""

import re

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.c_patterns import (
    BALANCED,
    IDENT,
    STORAGE,
    pattern,
)
from patchpilot.lint.c.types import TypePattern

_SPACE = " \t\n\r\f\v"
_BODY_ON_LINE = TypePattern(rf"\s*{IDENT}\s*{BALANCED}\s*\{{")
_EXTERN = TypePattern(rf"\s+({IDENT})(\s*)\(")
_ARGUMENTS = TypePattern(
    rf"\s*(?:{IDENT}|\(\s*\*\s*{IDENT}\s*\))\s*\(\s*([^{{]+)\s*\)\s*;"
)
_ARGUMENT = TypePattern(rf"\s*(?:{IDENT}|\(\s*\*\s*(?:{IDENT})?\s*\)\s*{BALANCED})?")
_WHOLE = TypePattern(r"$")
_DEFINITION = TypePattern(rf"\s*({IDENT})\s*{BALANCED}\s*\{{")


@check(ADDED, "{")
def function_brace(context: LineContext) -> Results:
    """Report an opening brace on the line of the function's name, as in `int f(void) {`."""
    code = context.code
    if (
        "}" in code
        or "(" not in code
        or not pattern(r"\)\s*\{").search(code)
        or pattern(r"#\s*define\b.*do\s*\{").search(code)
    ):
        return
    if context.types.search(_BODY_ON_LINE, code, inside=True):
        yield "function-brace-on-same-line", context.hit(code.find("{"))


@check(ADDED)
def extern_in_source(context: LineContext) -> Results:
    """Report prototypes and extern declarations in .c files.

    It also reports arguments that start on the line after the function's name.
    """
    if context.span is None or not context.line.file.endswith(".c"):
        return
    statement = context.statement or ""
    if "(" not in statement and "extern" not in statement:
        return
    start = pattern(r".\s*(?:extern\s+)?", re.DOTALL).match(statement)
    bare = pattern(r".\s*", re.DOTALL).match(statement)
    if not start or not bare:
        return
    match = context.types.match(_EXTERN, statement, start.end()) or context.types.match(
        _EXTERN, statement, bare.end()
    )
    if match:
        if pattern(r"\s*;").match(statement, len(context.condition)):
            yield "extern-in-source", context.hit()
        if "\n" in match.match[2]:
            yield "arguments-below-name", context.hit()
    elif pattern(r".\s*extern\s+", re.DOTALL).match(statement):
        yield "extern-in-source", context.hit()


@check(ADDED)
def unnamed_arguments(context: LineContext) -> Results:
    """Report arguments without names in a prototype, as in `int f(int);`."""
    if context.span is None:
        return
    statement = context.statement or ""
    if "(" not in statement or not statement.rstrip(_SPACE).endswith(";"):
        return
    found = None
    for lead in (r".\s*(?:extern\s+)?", r".\s*"):
        if not found and (start := pattern(lead, re.DOTALL).match(statement)):
            found = context.types.match(_ARGUMENTS, statement, start.end())
    if not found or found.match[1] == "void":
        return
    arguments = found.match[1].strip(_SPACE)
    for match in context.types.finditer(_ARGUMENT, arguments, inside=True):
        argument = arguments[match.start : match.match.end()].strip(_SPACE)
        if context.types.match(_WHOLE, argument) and not pattern(
            rf"enum\s+{IDENT}$"
        ).search(argument):
            yield "unnamed-argument", context.hit(argument=argument)


@check(ADDED)
def function_definition(context: LineContext) -> Results:
    """Report an opening brace at the end of a function declaration that spans several lines."""
    if context.span is None or "{" not in (statement := context.statement or ""):
        return
    found = None
    for lead in (rf".\s*(?:{STORAGE}\s+)?", r".\s*"):
        if not found and (start := pattern(lead, re.DOTALL).match(statement)):
            found = context.types.match(_DEFINITION, statement, start.end())
    if not found:
        return
    context.walk.function = found.match[1]
    passage = context.walk.passage
    first = passage.index(context.line.number)
    for number in range(min(statement.count("\n") + 1, len(passage.lines) - first)):
        raw = passage.lines[first + number].raw
        if raw[1:2] == "{" or (number == 0 and "{" in raw):
            return
        if "{" in raw:
            break
    yield "function-brace-on-same-line", context.hit()
