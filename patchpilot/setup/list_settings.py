# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `config` command: list all settings with their value, origin and meaning."""

from dataclasses import dataclass

from patchpilot.config import KEYS, Settings
from patchpilot.model.action import Advice
from patchpilot.model.json_form import json_form
from patchpilot.outgoing import transports
from patchpilot.projects.loading import projects


@json_form()
@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """An invalid setting."""

    message: str
    hint: Advice | None


@json_form()
@dataclass(frozen=True, slots=True)
class ConfigRow:
    """A setting with its effective value, origin and meaning.

    `from_tree` is set if a tree's configuration file may contain the setting.
    """

    name: str
    value: str
    origin: str
    meaning: str
    from_tree: bool


def list_settings(settings: Settings) -> tuple[ConfigRow, ...]:
    keys = {key.name: key for key in KEYS}
    meanings = {key.name: key.meaning for key in KEYS} | {
        "via": f"transport: {' or '.join(transports.list_transport_names())}",
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
