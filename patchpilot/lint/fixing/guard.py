# SPDX-License-Identifier: GPL-2.0-or-later
"""The guard for fixes: compares the C tokens before and after a fix, which may differ only as the fixer declares."""

from collections.abc import Sequence

from patchpilot.cache import patterns as re
from patchpilot.lint.clang.mask_comments import COMMENT as NOTE
from patchpilot.lint.clang.mask_comments import Sanitizer
from patchpilot.lint.fixing.fixer import CODE, COMMENT, PROSE, SPACE

_TOKEN = re.compile(
    r"(?P<string>\"[X\t]*\"?|'[X\t]*'?)|[A-Za-z_$]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|\S"
)
_DIRECTIVE = re.compile(r"\s*#")
_VERBATIM = re.compile(r"\s*#\s*(?:include|error|warning|pragma)\b")
END = "\n"


def tokens(texts: Sequence[str], inside: str = "") -> tuple[list[str], str]:
    """Returns the C tokens of some lines (without signs, one character a byte) and their comments without white space.

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
    return result, "".join(notes)


def keeps_meaning(old: Sequence[str], new: Sequence[str], *, path: str, changes: str, inside: str = "") -> bool:
    """Whether a fixer with these `changes` may replace the old lines by the new ones."""
    if changes == SPACE and _squeezed(old) != _squeezed(new):
        return False
    if not path.endswith(CODE):
        return True
    was, said = tokens(old, inside)
    now, says = tokens(new, inside)
    if changes == SPACE:
        return was == now and said == says
    if changes in (COMMENT, PROSE):
        return was == now
    return [one for one in was if one[0] in "\"'"] == [one for one in now if one[0] in "\"'"] and said == says


def _squeezed(texts: Sequence[str]) -> str:
    return "".join("".join(text.split()) for text in texts)
