# SPDX-License-Identifier: GPL-2.0-or-later
"""Which of a screen's keys its key line shows now, and which of them is next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class NextKey(NamedTuple):
    """The key that does what is next at a stage, and what it does.

    Without a key, what there is to wait for. `why` replaces the stage's own text.
    """

    key: str
    does: str
    why: str = ""


WAIT = NextKey("", "One moment …")


@dataclass(frozen=True, slots=True)
class ShownKeys:
    """By action: the one that is `first`, those that are `hidden` now, those that are `added`
    although they are not shown at other times, and labels in place of the bindings' own.
    """

    first: str = ""
    hidden: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


ALL_KEYS = ShownKeys()
"""Nothing but what the bindings say."""
