# SPDX-License-Identifier: GPL-2.0-or-later
"""What to do about the name of a rule that does not exist."""

from collections.abc import Iterable

from patchpilot.errors import nearest
from patchpilot.model.action import Action, Advice, Hint


def unknown_rule_hint(word: str, known: Iterable[str]) -> Advice:
    """The nearest rule that exists, where one is near, and the verb that lists them."""
    listing = Action("rules", (), "`{}` lists them")
    near = nearest(word, known)
    return Hint((f"did you mean {near!r}? ", listing)) if near else listing
