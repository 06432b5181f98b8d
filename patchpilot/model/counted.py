# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers with their nouns."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 mail`, `3 mails`; `plural` where it does not just add an s."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
