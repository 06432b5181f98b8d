# SPDX-License-Identifier: GPL-2.0-or-later
"""Hints for unknown rule names."""

from collections.abc import Iterable

from patchpilot.errors import nearest
from patchpilot.model.action import Action, Advice, Hint


def unknown_rule_hint(word: str, known: Iterable[str]) -> Advice:
    """Returns a hint with the nearest rule name, if there is one, and the command that lists all
    rules.
    """
    listing = Action("explain", (), "run `{}` to list the rules")
    near = nearest(word.replace("_", "-"), known)
    return Hint((f"did you mean {near!r}? ", listing)) if near else listing
