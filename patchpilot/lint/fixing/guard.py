# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare the C tokens before and after a fix.

The tokens may differ only as the fixer declares.
"""

import re
from collections.abc import Sequence

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import mask_code
from patchpilot.lint.fixing.fixer import CODE, RegisteredFixer, TokenChanges
from patchpilot.model.c_scanner import COMMENT as NOTE
from patchpilot.model.c_scanner import CScanner

_TOKEN = compile_cached(
    r"(?P<string>\"[X\t]*\"?|'[X\t]*'?)|[A-Za-z_$]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|\S"
)
_DIRECTIVE = compile_cached(r"\s*#")
_VERBATIM = compile_cached(r"\s*#\s*(?:include|error|warning|pragma)\b")
_FUNCTION_MACRO = compile_cached(r"\s*#\s*define\s+\w+\(")
_STRINGIFIED = compile_cached(r"\b(?:[A-Z_]*STR[A-Z_]*|\w*stringify\w*) \([^()]*")
END = "\0"


def tokenize_lines(texts: Sequence[str], inside: str = "") -> tuple[list[str], str, str]:
    """Return the C tokens in these lines, the comments, and the state at the end.

    The lines have no signs and one character per byte. Comments are returned without whitespace.
    The state is "*/" inside a comment, otherwise "". The end of a directive counts as a token.
    """
    scanner = CScanner(inside)
    result: list[str] = []
    comments: list[str] = []
    in_directive = False
    for text in texts:
        masked = mask_code(scanner, f"+{text}")[1:]
        if NOTE in masked:
            comments += [
                char
                for mark, char in zip(masked, text, strict=False)
                if mark == NOTE and not char.isspace()
            ]
        in_directive = in_directive or bool(_DIRECTIVE.match(masked))
        if _FUNCTION_MACRO.match(masked):
            # with a space before the parenthesis, the parameters would become part of the value
            result.append("(define")
        if _VERBATIM.match(masked):
            result.append("".join(text.split()))
        else:
            result += [
                text[match.start() : match.end()] if match["string"] else match[0]
                for match in _TOKEN.finditer(masked.replace(NOTE, " "))
            ]
        if in_directive and not text.rstrip(" \t\r").endswith("\\"):
            result.append(END)
            in_directive = False
    return result, "".join(comments), scanner.inside


def keeps_meaning(
    old: Sequence[str],
    new: Sequence[str],
    *,
    path: str,
    fixer: RegisteredFixer,
    inside: str = "",
) -> bool:
    """Return whether two versions of the lines differ only as the fixer declares."""
    is_blank = not (fixer.is_prose or fixer.tokens)
    if is_blank and "".join("".join(old).split()) != "".join("".join(new).split()):
        return False
    if not path.endswith(CODE):
        return True
    old_tokens, old_comments, old_state = tokenize_lines(old, inside)
    new_tokens, new_comments, new_state = tokenize_lines(new, inside)
    return (
        old_state == new_state
        and (fixer.is_prose or old_comments == new_comments)
        and _canonical_tokens(old_tokens, fixer.tokens)
        == _canonical_tokens(new_tokens, fixer.tokens)
    )


def _canonical_tokens(parts: Sequence[str], tokens: TokenChanges) -> tuple[str, list[str]]:
    """Return the tokens in canonical form, and the strings among them.

    Strings may differ only if a change names them. Arguments that a macro converts to a string must
    not differ.
    """
    replacements = dict(tokens)
    strings = [str(replacements.get(word, word)) for word in parts if word[0] in "\"'"]
    text = " ".join(word[0] if word[0] in "\"'" else word for word in parts)
    strings += _STRINGIFIED.findall(text)
    for pattern, canonical in tokens:
        text = re.sub(pattern, canonical, text)
    return " ".join(text.split()), strings
