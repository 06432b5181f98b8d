# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the stages' key bindings, with a label for the key line and a sentence for the help."""

from functools import partial

from textual.binding import Binding
from textual.keys import format_key

NAMES = {
    "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "ctrl": "Ctrl", "shift": "Shift", "enter": "Enter", "space": "Space", "up": "Up",  # noqa: E501
    "down": "Down", "left": "Left", "right": "Right", "home": "Home", "end": "End", "tab": "Tab",
}  # fmt: skip


def shown_key(key: str) -> str:
    """Return a key as displayed, for example `Ctrl-F`, `PgDn` or `?`."""
    *held, last = key.split("+")
    name = NAMES.get(last) or format_key(last)
    return "-".join(
        [
            *(NAMES.get(one, one) for one in held),
            name.upper() if held and len(name) == 1 else name,
        ]
    )


def key(
    name: str, action: str, label: str, help_text: str, *, show: bool = True
) -> Binding:
    return Binding(name, action, label, show, tooltip=help_text)


more_key = partial(key, show=False)
"""A key that only the help shows."""
