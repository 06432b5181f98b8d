# SPDX-License-Identifier: GPL-2.0-or-later
"""The guard for fixes: compares the C tokens before and after a fix, which may differ only as the fixer declares."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from patchpilot.cache import patterns as re
from patchpilot.lint.clang.mask_comments import COMMENT as NOTE
from patchpilot.lint.clang.mask_comments import Sanitizer
from patchpilot.lint.fixing.fixer import CODE, COMMENT, PROSE, SPACE, RegisteredFixer, TokenChanges

_TOKEN = re.compile(
    r"(?P<string>\"[X\t]*\"?|'[X\t]*'?)|[A-Za-z_$]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|\S"
)
_DIRECTIVE = re.compile(r"\s*#")
_VERBATIM = re.compile(r"\s*#\s*(?:include|error|warning|pragma)\b")
END = "\n"


def tokens(texts: Sequence[str], inside: str = "") -> tuple[list[str], str, str]:
    """Returns the C tokens of some lines (without signs, one character a byte), their comments without white space, and the state after them.

    `inside` is the state before the first line: "" or, in a comment, "*/". The end of a directive is a token, and so is a line continuation.
    """
    blanker = Sanitizer()
    blanker.inside = inside
    result: list[str] = []
    notes: list[str] = []
    directive = False
    for text in texts:
        clean = blanker.line(f"+{text}")[1:]
        notes += [char for mark, char in zip(clean, text, strict=False) if mark == NOTE and not char.isspace()]
        directive = directive or bool(_DIRECTIVE.match(clean))
        if _VERBATIM.match(clean):
            result.append("".join(text.split()))
        else:
            words = _TOKEN.finditer(clean.replace(NOTE, " "))
            result += [text[word.start() : word.end()] if word["string"] else word[0] for word in words]
        goes_on = text.rstrip(" \t\r").endswith("\\")
        if directive and not goes_on:
            result.append(END)
            directive = False
    return result, "".join(notes), blanker.inside


def keeps_meaning(old: Sequence[str], new: Sequence[str], *, path: str, fixer: RegisteredFixer, inside: str = "") -> bool:
    """Whether a fixer may replace the old lines by the new ones: what differs is what it declares that it changes."""
    changes = fixer.changes
    if changes == SPACE and _squeezed(old) != _squeezed(new):
        return False
    if not path.endswith(CODE):
        return True
    was, said, before = tokens(old, inside)
    now, says, after = tokens(new, inside)
    if before != after:
        return False
    if changes == SPACE:
        return was == now and said == says
    if changes in (COMMENT, PROSE):
        return was == now
    return said == says and only_changes(was, now, fixer.tokens)


def only_changes(was: Sequence[str], now: Sequence[str], allowed: TokenChanges) -> bool:
    """Whether every run of tokens that differs is one of the allowed changes; no string differs unless it is one that they name."""
    if [_restated(one, allowed) for one in was if one[0] in "\"'"] != [one for one in now if one[0] in "\"'"]:
        return False
    return all(
        kind == "equal"
        or any(re.fullmatch(rf"(?:{old})\n(?:{new})", f"{' '.join(was[a:b])}\n{' '.join(now[c:d])}") for old, new in allowed)
        for kind, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    )


def _restated(string: str, allowed: TokenChanges) -> str:
    """Returns what a string becomes by the changes that are for this string."""
    return next((new for old, new in allowed if old == string), string)


def _squeezed(texts: Sequence[str]) -> str:
    return "".join("".join(text.split()) for text in texts)
