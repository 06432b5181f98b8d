# SPDX-License-Identifier: GPL-2.0-or-later
"""Hints for unknown rule names."""

import re
from collections.abc import Iterable

from patchpilot.errors import nearest
from patchpilot.model.action import Action, Advice, Hint

LIKE = 0.72
"""The minimum similarity of two names that share no word."""


def unknown_rule_hint(word: str, known: Iterable[str]) -> Advice:
    """Returns a hint with the nearest rule name, if there is one, and the command that lists all
    rules.
    """
    listing = Action("explain", (), "run `{}` to list the rules")
    near = nearest_rule(word, known)
    return Hint((f"did you mean {near!r}? ", listing)) if near else listing


def nearest_rule(word: str, known: Iterable[str]) -> str | None:
    """Returns the most similar rule name or checkpatch type, or None if none is similar.

    It shares the most words with `word`, or has nearly the same spelling.
    """
    import difflib

    parts, names = _words(word), list(known)

    def alike(name: str) -> float:
        return difflib.SequenceMatcher(
            None, word.lower().replace("_", "-"), name.lower().replace("_", "-")
        ).ratio()

    shared = [
        (
            sum(_is_same(part, other) for part in parts for other in _words(name)),
            alike(name),
            name,
        )
        for name in names
    ]
    number, _, best = max(
        shared, default=(0, 0.0, ""), key=lambda entry: (entry[0], entry[1])
    )
    spelled = nearest(word, names)
    if spelled and alike(spelled) >= LIKE and alike(spelled) >= alike(best):
        return spelled
    return best if number and 2 * number > len(parts) else None


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if len(word) > 1]


def _is_same(one: str, other: str) -> bool:
    """Whether two words differ only in their ending."""
    return one == other or (
        min(len(one), len(other)) > 3
        and (one.startswith(other[:-1]) or other.startswith(one[:-1]))
    )
