# SPDX-License-Identifier: GPL-2.0-or-later
"""The tags of a commit message with their patch lines, and comparisons of the people named."""

import re
from itertools import permutations

from patchpilot.lint.lint_context import Context, once
from patchpilot.model.address import Address
from patchpilot.model.trailer import Trailer, is_trailer, parse_trailer


@once
def tag_lines(context: Context) -> tuple[tuple[int, Trailer], ...]:
    """Return (patch line, trailer) for every tag of the message, in any paragraph."""
    patch = context.patch
    return tuple(
        (patch.message_line + at, trailer)
        for at, line in enumerate(patch.message)
        if line[:1].isalpha()
        and (is_trailer(line) or line.startswith("Datasheet:"))
        and (trailer := parse_trailer(line, at))
    )


def same_person(first: Address, second: Address) -> bool:
    """Return whether two addresses belong to the same person.

    The email addresses are equal, or the names consist of the same words.
    """
    return first.key == second.key or (
        bool(first.name) and _words(first.name) == _words(second.name)
    )


def may_be_same(sender: Address, person: Address) -> bool:
    """Return whether the sender may be this person with another address.

    The sender's name is part of the person's, the same in one word, or the person's name is part
    of the address.
    """
    theirs = _words(person.name)
    if sender.name and "@" not in sender.name:
        mine = _words(sender.name)
        return bool(mine and theirs) and (
            mine <= theirs
            or theirs <= mine
            or _is_joined_from(mine, theirs)
            or _is_joined_from(theirs, mine)
        )
    local = re.sub(r"[^a-z]", "", sender.email.partition("@")[0].lower())
    return any(len(word) >= _LEAST_NAME and word in local for word in theirs)


_LEAST_NAME = 4
"""A shorter name may be within an address by chance."""


def _is_joined_from(joined: frozenset[str], words: frozenset[str]) -> bool:
    """Return whether `joined` is made of all these words, in any order."""
    return (
        len(joined) == 1
        and 1 < len(words) <= _MOST_NAMES
        and any("".join(order) in joined for order in permutations(words))
    )


_MOST_NAMES = 4


def _words(name: str) -> frozenset[str]:
    """Split a name into words, without a company in parentheses; "Doe, Jane" equals "Jane Doe"."""
    return frozenset(
        word
        for word in re.findall(
            r"[^\W\d_]+", re.sub(r"\([^)]*\)|\bvia\b.*", "", name).lower()
        )
        if len(word) > 1
    )
