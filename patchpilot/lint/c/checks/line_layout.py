# SPDX-License-Identifier: GPL-2.0-or-later
"""Check the layout of lines (continuation lines, tab stops, block comments and blank lines) and the
spaces at brackets, braces and function pointers.

The operators of each added line are recorded for the rules about spaces around operators.
"""

from patchpilot.lint.c.c_check import ADDED, LAYOUT, LineContext, Results, check
from patchpilot.lint.c.c_patterns import (
    ASSIGNMENT,
    ATTRIBUTE,
    BALANCED,
    COMPARE,
    DECLARATION_MACROS,
    IDENT,
    KEYWORDS,
    LVAL,
    NOTE,
    OPERATORS,
    SPARSE,
    end_of,
    match_at,
    pattern,
    search_in,
)
from patchpilot.lint.c.line_scan import expand
from patchpilot.lint.c.operators import operators_of, value_end
from patchpilot.lint.c.types import TypePattern

_TAB = 8
_QUALIFIERS = rf"\b(?:{ATTRIBUTE}|{SPARSE})\b"
_LOCAL = rf"{IDENT}(?:\s+|\s*\*\s*){IDENT}\s*[=,;\[]"
_KEYWORD = rf"\+\s+{KEYWORDS}\b"
# the end of an unfinished declaration, of a line before a block, or of a macro line
_GOES_ON = rf"(?:{COMPARE}|{ASSIGNMENT}|{OPERATORS})\s*$|(?:\{{\s*|\\)$"
# lines that may follow a declaration without a blank line
_NO_STATEMENT = (
    r"\+\s+(?:static\s+)?(?:const\s+)?(?:union|struct|enum|typedef)\b|\+\s+(?:$|[{}.#\"?:(\[])"
    rf"|\+\s+{IDENT}\s*:\s*\d+\s*[,;]|\+\s+\(?\s*(?:{COMPARE}|{ASSIGNMENT}|{OPERATORS})"
)
_OPENS = rf"(?:{KEYWORDS}\s+if\s*|(?:{IDENT}|\(\s*\*\s*{IDENT}\s*\))\s*|(?:\*\s*)*{LVAL}\s*=\s*{IDENT}\s*)\(.*(?:&&|\|\||,)\s*$"  # noqa: E501
_DECLARES = TypePattern(rf"\s*{IDENT}\s*[;=]", storage=True)
_CALLED = TypePattern(
    rf"\s*(?:{IDENT}|\(\s*\*\s*{IDENT}\s*\))\s*\(.*(?:&&|\|\||,)\s*$", storage=True
)
_CAST = TypePattern(rf"\s*\)[ \t]++(?![={{]|\\$|{ATTRIBUTE}|__attribute__)")
_VARIABLE = TypePattern(rf"\s*{IDENT}\s*[=,;:\[]", storage=True)
_POINTED = TypePattern(rf"\s*\(\s*\*\s*{IDENT}\s*\)\s*[=,;:\[(]", storage=True)


@check(LAYOUT, "\t ", f"\t{NOTE}")
def off_tab_stop(context: LineContext) -> Results:
    code = context.code
    indent = match_at(r"\+\t+( +)", code)
    if not indent or len(indent[1]) % _TAB == 0:
        return
    at = indent.end()
    if match_at(
        rf"(?:{KEYWORDS}\b|\{{\s*$|\}}\s*(?:else\b|while\b|\s*$))", code, at
    ) or context.types.match(_DECLARES, code, at):
        yield "off-tab-stop", context.hit(at)


@check(LAYOUT)
def misaligned_continuation(context: LineContext) -> Results:
    before = context.before
    if (
        not before.startswith("+")
        or not before.rstrip(" \t\n\r\f\v").endswith((",", "&&", "||"))
        or "(" not in before
    ):
        return
    if not _opens_call(context, before):
        return
    start = end_of(r"\+\t*", before)
    tabs, column = before[1:start], _last_open_parenthesis(before[start:])
    if column < 0:
        return
    indent = context.text[1 : end_of(r"[+ ][ \t]*", context.text)]
    if indent not in (
        tabs + "\t" * (column // _TAB) + " " * (column % _TAB),
        tabs + " " * column,
    ):
        yield "misaligned-continuation", context.hit(1 + len(indent))


def _opens_call(context: LineContext, before: str) -> bool:
    """Return whether a line starts a call, declaration or condition that continues on the next
    line.
    """
    at = end_of(r"\+[ \t]*", before)
    return (
        match_at(_OPENS, before, at) is not None
        or context.types.match(_CALLED, before, at) is not None
    )


def _last_open_parenthesis(text: str) -> int:
    """Return the column after the last unclosed parenthesis, or -1."""
    if text.count(")") >= text.count("("):
        return -1
    at = last = 0
    brackets = pattern(BALANCED)
    while at < len(text):
        if (end := value_end(text, at)) > at:
            at = end
        elif text[at] == "(":
            if match := brackets.match(text, at):
                at = match.end()
            else:
                last, at = at, at + 1
        elif text.find("(", at) < 0:
            break
        else:
            at += 1
    return len(expand(text[:last])) + 1


@check(LAYOUT, ") ", ")\t")
def space_after_cast(context: LineContext) -> Results:
    text = context.text
    if not text.startswith("+"):
        return
    for opening in reversed(list(pattern(r"\(\s*").finditer(text, 1))):
        if context.types.match(_CAST, text, opening.end()):
            if search_in(r"\b(?:sizeof|__alignof__)\s*$", text[1 : opening.start()]):
                return
            yield "space-after-cast", context.hit(opening.start())
            return


@check(LAYOUT)
def block_comment_style(context: LineContext) -> Results:
    """Report block comments with misaligned asterisks."""
    raw, before_raw = context.line.raw, context.before_raw
    if not raw.startswith("+"):
        return
    after_comment = (
        NOTE in context.before
        and search_in(rf"{NOTE}[ \t]*$", context.before) is not None
    )
    is_first = (
        before_raw.startswith("+")
        and "/*" in before_raw
        and not search_in(r"\*/[ \t]*$", before_raw)
    )
    if (
        after_comment
        and match_at(rf"\+[ \t]*{NOTE}", context.text)
        and (asterisk := match_at(r"\+([ \t]*)\*", raw))
    ):
        starred = match_at(r"\+[ \t]*\*", before_raw)
        if is_first or starred:
            above = match_at(r"\+([ \t]*/?|.*/?)\*", before_raw)
            if above and len(expand(above[1])) != len(expand(asterisk[1])):
                yield "comment-stars-unaligned", context.hit(asterisk.end() - 1)


@check(LAYOUT)
def blank_line_after_declarations(context: LineContext) -> Results:
    if context.text.startswith("+") and _first_after_declarations(context):
        yield "no-blank-line-after-declarations", context.hit()


def _first_after_declarations(context: LineContext) -> bool:
    before = context.before
    if not (indent := search_in(r"\+(\s+)\S", before)) or not context.code.startswith(
        f"+{indent[1]}"
    ):
        return False
    if not match_at(r"\S", context.code, 1 + len(indent[1])):
        return False
    qualifiers = pattern(_QUALIFIERS)
    declaration = qualifiers.sub("", before)
    if (
        not _declares(context, declaration)
        or search_in(_GOES_ON, declaration)
        or match_at(_KEYWORD, declaration)
    ):
        return False
    code = qualifiers.sub("", context.code)
    return not _declares(context, code) and not match_at(_NO_STATEMENT, code)


def _declares(context: LineContext, text: str) -> bool:
    at = end_of(r"\+\s+", text)
    return (
        match_at(_LOCAL, text, at) is not None
        or context.types.match(_VARIABLE, text, at) is not None
        or context.types.match(_POINTED, text, at) is not None
        or match_at(DECLARATION_MACROS, text, at) is not None
    )


_POINTER = TypePattern(rf"\((\s*)\*(\s*)({IDENT})(\s*)\)(\s*)\(", storage=True)
_POINTER_SPACES = (
    (1, "after-parenthesis"),
    (2, "before-name"),
    (4, "after-name"),
    (5, "before-arguments"),
)
"""Groups of `_POINTER` that must be empty, each with the case of its message."""
_TO_END = TypePattern("$")
_BEFORE_SQUARE = TypePattern(r"\s+$")
_BRACED_CAST = TypePattern(r"\)\{")
_SPACED_WORDS = frozenset(
    ("if", "for", "while", "switch", "return", "case", "volatile", "__volatile__", "__attribute__", "format", "__extension__", "asm", "__asm__", "scoped_guard")  # noqa: E501
)  # fmt: skip


@check(ADDED, "*")
def function_pointer(context: LineContext) -> Results:
    """Report spaces in the declaration of a function pointer.

    The expected form is `type (*name)(args)`.
    """
    text = context.text
    match = context.types.match(_POINTER, text, end_of(r".\s*", text))
    if not match:
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
    text = context.text
    for match in pattern(r"(.*?\s)\[").finditer(text):
        prefix = match[1]
        if (
            (match.start(1) == 0 and match_at(r".\s+$", prefix))
            or search_in(r"[{,:]\s+$", prefix)
            or context.types.search(_BEFORE_SQUARE, prefix, inside=True)
        ):
            continue
        # a macro may be a table entry: "#define FROB(i) [i] = {"
        is_entry = match_at(r".\s*#\s*define\s+\w+\([^()]*\)\s+$", prefix) is not None
        yield (
            "space-before-bracket",
            context.hit(match.end() - 1, "entry" if is_entry else ""),
        )


@check(ADDED, " (", "\t(")
def space_before_call(context: LineContext) -> Results:
    text = context.text
    for match in pattern(rf"({IDENT})\s+\(").finditer(text):
        name, lead = match[1], text[: match.start()]
        if not (
            name in _SPACED_WORDS
            or match_at(rf".\s*#\s*(?:define\s*{IDENT}|elif)$", lead + name)
            or context.types.search(_TO_END, lead + name, inside=True)
        ):
            yield "space-before-call", context.hit(match.end() - 1, name=name)


@check(ADDED, "{")
def space_before_brace(context: LineContext) -> Results:
    text = context.text
    has_no_space = (
        "){" in text
        and search_in(r"\(.*\)\{", text)
        # skip compound literals such as (type){
        and not any(
            context.types.match(_BRACED_CAST, text, match.end())
            for match in pattern(r"\(").finditer(text)
        )
    )
    if has_no_space or search_in(r"\b(?:else|do)\{", text):
        yield "no-space-before-brace", context.hit(text.find("{"))


@check(ADDED)
def note_operators(context: LineContext) -> tuple[()]:
    """Record the operators of a line in the `CWalk`, without reporting anything."""
    operators = context.walk.operators
    for kind, operator in operators_of(context.line, context.values, context.types):
        operators.setdefault(kind, []).append(operator)
    return ()
