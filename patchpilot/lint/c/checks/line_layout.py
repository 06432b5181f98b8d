# SPDX-License-Identifier: GPL-2.0-or-later
"""Check the layout of lines (continuation lines, tab stops, block comments and blank lines) and the
spaces at brackets, braces and function pointers.

The operators of each added line are recorded for the rules about spaces around operators.
"""

from patchpilot.lint.c.c_check import ADDED, LAYOUT, LineContext, Results, c_check
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
    compile_ascii,
    find_match_end,
    match_ascii,
    search_ascii,
)
from patchpilot.lint.c.line_scan import TAB, expand_tabs
from patchpilot.lint.c.operators import find_operators, find_value_end
from patchpilot.lint.c.types import TypePattern

_QUALIFIERS = rf"\b(?:{ATTRIBUTE}|{SPARSE})\b"
# qualifiers that checkpatch.pl does not know
_ALL_QUALIFIERS = rf"\b(?:__\w+|_Alignas|alignas)\s*{BALANCED}|{_QUALIFIERS}"
_LOCAL = rf"{IDENT}(?:\s+|\s*\*\s*){IDENT}\s*[=,;\[]"
_KEYWORD = rf"\+\s+{KEYWORDS}\b"
# match the end of a line that continues a declaration or macro, or that opens a block
_GOES_ON = rf"(?:{COMPARE}|{ASSIGNMENT}|{OPERATORS})\s*$|(?:\{{\s*|\\)$"
# these lines may follow a declaration without a blank line
_NO_STATEMENT = (
    r"\+\s+(?:static\s+)?(?:const\s+)?(?:union|struct|enum|typedef)\b|\+\s+(?:$|[{}.#\"?:(\[])"
    rf"|\+\s+{IDENT}\s*:\s*\d+\s*[,;]|\+\s+\(?\s*(?:{COMPARE}|{ASSIGNMENT}|{OPERATORS})"
)
_OPENS = rf"(?:{KEYWORDS}\s+if\s*|(?:{IDENT}|\(\s*\*\s*{IDENT}\s*\))\s*|(?:\*\s*)*{LVAL}\s*=\s*{IDENT}\s*)\(.*(?:&&|\|\||,)\s*$"  # noqa: E501
_DECLARES = TypePattern(rf"\s*{IDENT}\s*[;=]", with_storage=True)
_CALLED = TypePattern(
    rf"\s*(?:{IDENT}|\(\s*\*\s*{IDENT}\s*\))\s*\(.*(?:&&|\|\||,)\s*$", with_storage=True
)
_CAST = TypePattern(rf"\s*\)[ \t]++(?![={{]|\\$|{ATTRIBUTE}|__attribute__)")
_VARIABLE = TypePattern(rf"\s*{IDENT}\s*[=,;:\[]", with_storage=True)
_POINTED = TypePattern(rf"\s*\(\s*\*\s*{IDENT}\s*\)\s*[=,;:\[(]", with_storage=True)


@c_check(LAYOUT, "\t ", f"\t{NOTE}")
def indent_off_tab_stop(context: LineContext) -> Results:
    code = context.code
    indent = match_ascii(r"\+\t+( +)", code)
    if not indent or len(indent[1]) % context.tab_size == 0:
        return
    column = indent.end()
    if match_ascii(
        rf"(?:{KEYWORDS}\b|\{{\s*$|\}}\s*(?:else\b|while\b|\s*$))", code, column
    ) or context.types.match(_DECLARES, code, column):
        yield "off-tab-stop", context.hit(column)


@c_check(LAYOUT)
def misaligned_continuation(context: LineContext) -> Results:
    before = context.before
    if (
        not before.startswith("+")
        or not before.rstrip(" \t\n\r\f\v").endswith((",", "&&", "||"))
        or "(" not in before
    ):
        return
    if not _continues_on_next_line(context, before):
        return
    start = find_match_end(r"\+\t*", before)
    tab = context.tab_size
    tabs, column = before[1:start], _find_last_open_parenthesis(before[start:], tab)
    if column < 0:
        return
    indent = context.text[1 : find_match_end(r"[+ ][ \t]*", context.text)]
    if indent not in (
        tabs + "\t" * (column // tab) + " " * (column % tab),
        tabs + " " * column,
    ):
        yield "misaligned-continuation", context.hit(1 + len(indent))


def _continues_on_next_line(context: LineContext, before: str) -> bool:
    """Return whether a line starts a call, declaration or condition that continues on the next
    line.
    """
    offset = find_match_end(r"\+[ \t]*", before)
    return (
        match_ascii(_OPENS, before, offset) is not None
        or context.types.match(_CALLED, before, offset) is not None
    )


def _find_last_open_parenthesis(text: str, tab_size: int = TAB) -> int:
    if text.count(")") >= text.count("("):
        return -1
    offset = last = 0
    brackets = compile_ascii(BALANCED)
    while offset < len(text):
        if (end := find_value_end(text, offset)) > offset:
            offset = end
        elif text[offset] == "(":
            if match := brackets.match(text, offset):
                offset = match.end()
            else:
                last, offset = offset, offset + 1
        elif text.find("(", offset) < 0:
            break
        else:
            offset += 1
    return len(expand_tabs(text[:last], tab_size)) + 1


@c_check(LAYOUT, ") ", ")\t")
def space_after_cast(context: LineContext) -> Results:
    text = context.text
    if not text.startswith("+"):
        return
    for opening in reversed(list(compile_ascii(r"\(\s*").finditer(text, 1))):
        if context.types.match(_CAST, text, opening.end()):
            if search_ascii(r"\b(?:sizeof|__alignof__)\s*$", text[1 : opening.start()]):
                return
            yield "space-after-cast", context.hit(opening.start())
            return


@c_check(LAYOUT)
def misaligned_block_comment(context: LineContext) -> Results:
    """Report block comments with misaligned asterisks."""
    raw, before_raw = context.line.raw, context.before_raw
    if not raw.startswith("+"):
        return
    after_comment = (
        NOTE in context.before and search_ascii(rf"{NOTE}[ \t]*\\?$", context.before) is not None
    )
    is_first = (
        before_raw.startswith("+")
        and "/*" in before_raw
        and not search_ascii(r"\*/[ \t]*$", before_raw)
    )
    if (
        after_comment
        and match_ascii(rf"\+[ \t]*{NOTE}", context.text)
        and (asterisk := match_ascii(r"\+([ \t]*)\*", raw))
    ):
        starred = match_ascii(r"\+[ \t]*\*", before_raw)
        if is_first or starred:
            asterisk_before = match_ascii(r"\+([ \t]*/?|.*/?)\*", before_raw)
            if asterisk_before and len(expand_tabs(asterisk_before[1])) != len(
                expand_tabs(asterisk[1])
            ):
                yield "comment-stars-unaligned", context.hit(asterisk.end() - 1)


@c_check(LAYOUT)
def missing_line_after_declarations(context: LineContext) -> Results:
    if context.text.startswith("+") and _is_first_after_declarations(context):
        yield "no-blank-line-after-declarations", context.hit()


def _is_first_after_declarations(context: LineContext) -> bool:
    before = context.before
    if not (indent := search_ascii(r"\+(\s+)\S", before)) or not context.code.startswith(
        f"+{indent[1]}"
    ):
        return False
    if not match_ascii(r"\S", context.code, 1 + len(indent[1])):
        return False
    qualifiers = compile_ascii(_QUALIFIERS if context.as_script else _ALL_QUALIFIERS)
    declaration = qualifiers.sub("", before)
    if (
        not _is_declaration(context, declaration)
        or search_ascii(_GOES_ON, declaration)
        or match_ascii(_KEYWORD, declaration)
    ):
        return False
    code = qualifiers.sub("", context.code)
    return not _is_declaration(context, code) and not match_ascii(_NO_STATEMENT, code)


def _is_declaration(context: LineContext, text: str) -> bool:
    offset = find_match_end(r"\+\s+", text)
    return (
        match_ascii(_LOCAL, text, offset) is not None
        or context.types.match(_VARIABLE, text, offset) is not None
        or context.types.match(_POINTED, text, offset) is not None
        or match_ascii(DECLARATION_MACROS, text, offset) is not None
    )


_POINTER = TypePattern(rf"\((\s*)\*(\s*)({IDENT})(\s*)\)(\s*)\(", with_storage=True)
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


@c_check(ADDED, "*")
def spaces_in_function_pointer(context: LineContext) -> Results:
    """Report spaces in the declaration of a function pointer.

    The expected form is `type (*name)(args)`.
    """
    text = context.text
    match = context.types.match(_POINTER, text, find_match_end(r".\s*", text))
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


@c_check(ADDED, " [", "\t[")
def space_before_square_bracket(context: LineContext) -> Results:
    text = context.text
    for match in compile_ascii(r"(.*?\s)\[").finditer(text):
        prefix = match[1]
        if (
            (match.start(1) == 0 and match_ascii(r".\s+$", prefix))
            or search_ascii(r"[{,:]\s+$", prefix)
            or context.types.search(_BEFORE_SQUARE, prefix, inside=True)
        ):
            continue
        # a macro may be a table entry: "#define FROB(i) [i] = {"
        is_entry = match_ascii(r".\s*#\s*define\s+\w+\([^()]*\)\s+$", prefix) is not None
        yield (
            "space-before-bracket",
            context.hit(match.end() - 1, "entry" if is_entry else ""),
        )


@c_check(ADDED, " (", "\t(")
def space_before_call(context: LineContext) -> Results:
    text = context.text
    for match in compile_ascii(rf"({IDENT})\s+\(").finditer(text):
        name, lead = match[1], text[: match.start()]
        if not (
            name in _SPACED_WORDS
            or match_ascii(rf".\s*#\s*(?:define\s*{IDENT}|elif)$", lead + name)
            or context.types.search(_TO_END, lead + name, inside=True)
        ):
            yield "space-before-call", context.hit(match.end() - 1, name=name)


@c_check(ADDED, "{")
def missing_space_before_brace(context: LineContext) -> Results:
    text = context.text
    has_no_space = (
        "){" in text
        and search_ascii(r"\(.*\)\{", text)
        # skip compound literals such as (type){
        and not any(
            context.types.match(_BRACED_CAST, text, match.end())
            for match in compile_ascii(r"\(").finditer(text)
        )
    )
    if has_no_space or search_ascii(r"\b(?:else|do)\{", text):
        yield "no-space-before-brace", context.hit(text.find("{"))


@c_check(ADDED)
def note_operators(context: LineContext) -> tuple[()]:
    """Record the operators of a line in the `CWalk`, without reporting anything."""
    operators = context.walk.operators
    for kind, operator in find_operators(context.line, context.values, context.types):
        operators.setdefault(kind, []).append(operator)
    return ()
