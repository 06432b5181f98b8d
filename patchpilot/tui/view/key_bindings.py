# SPDX-License-Identifier: GPL-2.0-or-later
"""Key bindings of the stages, each with a label for the key line and a sentence for the help."""

from functools import partial

from textual.binding import Binding

DISPLAYED = {
    "enter": "Enter",
    "equals_sign": "=",
    "escape": "Esc",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "pagedown": "PgDn",
    "plus": "+",
    "question_mark": "?",
    "slash": "/",
    "space": "Space",
}
"""How the keys are displayed whose names are not what is on the keyboard."""


def key(
    name: str, action: str, label: str, help_text: str, *, show: bool = True
) -> Binding:
    """Return a binding that the key line shows."""
    return Binding(name, action, label, show, DISPLAYED.get(name), tooltip=help_text)


more_key = partial(key, show=False)
"""A key that only the help shows."""
