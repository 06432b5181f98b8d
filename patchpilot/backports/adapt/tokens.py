# SPDX-License-Identifier: GPL-2.0-or-later
"""Split lines into tokens: words or their parts between underscores, numbers, punctuation and line
ends.

Whitespace belongs to the token that follows it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_TOKEN = re.compile(r"([^\S\n]*)(\n|[A-Za-z]+|[0-9]+|_+|[^\s\w]|\w|$)")
IDENTIFIER = re.compile(r"\b[A-Za-z_]\w*")
NEWLINE = "\n"


class Token(NamedTuple):
    """A token and the whitespace that precedes it."""

    space: str
    text: str


def tokenize(lines: Iterable[str]) -> list[Token]:
    """Split lines into tokens, with names split at underscores.

    `join_tokens` restores the original text.
    """
    return [Token(*match.groups()) for line in lines for match in _TOKEN.finditer(line) if match[0]]


def join_tokens(tokens: Iterable[Token]) -> str:
    return "".join(token.space + token.text for token in tokens)


def normalize_line(line: str) -> str:
    """Return a line without its whitespace, for comparing lines."""
    return "".join(line.split())


def token_texts(tokens: Sequence[Token]) -> list[str]:
    return [token.text for token in tokens]


def is_word(text: str) -> bool:
    """Return whether a token is a word or number."""
    return text[:1].isalnum()
