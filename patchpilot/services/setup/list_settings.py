# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `config`: every setting, its value, where it comes from and what it means."""

from dataclasses import dataclass

from patchpilot.config import KEYS, Settings
from patchpilot.model.action import Advice
from patchpilot.model.json_form import json_form
from patchpilot.outgoing import transports
from patchpilot.projects.loading import projects


@json_form()
@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """A setting that is wrong: the message, and what to do."""

    message: str
    hint: Advice | None


@json_form()
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
    keys = {key.name: key for key in KEYS}
    meanings = {key.name: key.meaning for key in KEYS} | {
        "via": f"transport: {' or '.join(transports.names())}",
        "profile": f"project of the rules: {', '.join(projects())} (empty: detected)",
    }
    return tuple(
        ConfigRow(
            setting.name,
            setting.value,
            setting.origin,
            meanings[setting.name],
            keys[setting.name].from_tree,
        )
        for setting in settings.all
    )
