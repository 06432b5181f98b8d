# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers with their nouns."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Returns a number with its noun, such as `1 message` or `3 messages`.

    `plural` is for nouns whose plural does not just add an s.
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
