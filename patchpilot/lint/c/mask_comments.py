# SPDX-License-Identifier: GPL-2.0-or-later
"""Mask comments and string contents in C text, without changing columns.

Comments become COMMENT characters, and the contents of strings become X.
"""

import re

from patchpilot.cache.cached_re import compile_late

# A character that does not occur in source code and that neither `\s` nor `\w` matches.
COMMENT = "\x01"

_OPENER = compile_late(r"/\*|//|[\"']")
_STRING_PART = {quote: re.compile(rf"\\.?|{quote}", re.DOTALL) for quote in "\"'"}
_NOT_TAB = compile_late(r"[^\t]")
_INCLUDE = compile_late(r"^.\s*#\s*include\s+<(.*)>", re.ASCII)
_ERROR_DIRECTIVE = compile_late(r"^.\s*#\s*(?:error|warning)(\s+)(.*)\b", re.ASCII)
_ERROR_TEXT = compile_late(r"(#\s*(?:error|warning)\s+).*", re.ASCII)
_ANGLE = compile_late(r"<.*>")


def _fill(text: str, char: str) -> str:
    """Replace every character except tabs."""
    return char * len(text) if "\t" not in text else _NOT_TAB.sub(char, text)


class Sanitizer:
    """Mask comments and strings on the new side of a hunk, line by line."""

    __slots__ = ("inside",)

    def __init__(self) -> None:
        self.inside = ""

    def reset(self, in_comment: bool) -> None:
        """Start a hunk; `in_comment`: its first line is inside a block comment."""
        self.inside = "*/" if in_comment else ""

    def line(self, raw: str) -> str:
        """Mask a line, keeping its diff sign.

        An open comment or string continues on the next line.
        """
        text = (
            raw if not self.inside and not _OPENER.search(raw, 1) else self._mask(raw)
        )
        return _directive(text) if "#" in text else text

    def _mask(self, raw: str) -> str:
        parts = [raw[:1]]
        at, end, inside = 1, len(raw), self.inside
        while at < end:
            if not inside:
                match = _OPENER.search(raw, at)
                if not match:
                    parts.append(raw[at:])
                    break
                parts.append(raw[at : match.start()])
                at, opener = match.end(), match.group()
                if opener == "//":
                    # to the end of the line, including tabs
                    parts.append(COMMENT * (end - at + 2))
                    break
                if opener == "/*":
                    inside = "*/"
                    parts.append(COMMENT * 2)
                else:
                    inside = opener
                    parts.append(opener)
            elif inside == "*/":
                close = raw.find("*/", at)
                stop = close if close >= 0 else end
                parts.append(_fill(raw[at:stop], COMMENT))
                at = stop
                if close >= 0:
                    parts.append(COMMENT * 2)
                    at, inside = at + 2, ""
            else:
                match = _STRING_PART[inside].search(raw, at)
                if not match:
                    parts.append(_fill(raw[at:], "X"))
                    break
                parts.append(_fill(raw[at : match.start()], "X"))
                at = match.end()
                if match.group() == inside:
                    parts.append(inside)
                    inside = ""
                else:
                    # a backslash escapes the next character, and counts as two columns even at the
                    # end of the line
                    parts.append("XX")
        self.inside = inside
        return "".join(parts)


def _directive(text: str) -> str:
    """Mask the file name in #include <…> and the text of #error."""
    if match := _INCLUDE.match(text):
        clean = "<" + "X" * len(match[1]) + ">"
        return _ANGLE.sub(lambda _: clean, text, count=1)
    if match := _ERROR_DIRECTIVE.match(text):
        clean = "X" * len(match[2])
        return _ERROR_TEXT.sub(lambda head: head[1] + clean, text, count=1)
    return text
