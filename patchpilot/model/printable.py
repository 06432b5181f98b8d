# SPDX-License-Identifier: GPL-2.0-or-later
"""Format text for the user: numbers with nouns, and untrusted text.

Escape sequences, bidirectional controls and markup are made harmless.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from patchpilot.cache.cached_re import lazy_pattern

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff"
_INVISIBLE = "\ufffe\uffff\U000e0000-\U000e007f"
"""Noncharacters, and tag characters, which are an invisible copy of ASCII."""
UNSAFE = lazy_pattern(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}{_INVISIBLE}\ud800-\udfff]")

_SELECTORS = "\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_MARKS = "\u061c\u200e\u200f"
_NEVER = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u200b\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""Format characters, line separators, and others of Unicode's Default_Ignorable."""
_LINE_END = r"\r(?!$)"
HIDDEN = lazy_pattern(
    f"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f{_NEVER}{_MARKS}\u200c\u200d{_SELECTORS}]|{_LINE_END}"
)
"""An invisible character, or a carriage return that does not end a line."""
_LATIN = "\x00-\u024f"
_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_JOINED = f"[^{_LATIN}{_NEVER}{_MARKS}\u200c\u200d]"
HIDDEN_IN_PROSE = lazy_pattern(
    f"[{_NEVER}]|{_LINE_END}"
    f"|(?<!{_JOINED})[\u200c\u200d]|[\u200c\u200d](?!{_JOINED})"
    f"|(?<![^{_LATIN}{_NEVER}{_MARKS}{_SELECTORS}])[{_SELECTORS}]"
    f"|(?<![{_RTL}])[{_MARKS}](?![{_RTL}])"
)
"""Like HIDDEN, without characters that other scripts need.

These are joiners in words, marks next to right-to-left text, and a variation selector after a
character.
"""

_STARS = "\u204e\u2217\ufe61\uff0a\U0001031f"
_SLASHES = (
    "\u1735\u2041\u2044\u2215\u2571\u27cb\u29f8\u2cc6\u2f03\u3033\u30ce\u31d3\u4e3f\uff0f\U0001d23a"
)
_BACKSLASHES = "\u2216\u27cd\u29f5\u29f9\u2f02\u31d4\u4e36\ufe68\uff3c\U0001d20f\U0001d23b"
_QUOTES = "\u02ba\u02ee\u05f4\u3003\uff02"
FALSE_MARK = lazy_pattern(
    f"[{_QUOTES}]|[*{_STARS}][{_SLASHES}]|[{_STARS}]/|[{_SLASHES}][*/{_STARS}{_SLASHES}]"
    f"|/[{_STARS}{_SLASHES}]|[{_BACKSLASHES}](?=\\s*$)"
)
"""Characters that look like the mark that starts, ends or continues a comment or string."""

LOG_COMMAND = r"##(?=\w*\[)"
"""The start of a command for Azure Pipelines, older GitHub runners or TeamCity, anywhere in
a line.
"""
_COMMAND = lazy_pattern(rf"^(?P<space>[^\S\n]*)::(?=[^\n]*?::)|{LOG_COMMAND}", re.MULTILINE)


def make_printable(text: str) -> str:
    r"""Replace unsafe characters with `<U+XXXX>` or `\\xNN`.

    These are control characters (except tabs and newlines), bidirectional controls and undecodable
    bytes.
    """
    return UNSAFE.sub(_escape_character, text)


def make_one_line(text: str) -> str:
    """Make text safe to print on one line; unlike `make_printable`, also escape newlines."""
    return make_printable(text).replace("\n", "\\x0a")


def escape_commands(text: str) -> str:
    """Escape commands that a CI server would execute when it finds them in a log.

    These are `::name::` at the start of a line, and `##[name]` and `##vso[name]`.
    """
    return _COMMAND.sub(
        lambda match: match["space"] + "\\x3a:" if match["space"] is not None else "\\x23#",
        text,
    )


def _escape_character(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code > 0xFF:
        return f"<U+{code:04X}>"
    return f"\\x{code:02x}"


def width(text: str) -> int:
    """Return the width of text in terminal columns."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def crop_text(text: str, columns: int) -> str:
    """Truncate text to a width in columns, with an ellipsis at the end."""
    if width(text) <= columns:
        return text
    cropped = ""
    for char in text:
        if width(cropped + char) > columns - 1:
            break
        cropped += char
    return cropped + "…"


def format_count(number: int, noun: str, plural: str = "") -> str:
    """Format a number with its noun: `1 message`, `3 messages`.

    `plural` is only needed for irregular plurals.
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


_COMMIT_ID = lazy_pattern(r"[0-9a-f]{12}")


def capitalize_sentence(text: str) -> str:
    """Return a text with a capital, unless it starts with a commit id."""
    return text if _COMMIT_ID.match(text) else f"{text[:1].upper()}{text[1:]}"


def join_words(items: Sequence[str]) -> str:
    """Join words into a list such as "a, b and c"."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def list_number_ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers in increasing order, each as (first, last)."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and number <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def format_number_ranges(numbers: Iterable[int]) -> list[str]:
    """Return the runs of consecutive numbers as text, such as "12-14" and "20"."""
    return [
        str(first) if first == last else f"{first}-{last}"
        for first, last in list_number_ranges(numbers)
    ]
