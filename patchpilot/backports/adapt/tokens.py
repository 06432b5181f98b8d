# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines as tokens: words, their parts between underscores, numbers, punctuation and line ends.

White space belongs to the token after it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_TOKEN = re.compile(r"([^\S\n]*)(\n|[A-Za-z]+|[0-9]+|_+|[^\s\w]|\w|$)")
_WHOLE = re.compile(r"([^\S\n]*)(\n|\w+|[^\s\w]|$)")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
NEWLINE = "\n"


class Token(NamedTuple):
    """A token and the white space before it."""

    space: str
    text: str


def tokenize(lines: Iterable[str], *, whole: bool = False) -> list[Token]:
    """The tokens of lines, names as `whole` ones or in parts.

    `untokenize` gives back the same text.
    """
    pattern = _WHOLE if whole else _TOKEN
    return [
        Token(*found.groups())
        for line in lines
        for found in pattern.finditer(line)
        if found[0]
    ]


def untokenize(tokens: Iterable[Token]) -> str:
    """The text of tokens."""
    return "".join(token.space + token.text for token in tokens)


def key(line: str) -> str:
    """A line without its white space: what makes two lines the same here."""
    return "".join(line.split())


def texts(tokens: Sequence[Token]) -> list[str]:
    """The tokens without their white space."""
    return [token.text for token in tokens]


def is_word(text: str) -> bool:
    """Whether a token is a word or number."""
    return text[:1].isalnum()
