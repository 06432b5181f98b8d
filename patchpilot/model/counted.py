# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers with their nouns, and lists."""

from collections.abc import Sequence


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, such as `1 message` or `3 messages`.

    `plural` is for nouns whose plural does not just add an s.
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
