# SPDX-License-Identifier: GPL-2.0-or-later
"""Check required and prohibited spaces at brackets, braces, keywords and function pointers.

It also records the operators of each added line, for the rules about spaces around operators.
"""

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.c_patterns import IDENT, pattern
from patchpilot.lint.c.operators import operators_of
from patchpilot.lint.c.types import TypePattern

_POINTER = TypePattern(rf"\((\s*)\*(\s*)({IDENT})(\s*)\)(\s*)\(", storage=True)
_POINTER_SPACES = (
    (1, "after-parenthesis"),
    (2, "before-name"),
    (4, "after-name"),
    (5, "before-arguments"),
)
"""A group of `_POINTER` that must be empty, and the case of the message when it is not."""
_TO_END = TypePattern("$")
_BEFORE_SQUARE = TypePattern(r"\s+$")
_BRACED_CAST = TypePattern(r"\)\{")
_SPACED_WORDS = frozenset(
    ("if", "for", "while", "switch", "return", "case", "volatile", "__volatile__", "__attribute__", "format", "__extension__", "asm", "__asm__", "scoped_guard")  # noqa: E501
)  # fmt: skip


@check(ADDED, "*")
def function_pointer(context: LineContext) -> Results:
    """Report spaces in a function pointer's declaration, except after the return type.

    The expected form is `type (*name)(args)`.
    """
    text = context.text
    start = pattern(r".\s*").match(text)
    if (
        "(" not in text
        or not start
        or not (match := context.types.match(_POINTER, text, start.end()))
    ):
        return
    if not match.type.endswith(("*", " ", "\t")):
        yield "function-pointer-spacing", context.hit(match.end)
    for group, case in _POINTER_SPACES:
        if match.match[group]:
            yield (
                "function-pointer-spacing",
                context.hit(match.match.start(group), case),
            )


@check(ADDED, " [", "\t[")
def space_before_square_bracket(context: LineContext) -> Results:
    """Report a space before an opening square bracket, as in `a [1]`."""
    text = context.text
    for match in pattern(r"(.*?\s)\[").finditer(text):
        prefix = match[1]
        if (
            (match.start(1) == 0 and pattern(r".\s+$").match(prefix))
            or pattern(r"[{,:]\s+$").search(prefix)
            or context.types.search(_BEFORE_SQUARE, prefix, inside=True)
        ):
            continue
        # a macro may be the entry of a table: "#define FROB(i) [i] = {"
        is_entry = (
            pattern(r".\s*#\s*define\s+\w+\([^()]*\)\s+$").match(prefix) is not None
        )
        yield (
            "space-before-bracket",
            context.hit(match.end() - 1, "entry" if is_entry else ""),
        )


@check(ADDED, " (", "\t(")
def space_before_call(context: LineContext) -> Results:
    """Report a space between a function's name and its arguments, as in `f (x)`."""
    text = context.text
    for match in pattern(rf"({IDENT})\s+\(").finditer(text):
        name, lead = match[1], text[: match.start()]
        if (
            name in _SPACED_WORDS
            or pattern(r".\s*#\s*define\s*$").match(lead)
            or pattern(r".\s*#\s*elif\s*$").match(lead + name)
        ):
            continue
        if context.types.search(_TO_END, lead + name, inside=True):
            continue
        yield "space-before-call", context.hit(match.end() - 1, name=name)


@check(ADDED, "{")
def space_before_brace(context: LineContext) -> Results:
    """Report a missing space before an opening brace, as in `){` and `else{`."""
    text = context.text
    touching = (
        "){" in text
        and pattern(r"\(.*\)\{").search(text)
        and not _casts_braces(context, text)
    )
    if touching or pattern(r"\b(?:else|do)\{").search(text):
        yield "no-space-before-brace", context.hit(text.find("{"))


def _casts_braces(context: LineContext, text: str) -> bool:
    """Return whether a line contains a compound literal, `(type){`."""
    return any(
        context.types.match(_BRACED_CAST, text, match.end())
        for match in pattern(r"\(").finditer(text)
    )


@check(ADDED)
def note_operators(context: LineContext) -> tuple[()]:
    """Record the operators of a line for rules that read `CCode`, and report nothing."""
    known = context.walk.operators
    for kind, operator in operators_of(context.line, context.values, context.types):
        known.setdefault(kind, []).append(operator)
    return ()
