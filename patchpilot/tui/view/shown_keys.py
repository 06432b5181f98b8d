# SPDX-License-Identifier: GPL-2.0-or-later
"""Select the keys to show in a screen's key line, and the key to press next."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


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
