# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `config`: every setting, its value, where it comes from and what it means."""

from dataclasses import dataclass

from patchpilot.config import KEYS, Settings


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """A setting as it is in force; `from_tree` says whether the tree's file may set it."""

    name: str
    value: str
    origin: str
    meaning: str
    from_tree: bool


def config(settings: Settings) -> tuple[ConfigRow, ...]:
    """Every setting, in the order they are documented."""
    keys = {one.name: one for one in KEYS}
    return tuple(ConfigRow(one.name, one.value, one.origin, keys[one.name].meaning, keys[one.name].from_tree) for one in settings.all)
