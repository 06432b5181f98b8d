# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers with their nouns, and lists."""

from collections.abc import Sequence


def counted(number: int, noun: str, plural: str = "") -> str:
    """Format a number with its noun: `1 message`, `3 messages`.

    `plural` is for nouns whose plural does not just add an s.
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def join_words(words: Sequence[str]) -> str:
    """Join words to a list: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
