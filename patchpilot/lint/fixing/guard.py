# SPDX-License-Identifier: GPL-2.0-or-later
"""The guard for fixes: compare the C tokens before and after a fix.

They may differ only in the ways that the fixer declares.
"""

import re
from collections.abc import Sequence

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import Sanitizer
from patchpilot.lint.fixing.fixer import CODE, RegisteredFixer, TokenChanges

_TOKEN = compile_cached(
    r"(?P<string>\"[X\t]*\"?|'[X\t]*'?)|[A-Za-z_$]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|\S"
)
_DIRECTIVE = compile_cached(r"\s*#")
_VERBATIM = compile_cached(r"\s*#\s*(?:include|error|warning|pragma)\b")
_FUNCTION_MACRO = compile_cached(r"\s*#\s*define\s+\w+\(")
_STRINGIFIED = compile_cached(r"\b(?:[A-Z_]*STR[A-Z_]*|\w*stringify\w*) \([^()]*")
END = "\0"


def tokens(texts: Sequence[str], inside: str = "") -> tuple[list[str], str, str]:
    """Return the C tokens and comments in these lines, and the lexer's state at the end.

    The lines have no signs and one character per byte; comments are returned without whitespace.
    `inside` is the state before the first line: "", or "*/" in a comment. The end of a directive
    and a line continuation are tokens.
    """
    blanker = Sanitizer()
    blanker.inside = inside
    result: list[str] = []
    notes: list[str] = []
    directive = False
    for text in texts:
        clean = blanker.line(f"+{text}")[1:]
        if NOTE in clean:
            notes += [
                char
                for mark, char in zip(clean, text, strict=False)
                if mark == NOTE and not char.isspace()
            ]
        directive = directive or bool(_DIRECTIVE.match(clean))
        if _FUNCTION_MACRO.match(clean):
            # with a space before the parenthesis, the parameters would become the value
            result.append("(define")
        if _VERBATIM.match(clean):
            result.append("".join(text.split()))
        else:
            result += [
                text[word.start() : word.end()] if word["string"] else word[0]
                for word in _TOKEN.finditer(clean.replace(NOTE, " "))
            ]
        if directive and not text.rstrip(" \t\r").endswith("\\"):
            result.append(END)
            directive = False
    return result, "".join(notes), blanker.inside


def keeps_meaning(
    old: Sequence[str],
    new: Sequence[str],
    *,
    path: str,
    fixer: RegisteredFixer,
    inside: str = "",
) -> bool:
    """Return whether a fixer may replace the old lines with the new ones.

    The lines may differ only in the ways that the fixer declares.
    """
    is_blank = not (fixer.is_prose or fixer.tokens)
    if is_blank and "".join("".join(old).split()) != "".join("".join(new).split()):
        return False
    if not path.endswith(CODE):
        return True
    was, said, before = tokens(old, inside)
    now, says, after = tokens(new, inside)
    return (
        before == after
        and (fixer.is_prose or said == says)
        and _canonical(was, fixer.tokens) == _canonical(now, fixer.tokens)
    )


def _canonical(words: Sequence[str], tokens: TokenChanges) -> tuple[str, list[str]]:
    """Return the tokens in a fixer's canonical form, and the strings among them.

    A string may differ only if a change names it. Text that a macro makes a string may not.
    """
    named = dict(tokens)
    strings = [str(named.get(word, word)) for word in words if word[0] in "\"'"]
    text = " ".join(word[0] if word[0] in "\"'" else word for word in words)
    strings += _STRINGIFIED.findall(text)
    for pattern, canonical in tokens:
        text = re.sub(pattern, canonical, text)
    return " ".join(text.split()), strings
