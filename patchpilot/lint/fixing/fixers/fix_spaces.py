# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers that add or remove spaces in a line of C at a finding's column.

Comments and strings are not changed.
"""

import re
from collections.abc import Callable

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.c_patterns import BALANCED
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import ColumnSpan, FixSite, Proposal, fixer

_SPACES = " \t"
_SIGN = compile_cached(
    r"<<=|>>=|<=|>=|==|!=|\+=|-=|\*=|/=|%=|\^=|\|=|&=|=>|->|<<|>>|&&|\|\||\+\+|--|\?:|\S"
)
_DIRECTIVE = compile_cached(r"\+\s*#")
_KEYWORDS = frozenset(
    (
        "else",
        "do",
        "goto",
        "default",
        "const",
        "static",
        "unsigned",
        "signed",
        "int",
        "long",
        "char",
        "void",
        "in",
        "inline",
    )
)
_NUMBER = compile_cached(r"(?:\b\d\w*|\b[A-Z][A-Z0-9_]+)$")
_OPERAND = compile_cached(r"(?:\]|(?:->|\.)[A-Za-z_]\w*|(?<!\w)\d\w*)$")
_NO_OPERAND = _KEYWORDS | {
    "return",
    "case",
    "sizeof",
    "typeof",
    "struct",
    "union",
    "enum",
    "register",
    "extern",
    "volatile",
}
_CONDITIONS = frozenset(("if", "while", "for", "switch"))
_VALUE_AFTER = compile_cached(r"\s*(?:\(|(?!(?:const|volatile|restrict|__\w+)\b)\w)")
_EXPRESSION = compile_cached(
    r"(?<![=!<>])=(?!=)|\breturn\b|\b(?:if|while|switch)\s*\(|\s(?:[-+/<>|]|[<>=!]=)\s|&&|\|\|"
)
"""What comes before a product, but not before the type of a declaration."""
_NUMBER_AFTER = compile_cached(r"\d|[A-Z][A-Z0-9_]+\b")


def _place(site: FixSite) -> tuple[str, int] | None:
    """Returns the sanitized line and the finding's column, if that is in the code of an added line."""  # noqa: E501
    if site.added(site.number) is None:
        return None
    text, at = site.line.text[: len(site.line.raw)], site.column
    return (text, at) if 0 < at < len(text) and text[at] != NOTE else None


CodeFixer = Callable[[FixSite, str, int], Proposal]


def at_code(name: str) -> Callable[[CodeFixer], CodeFixer]:
    """Registers a fixer that takes the sanitized line and the column of a finding in code."""

    def register(function: CodeFixer) -> CodeFixer:
        fixer(name)(
            lambda site: function(site, *place) if (place := _place(site)) else None
        )
        return function

    return register


def _remove(site: FixSite, text: str, start: int, end: int) -> ColumnSpan | None:
    """Removes the spaces around columns start to end, on both sides.

    Not the line's indent and not trailing spaces.
    """
    while start > 1 and text[start - 1] in _SPACES:
        start -= 1
    while end < len(text) and text[end] in _SPACES:
        end += 1
    if (
        start >= end
        or not text[1:start].strip(_SPACES)
        or not text[end:].strip(_SPACES)
    ):
        return None
    return ColumnSpan(site.number, start, end, "")


def _add(site: FixSite, at: int) -> Proposal:
    return ColumnSpan(site.number, at, at, " ")


@fixer("space-before")
def space_before(site: FixSite) -> Proposal:
    """Adds a space before the column or, in a `return(` without a column, before the
    parenthesis.
    """
    if site.column < 1 and (match := re.search(r"\breturn\(", site.line.text)):
        return _add(site, match.end() - 1)
    place = _place(site)
    if not place:
        return None
    text, at = place
    return _add(site, at) if text[at - 1] not in _SPACES else None


@at_code("space-after")
def space_after(site: FixSite, text: str, at: int) -> Proposal:
    """Adds a space after the character at the column."""
    return (
        _add(site, at + 1)
        if at + 1 < len(text) and text[at + 1] not in _SPACES
        else None
    )


@at_code("space-around")
def space_around(site: FixSite, text: str, at: int) -> Proposal:
    """Puts one space on each side of an operator that is certainly binary."""
    match = _SIGN.match(text, at)
    is_choice = (
        text[at] == ":"
        and site.line.previous is not None
        and site.line.previous.code.rstrip().endswith("?")
    )
    if not match or not (is_choice or _is_certain(text, match[0], at, match.end())):
        return None
    end = match.end()
    spans = []
    if text[:at].rstrip(_SPACES) not in ("+", "") and text[at - 1] not in _SPACES:
        spans.append(ColumnSpan(site.number, at, at, " "))
    if end < len(text) and text[end] not in _SPACES:
        spans.append(ColumnSpan(site.number, end, end, " "))
    return spans


def _is_certain(text: str, sign: str, at: int, end: int) -> bool:
    before, after = text[at - 1], text[end : end + 1]
    if (
        _DIRECTIVE.match(text)
        and sign in ("/", "-", "<", ">", "%", ".", "?", ":")
        and not _is_expression(text[:at])
    ):
        return False
    if (
        sign in ("+", "-", "*", "&")
        and _VALUE_AFTER.match(text, end)
        and _has_left_operand(text[1:at].rstrip(), sign)
    ):
        return True
    if sign == "*" and before not in _SPACES and re.match(r"sizeof\b", text[end:]):
        return True
    # a space before it and none after it is how a unary operator looks
    if sign in ("+", "-", "*", "&") and before in _SPACES and after not in _SPACES:
        return False
    if sign == "*" and re.search(r"(?:=|\breturn)\s[^(),;]*$", text[1:at]):
        return before not in _SPACES and after not in _SPACES
    if sign in ("*", "&"):
        return (
            bool(_NUMBER.search(text[1:at]) or _NUMBER_AFTER.match(text, end))
            and before not in _SPACES
            and after not in _SPACES
        )
    if sign == ":":
        return "?" in text[:at]
    if sign in ("<", ">"):
        return not re.search(r"#\s*include|@", text)
    return True


def _is_expression(before: str) -> bool:
    """Whether a directive's text goes on with an expression: in the parentheses of a macro's value,
    or after an #if.
    """
    if re.match(r"\+\s*#\s*(?:el)?if\b", before):
        return "__has_include" not in before
    value = re.sub(r"^\+\s*#\s*define\s+\w+(?:\([^()]*\))?", "", before)
    return value != before and value.count("(") > value.count(")")


def _ends_in_value(before: str) -> bool:
    """Whether code ends with a calculation in parentheses, which is no cast, or with a sizeof or
    the call of a function in an expression.
    """
    group = re.search(rf"(?<![\w)])(\w*)({BALANCED})$", before)
    if not group:
        return False
    if group[1]:
        is_call = (
            re.match(r"[a-z]", group[1]) and group[1] not in _NO_OPERAND | _CONDITIONS
        )
        return group[1] == "sizeof" or bool(
            is_call
            and _EXPRESSION.search(re.split(r"[;{}]", before[: group.start()])[-1])
        )
    return re.search(r"[-+/|%\[.]|\b\d", group[2]) is not None


def _has_left_operand(before: str, sign: str) -> bool:
    """Whether code ends with what can only be the left operand of a binary operator."""
    if _OPERAND.search(before) or _ends_in_value(before):
        return True
    name = re.search(r"(?<![\w#])[a-z_]\w*$", before)
    if not name or name[0] in _NO_OPERAND:
        return False
    # `a * b` may be a declaration
    statement = re.split(r"[;{}]", before)[-1]
    return (
        sign != "*"
        or _EXPRESSION.search(statement) is not None
        or re.match(r"\s+[a-z_]\w*\(", statement) is not None
    )


@at_code("no-space-before")
def no_space_before(site: FixSite, text: str, at: int) -> Proposal:
    """Remove the spaces at the column or before it."""
    return _remove(site, text, at, at)


@at_code("no-space-before-call")
def no_space_before_call(site: FixSite, text: str, at: int) -> Proposal:
    """Removes the space between a function's name and its arguments.

    A name before `(*` is not changed, since it may be a type.
    """
    name = re.search(r"(\w+)[ \t]+$", text[:at])
    if (
        not name
        or name[1] in _KEYWORDS
        or re.match(r"\(\s*[*^]", text[at:])
        or re.match(r"\+\s*#\s*define\s+$", text[: name.start()])
    ):
        return None
    return no_space_before(site, text, at)


@at_code("no-space-after")
def no_space_after(site: FixSite, text: str, at: int) -> Proposal:
    """Removes the space after the character at the column."""
    match = _SIGN.match(text, at)
    return _remove(site, text, match.end(), match.end()) if match else None


@fixer("space-before-brace")
def space_before_brace(site: FixSite) -> Proposal:
    """Adds the missing space in `){` and `else{`."""
    text = site.line.text[: len(site.line.raw)]
    if site.added(site.number) is None or text.count("{") != 1:
        return None
    match = re.search(r"(?:\)|\belse|\bdo)(?=\{)", text)
    return _add(site, match.end()) if match else None


@at_code("cast")
def cast(site: FixSite, text: str, at: int) -> Proposal:
    """Removes the space after a cast whose parenthesis is at the column."""
    if text[at] != "(":
        return None
    match = re.match(r"\([^()]*\)([ \t]+)(?=[\w(&*~!\"'-])", text[at:])
    if not match or re.search(
        r"[\w\])]\s*$",
        (
            text[1:at].rpartition("return")[2]
            if text[1:at].rstrip().endswith("return")
            else text[1:at]
        ),
    ):
        return None
    return ColumnSpan(site.number, at + match.start(1), at + match.end(1), "")


@at_code("star")
def star(site: FixSite, text: str, at: int) -> Proposal:
    """Attaches pointer stars to the name: one space before them, and none between or after them.

    A qualifier keeps a space on both sides.
    """
    match = compile_cached(r"[*\s]*\*[*\s]*").match(text, at)
    if not match or not re.match(r"[\w)(]", text[match.end() : match.end() + 1]):
        return None
    after = compile_cached(r"\w+").match(text, match.end())
    stars = match[0].rstrip()
    good = re.sub(r"\*\s+(?=\*)", "*", stars if stars[0] in _SPACES else f" {stars}")
    if after and after[0] in (
        "const",
        "volatile",
        "restrict",
        "__restrict",
        "__iomem",
        "__user",
        "__rcu",
        "__percpu",
        "__force",
    ):
        good += " "
    if not text[at - 1].isalnum() and text[at - 1] not in "_)":
        return None
    return (
        ColumnSpan(site.number, match.start(), match.end(), good)
        if good != match[0]
        else None
    )
