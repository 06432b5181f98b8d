# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare a printed message with the format strings in the source code."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"?')
_CONVERSION = re.compile(
    r"%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*)?)?(?:hh?|ll?|[zjtLq])?(?:p\w*|[a-zA-Z%]|$)|"
    r"\\.|\{[\w:#?]*\}"
)
_ARGUMENT = re.compile(r"\d|/|-E[A-Z]{3}|^['\"\[].*['\"\]]")
"""In a word that a conversion printed: a number, a path, an error, or a quoted name."""
_QUOTED = r"(?:\S*[\d/'\"\[]\S*|-E[A-Z]+)"
_KEYS, _SHORT, _LONG = 4, 5, 8
_ENOUGH, _SHARE = 8, 0.65
"""The letters, and the part of all letters, that a message and a format must have in common."""


def make_search_texts(message: str, in_all_files: bool) -> list[str]:
    """Return strings to search for in the source code.

    The message's format string contains at least one of them. There are several, because any word
    may be an argument. To search all files, return only a few long strings.
    """
    keys: list[str] = []
    for run in _split_fixed_parts(message):
        words = run.split()
        keys += map(" ".join, pairwise(words))
        if not in_all_files:
            keys += (word for word in words if len(word) >= _SHORT)
        elif len(words) == 1 and len(run) >= _LONG:
            keys.append(run)
    keys.sort(key=len, reverse=True)
    return keys[: _KEYS if in_all_files else None]


def count_common_letters(message: str, code: str) -> int:
    """Return how many letters of a message the format string on a line prints.

    Return 0 if the format string does not match.
    """
    pieces = [
        " ".join(piece.split())
        for literal in _LITERAL.findall(code)
        for piece in _CONVERSION.split(literal)
    ]
    runs, message_text = list(_split_fixed_parts(message)), " ".join(message.split())
    # a message may be truncated, or start with text that is not in the format string
    words = " ".join(pieces).split()
    comparisons = (
        (pieces, message_text),
        (words, message_text),
        (runs, "%".join(pieces)),
    )
    return max(_count_ordered_letters(parts, text) for parts, text in comparisons)


def is_quoted(message: str, text: str) -> bool:
    """Return whether a text quotes a message, with any arguments and without its device.

    White space in the text is single spaces.
    """
    words = ["" if _ARGUMENT.search(word) else word for word in message.split()]
    while words and (not words[0] or (len(words) > 1 and not words[1])):
        del words[0]
    if sum(map(len, words)) < _ENOUGH or len(words) == 1:
        return False
    pattern = " ".join(re.escape(word) if word else _QUOTED for word in words)
    return bool(re.search(rf"(?<!\w){pattern}", text))


def _split_fixed_parts(message: str) -> Iterator[str]:
    """Yield the parts of a message between the words that must be arguments."""
    run = []
    for word in (*message.split(), "0"):
        if not _ARGUMENT.search(word):
            run.append(word)
        elif run:
            yield " ".join(run)
            run = []


def _count_ordered_letters(pieces: Sequence[str], text: str) -> int:
    """Count the letters in the pieces if most pieces occur in the text in this order; otherwise
    return 0.
    """
    position = common = 0
    for part in pieces:
        start = text.find(part, position)
        if start >= 0:
            position = start + len(part)
            common += len(part)
    total = sum(map(len, pieces))
    return common if common >= max(_ENOUGH, _SHARE * total) else 0
