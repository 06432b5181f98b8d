# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `config` command: list all settings with their value, origin and meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from patchpilot.commits.git_config import read_user_values
from patchpilot.config import DEFAULT, GIT, KEYS, USER_KEYS, Settings, reviewer_of
from patchpilot.errors import MissingError
from patchpilot.model.action import Advice
from patchpilot.model.json_form import json_form
from patchpilot.outgoing import transports
from patchpilot.projects.loading import projects
from patchpilot.urls import hide_url_credentials


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


def list_settings(settings: Settings, directory: Path) -> tuple[ConfigRow, ...]:
    """Return all settings; `directory` is where git's configuration is read."""
    meanings = {
        "via": f"transport: {' or '.join(transports.list_transport_names())}",
        "profile": f"project of the rules: {', '.join(projects())} (empty: detected)",
    }
    rows = (
        ConfigRow(*setting, meanings.get(key.name, key.meaning), key.from_tree)
        for key, setting in zip(KEYS, settings.all, strict=True)
    )
    return (*rows, *_list_user_settings(directory))


def _list_user_settings(directory: Path) -> Iterator[ConfigRow]:
    """Yield the settings that only the user's configuration can set, by name for reviewers."""
    try:
        values = read_user_values(directory)
    except MissingError:
        values = {}
    names = sorted({name for full in values if (name := reviewer_of(full))}) or ["NAME"]
    for key in USER_KEYS:
        for name in names if ".NAME." in key.name else [""]:
            setting = key.name.replace(".NAME.", f".{name}.")
            full = f"patchpilot.{setting}"
            origin = GIT if full in values else DEFAULT
            value = hide_url_credentials(values.get(full, key.default))
            yield ConfigRow(setting, value, origin, key.meaning, from_tree=False)
