# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix spaces, tokens and line breaks by replacing the matches of a pattern.

Each fixer declares the tokens that it changes; all others must stay the same.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.c_patterns import BALANCED
from patchpilot.lint.fixing.fixer import (
    FixSite,
    Proposal,
    TokenChanges,
    fixer,
    rewrite_matches,
)

_SPACES = (" ", "\t", "")
_SIGN = r"(?:<<=|>>=|[<>=!+\-*/%^|&]=|=>|->|<<|>>|&&|\|\||\+\+|--|\?:|[^\s\x01])"
_QUALIFIER = r"(?:const|volatile|(?:__)?restrict|__(?:iomem|user|rcu|percpu|force))\b"
BRACKETS = (("[()]", ""),)
_PLAIN = (
    r"\(\s*(?=[^()\n]*(?:->|\.))"
    r"([A-Za-z_]\w*(?:(?:->|\.)[A-Za-z_]\w*|\[[\w+\-*. >]*\])*)\s*\)"
)
_PROTOTYPE = r"(?:(?!(?:typeof|asm)\b)[a-z]\w*\s*\(|_\w*\s*\(\s*(?:void\b|[a-z_]\w*[\s*]+[\w*]))"
"""A function's name and parenthesis, except for an attribute such as `__aligned(8)`."""
NO_MACRO = r"\A(?!\+\s*#)(?!.*\\[ \t]*(?:\n|\Z))"
"""Matches text outside of macros, whose arguments may be expressions without parentheses."""
_START = r"(?:[^&\w\s)\]]\s*|^\+\s*|\breturn\s*)"


def _register_rewrite(
    name: str,
    pattern: str,
    new: str | Callable[["re.Match[str]"], str],
    tokens: TokenChanges = (),
    **options: Any,
) -> None:
    propose = partial(rewrite_matches, pattern=pattern, new=new, **options)
    fixer(name, tokens=tokens, is_prose="is_prose" in options)(propose)


def _lower_match(match: re.Match[str]) -> str:
    return match[0].lower()


def _attach_star(match: re.Match[str]) -> str:
    """Attach pointer stars to the name; keep spaces around them before a qualifier."""
    return f" {''.join(match[1].split())}{' ' if match[2] else ''}"


_register_rewrite("space-after", r"[^\s\x01](?=[^ \t\n])", "{0} ", at_column=True)
_register_rewrite("no-space-before", r"[ \t]+([^\s\x01])", "{1}", at_column=True)
_register_rewrite("no-space-after", rf"({_SIGN})[ \t]+(?=\S)", "{1}", at_column=True)
# a name before `(*` may be a type; a macro without arguments may expand to a value in parentheses
_register_rewrite("no-space-before-call", r"(?<=\w)[ \t]+(\()(?!\s*[*^])", "{1}", at_column=True)
_register_rewrite("cast", r"(\([^()\n]*\))[ \t]+(?=[\w(&*~!\"'-])", "{1}", at_column=True)
_register_rewrite(
    "star",
    rf"(?<=[\w)])([*\s]*\*[*\s]*)(?=[\w)(])(?=({_QUALIFIER})?)",
    _attach_star,
    at_column=True,
)
_register_rewrite("space-before-brace", r"(?:\)|\belse|\bdo)(?=\{)", "{0} ")
_register_rewrite(
    "join-brace",
    r"(?<=[^\s+])[ \t]*\n\+[ \t]*(?=\{[ \t]*$)"
    r"|(?<=\})[ \t]*\n\+[ \t]*(?=(?:else|while)\b)",
    " ",
    rows=range(-1, 2),
)
_register_rewrite("split-brace", r"\A([^;{]*\))[ \t]*\{[ \t]*$", "{1}\n+{{", rows=range(20))
# in a macro, move the statement after a label along with it
_register_rewrite("label", r"^\+[ \t]+(?=[A-Za-z_]\w*:(?:[ \t]*$|(?!:).*\\$))", "+")
_register_rewrite(
    "operator-up",
    r"(?<=\S)([ \t]*\\)?[ \t]*\n(\+[ \t]*)(&&|\|\|)[ \t]*(?=\S)",
    " {3}{1}\n{2}",
    ((r"\\ (&&|\|\|)", r"\1 \\"),),
    rows=range(-1, 1),
)
# skip declarations of several names, because one may be a variable
_register_rewrite(
    "drop-extern",
    r"\A(\+\s*)extern\s+",
    "{1}",
    (("extern", ""),),
    rows=range(12),
    whole=rf"\A\+\s*extern\s(?=[^;(\[]*\b{_PROTOTYPE})(?:[^;,()]|{BALANCED})*;",
)
_register_rewrite(
    "unsigned-int",
    r"\b(?:un)?signed(?=\s+(?!char\b|short\b|int\b|long\b|__)[a-z_]\w*\s*[=,;\[)])",
    "{0} int",
    ((r"(signed) int\b", r"\1"),),
)
# remove the comma at the end of the code
_register_rewrite("drop-comma", r",(?=[\s\x01]*$)", "", ((",", ""),))
_register_rewrite("add-comma", r"(?<=[^\s\x01,;{(+])(?=[\s\x01]*$)", ",", ((",", ""),))
# skip a line with an open parenthesis, such as a `for` without a condition
_register_rewrite(
    "drop-semicolon",
    r"[ \t]*;(?:[ \t]*;)+(?=[\s\x01]*$)",
    ";",
    ((r"; (?:; )*(?=;)", ""),),
    whole=rf"\A(?:[^()]|{BALANCED})*\Z",
)
# remove the initializer of a single static or global variable
_register_rewrite(
    "drop-zero",
    r"(?<=[\w\]])\s*=\s*(?:0|NULL|false)\s*(?=;\s*$)",
    "",
    ((r"= (?:0|NULL|false)(?!\S)", ""),),
    whole=r"^(?!.*\bconst\b)[^=,;]*=[^=,;]*;[^=,;]*$",
)
_register_rewrite(
    "gpl-license",
    r"^\+\s*(MODULE_LICENSE\(\s*)\"X{6}\"(?=\s*\)\s*;)",
    '+{1}"GPL"',
    (('"GPL v2"', '"GPL"'),),
)
# the finding marks only the first of several numbers; keep their suffixes
_register_rewrite(
    "lower-hex",
    r"\b0[xX][0-9a-fA-F]*[A-F][0-9a-fA-F]*(?=[uUlL]*\b)",
    _lower_match,
    ((r"0[xX]\w+", _lower_match),),
    rows=range(200),
)
# rewrite `&(a->b)`, `*(a->b)` and `(a->b)()`, but not in a macro, whose argument may be an
# expression
_register_rewrite(
    "plain-value",
    rf"({_START}?[&*]\s*){_PLAIN}|({_START}){_PLAIN}(?=\()",
    "{1}{2}{3}{4}",
    BRACKETS,
    whole=NO_MACRO,
)
# move the end of a comment to a separate line
_register_rewrite(
    "comment-end",
    r"^\+([ \t]*)(\*[ \t].*?)[ \t]*\*/[ \t]*$",
    "+{1}{2}\n+{1}*/",
    is_prose=True,
)


@fixer("space-before")
def insert_space_before(site: FixSite) -> Proposal:
    """Add a space before the finding's column.

    If there is no column, add it between `return` and a parenthesis.
    """
    is_placed = site.column > 0
    pattern = r"(?=\S)" if is_placed else r"(?<=\breturn)(?=\()"
    return rewrite_matches(site, pattern, " ", at_column=is_placed)


_TYPE_WORD = (
    r"(?:const|static|unsigned|signed|int|long|char|void|inline|struct|union|enum|register|extern"
    r"|volatile|typeof|if|while|for|switch|else|do|goto|default|return|case|in)\b"
)
_OPERAND = compile_cached(
    r"(?:\]|(?:->|\.)[A-Za-z_]\w*|(?<!\w)\d\w*|\b[A-Z][A-Z0-9_]+|\bsizeof\s*\([^()]*\)"
    r"|(?<![\w)])\((?=[^()]*[-+/|%.[])[^()]*\))$"
)
"""Text that can only be the left operand of a binary operator, not a type or a condition."""
_NAME = compile_cached(rf"(?<![\w#])(?!{_TYPE_WORD})[a-z_]\w*(?:{BALANCED})?$")
_EXPRESSION = compile_cached(
    r"(?<![=!<>])=(?!=)|\breturn\b|\b(?:if|while|switch)\s*\(|\s(?:[-+/<>|]|[<>=!]=)\s|&&|\|\|"
    r"|^\s+[a-z_]\w*\("
)
"""Text that can precede a product, but not the type in a declaration."""
_VALUE_AFTER = compile_cached(r"\s*(?:\(|(?!(?:const|volatile|restrict|__\w+)\b)\w)")
_NUMBER_AFTER = compile_cached(r"sizeof\b|\d|[A-Z][A-Z0-9_]+\b")
_EXPRESSION_IN_DIRECTIVE = compile_cached(
    r"\s*#\s*(?:(?:el)?if\b(?!.*__has_inc)|define\s+\w+(?:\([^()]*\))?(?:[^()]|\([^()]*\))*\()"
)


@fixer("space-around")
def add_spaces_around_operator(site: FixSite) -> Proposal:
    """Put a space on each side of an operator that is certainly binary."""
    previous = site.line.previous
    is_choice = previous is not None and previous.code.rstrip().endswith("?")

    def pad_operator(match: re.Match[str]) -> str:
        sign, text = match[0], match.string
        before, after = text[1 : match.start()], text[match.end() :]
        if not (sign == ":" and is_choice) and not _is_binary(before, sign, after):
            return "{0}"
        left_space = "" if before[-1:] in _SPACES or not before.strip() else " "
        return left_space + "{0}" + ("" if after[:1] in _SPACES else " ")

    return rewrite_matches(site, _SIGN, pad_operator, at_column=True)


def _is_binary(before: str, sign: str, after: str) -> bool:
    is_directive = before.lstrip().startswith("#")
    if sign == ":":
        return "?" in before
    # characters in a path are not operators
    if is_directive and not _EXPRESSION_IN_DIRECTIVE.match(before):
        return sign not in ("/", "-", "<", ">", "%", ".", "?")
    if sign not in ("+", "-", "*", "&"):
        return sign not in ("<", ">") or "@" not in before
    left_text, statement = before.rstrip(), re.split(r"[;{}]", before)[-1]
    is_value = _VALUE_AFTER.match(after)
    # `a * b` may be a declaration
    if is_value and _NAME.search(left_text):
        return sign != "*" or _EXPRESSION.search(statement) is not None
    if is_value and _OPERAND.search(left_text):
        return True
    is_apart, goes_on = before[-1:] in _SPACES, after[:1] in _SPACES
    # a unary operator has a space before it and none after it
    if sign in ("+", "-"):
        return goes_on or not is_apart
    return not (is_apart or goes_on) and _NUMBER_AFTER.match(after) is not None
