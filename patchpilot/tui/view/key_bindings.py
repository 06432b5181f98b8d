# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the stages' key bindings, with a label for the key line and a sentence for the help.

A screen chooses which of them the key line shows, and the key to press next.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from textual.binding import Binding, BindingType
from textual.keys import format_key

NAMES = {
    "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "ctrl": "Ctrl", "shift": "Shift", "enter": "Enter", "space": "Space", "up": "Up",  # noqa: E501
    "down": "Down", "left": "Left", "right": "Right", "home": "Home", "end": "End", "tab": "Tab",
}  # fmt: skip


def display_key(key: str) -> str:
    """Return a key as displayed, for example `Ctrl-F`, `PgDn` or `?`."""
    *modifiers, main_key = key.split("+")
    name = NAMES.get(main_key) or format_key(main_key)
    return "-".join(
        [
            *(NAMES.get(modifier, modifier) for modifier in modifiers),
            name.upper() if modifiers and len(name) == 1 else name,
        ]
    )


def key_binding(
    name: str, action: str, label: str, help_text: str, *, show: bool = True
) -> Binding:
    return Binding(name, action, label, show, tooltip=help_text)


more_key = partial(key_binding, show=False)
"""A key that only the help shows."""


def bind_keys(*bindings: BindingType) -> list[BindingType]:
    """Return the keys of a class in the form that Textual expects."""
    return [*bindings]


class OffersActions:
    """A mixin that enables an action as the property `can_ACTION` decides, if there is one.

    It is no DOMNode, because Textual reads the DEFAULT_CSS of the first such base class only.
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(getattr(self, f"can_{action}", True))


class NextKey(NamedTuple):
    """The key for a stage's next step, and the effect of the key.

    If there is no key, the effect describes what the stage is waiting for.
    """

    key: str
    does: str
    why: str = ""


WAIT = NextKey("", "One moment …")


@dataclass(frozen=True, slots=True)
class ShownKeys:
    """Changes to the key line, by action.

    `first` contains the keys to show first, even if they are usually hidden. `hidden` contains the
    actions whose keys are hidden. `labels` contains labels that replace the usual ones.
    """

    first: tuple[str, ...] = ()
    hidden: Collection[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


ALL_KEYS = ShownKeys()
"""No changes: the key line shows what the bindings define."""
