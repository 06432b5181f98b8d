# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers that add or remove spaces in a line of C at a finding's column.

Comments and strings are not changed, and the guard compares the tokens.
"""

import re
from collections.abc import Iterator
from functools import partial

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.c_patterns import BALANCED
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import ColumnSpan, FixSite, Proposal, fixer

_SPACES = " \t"
_SIGN = r"(?:<<=|>>=|[<>=!+\-*/%^|&]=|=>|->|<<|>>|&&|\|\||\+\+|--|\?:|\S)"
_TYPE_WORD = (
    r"(?:const|static|unsigned|signed|int|long|char|void|inline|struct|union|enum|register|extern"
    r"|volatile|typeof)"
)
_NO_OPERAND = (
    rf"(?:{_TYPE_WORD}|if|while|for|switch|else|do|goto|default|return|case|in)\b"
)
_OPERAND = compile_cached(
    r"(?:\]|(?:->|\.)[A-Za-z_]\w*|(?<!\w)\d\w*|\b[A-Z][A-Z0-9_]+|\bsizeof\s*\([^()]*\)"
    r"|(?<![\w)])\((?=[^()]*[-+/|%.[])[^()]*\))$"
)
"""What can only be the left operand of a binary operator: no type and no condition."""
_NAME = compile_cached(rf"(?<![\w#])(?!{_NO_OPERAND})[a-z_]\w*(?:{BALANCED})?$")
_EXPRESSION = compile_cached(
    r"(?<![=!<>])=(?!=)|\breturn\b|\b(?:if|while|switch)\s*\(|\s(?:[-+/<>|]|[<>=!]=)\s|&&|\|\|"
    r"|^\s+[a-z_]\w*\("
)
"""What comes before a product, but not before the type of a declaration."""
_VALUE_AFTER = compile_cached(r"\s*(?:\(|(?!(?:const|volatile|restrict|__\w+)\b)\w)")
_NUMBER_AFTER = compile_cached(r"sizeof\b|\d|[A-Z][A-Z0-9_]+\b")
_QUALIFIER = compile_cached(
    r"(?:const|volatile|(?:__)?restrict|__(?:iomem|user|rcu|percpu|force))\b"
)


def _code(site: FixSite) -> str:
    """Return the sanitized line if the patch adds it; "" if not."""
    return site.line.text[: len(site.line.raw)] if site.added(site.number) else ""


def _respaced(site: FixSite, pattern: str, new: str, *, back: bool = False) -> Proposal:
    """Replace group 1 of what the pattern matches at the finding's column, or with
    `back` where the spaces before the column start.
    """
    text, at = _code(site), site.column
    if not 0 < at < len(text) or text[at] == NOTE:
        return None
    if back:
        at = len(text[:at].rstrip(_SPACES))
    match = compile_cached(pattern).match(text, at) if at > 1 else None
    return ColumnSpan(site.number, *match.span(1), new) if match else None


for _name, _pattern, _new, _back in (
    ("space-after", r"\S()(?=[^ \t])", " ", False),
    ("no-space-before", r"([ \t]+)(?=\S)", "", True),
    ("no-space-after", rf"{_SIGN}([ \t]+)(?=\S)", "", False),
    # a name before `(*` may be a type, and a macro without arguments may have a value
    ("no-space-before-call", r"(?<=\w)([ \t]+)(?=\((?!\s*[*^]))", "", True),
    ("cast", r"\([^()]*\)([ \t]+)(?=[\w(&*~!\"'-])", "", False),
):
    fixer(_name)(partial(_respaced, pattern=_pattern, new=_new, back=_back))


def _added(site: FixSite, pattern: str) -> Proposal:
    """Add a space where the pattern ends that the line's code has once."""
    ends = [match.end() for match in re.finditer(pattern, _code(site))]
    return ColumnSpan(site.number, ends[0], ends[0], " ") if len(ends) == 1 else None


fixer("space-before-brace")(partial(_added, pattern=r"(?:\)|\belse|\bdo)(?=\{)"))


@fixer("space-before")
def space_before(site: FixSite) -> Proposal:
    """Add a space before the column or, in a `return(` without a column, before the
    parenthesis.
    """
    if site.column < 1:
        return _added(site, r"\breturn(?=\()")
    return _respaced(site, r"(?<=[^ \t])()", " ")


@fixer("space-around")
def space_around(site: FixSite) -> Proposal:
    """Put one space on each side of an operator that is certainly binary."""
    text, at = _code(site), site.column
    match = compile_cached(_SIGN).match(text, at) if 0 < at < len(text) else None
    if not match or text[at] == NOTE:
        return None
    above = site.line.previous
    is_choice = above is not None and above.code.rstrip().endswith("?")
    if not (match[0] == ":" and is_choice) and not _is_binary(text, match):
        return None
    return _padded(site.number, text, match)


def _padded(number: int, text: str, match: re.Match[str]) -> Iterator[ColumnSpan]:
    start, end = match.span()
    if text[1:start].strip(_SPACES) and text[start - 1] not in _SPACES:
        yield ColumnSpan(number, start, start, " ")
    if end < len(text) and text[end] not in _SPACES:
        yield ColumnSpan(number, end, end, " ")


def _is_binary(text: str, match: re.Match[str]) -> bool:
    sign, before, after = match[0], text[1 : match.start()], text[match.end() :]
    if re.match(r"\+\s*#", text) and sign in ("/", "-", "<", ">", "%", ".", "?", ":"):
        # paths have them too; the parentheses of a macro's value and an #if have expressions
        value = re.sub(r"^\s*#\s*define\s+\w+(?:\([^()]*\))?", "", before)
        is_test = re.match(r"\s*#\s*(?:el)?if\b", before) and "__has_inc" not in before
        if not is_test and (value == before or value.count("(") <= value.count(")")):
            return False
    if sign == ":":
        return "?" in before
    if sign in ("<", ">"):
        return not re.search(r"#\s*include|@", text)
    if sign not in ("+", "-", "*", "&"):
        return True
    left, statement = before.rstrip(), re.split(r"[;{}]", before)[-1]
    is_value = _VALUE_AFTER.match(after)
    # `a * b` may be a declaration
    if is_value and _NAME.search(left):
        return sign != "*" or _EXPRESSION.search(statement) is not None
    if is_value and _OPERAND.search(left):
        return True
    is_apart, goes_on = before[-1:] in _SPACES, after[:1] in _SPACES
    # a space before it and none after it is how a unary operator looks
    if sign in ("+", "-"):
        return goes_on or not is_apart
    return not (is_apart or goes_on) and _NUMBER_AFTER.match(after) is not None


@fixer("star")
def star(site: FixSite) -> Proposal:
    """Attach pointer stars to the name: one space before them, and none between or after them.

    A qualifier keeps a space on both sides.
    """
    text, at = _code(site), site.column
    match = re.compile(r"(?<=[\w)])[*\s]*\*[*\s]*(?=[\w)(])").match(text, max(at, 0))
    if not match:
        return None
    good = " " + "".join(match[0].split())
    if _QUALIFIER.match(text, match.end()):
        good += " "
    return ColumnSpan(site.number, *match.span(), good) if good != match[0] else None
