# SPDX-License-Identifier: GPL-2.0-or-later
"""Untrusted text made safe to print: no escape sequences, bidi controls or markup."""

import unicodedata

from patchpilot.cache import cached_re

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff"
_INVISIBLE = "\ufffe\uffff\U000e0000-\U000e007f"
"""Noncharacters, and the tag characters, which are ASCII that no font shows."""
UNSAFE = cached_re.compile(
    f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}{_INVISIBLE}\ud800-\udfff]"
)

LOG_COMMAND = r"##(?=\w*\[)"
"""The start of a command of Azure Pipelines, of older GitHub runners and of TeamCity, anywhere in a
line.
"""
_COMMAND = cached_re.compile(
    rf"^(?P<space>[^\S\n]*)::(?=[^\n]*?::)|{LOG_COMMAND}", cached_re.MULTILINE
)


def printable(text: str) -> str:
    """The text with control characters, bidi controls and undecodable bytes made visible as
    `<U+XXXX>` or `\\xNN`; tab and newline stay.
    """
    return UNSAFE.sub(_visible, text)


def one_line(text: str) -> str:
    """As `printable`, with visible line breaks too: for a name or a title that must stay on one
    line.
    """
    return printable(text).replace("\n", "\\x0a")


def without_commands(text: str) -> str:
    """The text without what a CI server that reads it in a log acts on: `::name::` at the start of
    a line, and `##[name]` or `##vso[name]`.
    """
    return _COMMAND.sub(
        lambda found: (
            found["space"] + "\\x3a:" if found["space"] is not None else "\\x23#"
        ),
        text,
    )


def _visible(found: cached_re.Match[str]) -> str:
    code = ord(found[0])
    return (
        f"\\x{code - 0xDC00:02x}"
        if 0xDC80 <= code <= 0xDCFF
        else f"<U+{code:04X}>"
        if code > 0xFF
        else f"\\x{code:02x}"
    )


def width(text: str) -> int:
    """How many terminal columns the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(char)
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def crop(text: str, columns: int) -> str:
    """The text cut to this many columns, with an ellipsis where it was cut."""
    if width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > columns - 1:
            break
        kept += char
    return kept + "…"


def crop_middle(text: str, columns: int) -> str:
    """The text cut to this many columns, with an ellipsis in its middle: for a Message-ID or an
    address, whose start and end matter.
    """
    if width(text) <= columns:
        return text
    end = text[-max(1, columns // 3) :]
    return crop(text, columns - width(end)) + end
