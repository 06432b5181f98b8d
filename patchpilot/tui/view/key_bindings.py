# SPDX-License-Identifier: GPL-2.0-or-later
"""Key bindings of the stages, each with a label for the key line and a sentence for the help."""

from functools import partial

from textual.binding import Binding

DISPLAYED = {
    "colon": ":",
    "enter": "Enter",
    "equals_sign": "=",
    "escape": "Esc",
    "left_square_bracket": "[",
    "minus": "-",
    "n,right_parenthesis": "n",
    "p,left_parenthesis": "p",
    "pagedown": "PgDn",
    "plus": "+",
    "question_mark": "?",
    "right_square_bracket": "]",
    "slash": "/",
    "space": "Space",
    "vertical_line": "|",
}
"""How the keys are displayed whose names are not what is on the keyboard."""


def key(
    name: str, action: str, label: str, help_text: str, *, show: bool = True
) -> Binding:
    """Return a binding that the key line shows."""
    return Binding(name, action, label, show, DISPLAYED.get(name), tooltip=help_text)


more_key = partial(key, show=False)
"""A key that only the help shows."""
