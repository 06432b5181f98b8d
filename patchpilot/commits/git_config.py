# SPDX-License-Identifier: GPL-2.0-or-later
"""Read git's configuration for a directory, and cache it until a configuration file changes."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from patchpilot.commits.repository_signature import state_of, user_files
from patchpilot.commits.run import git, git_argv

OWN_SCOPES = ("local", "worktree")
"""The scopes of what a repository's own files set."""
_LIST = ("config", "--list", "-z", "--show-scope", "--show-origin")
_FILES = (".git/config", ".git/config.worktree", "config")
_OF_CALLER = (
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY",
    "GIT_CONFIG_VALUE",
)
_MOST = 8
_TIMEOUT = 10.0
"""Seconds; git waits for ever for an included FIFO."""


class ConfigEntry(NamedTuple):
    """A git setting: its scope, file, key and value.

    The scope is `system`, `global`, `local`, `worktree` or `command` (`git -c`).
    """

    scope: str
    file: str
    key: str
    value: str


class _Known(NamedTuple):
    """Cached entries, and the state of each file that they came from or may come from."""

    states: Mapping[Path, str]
    entries: tuple[ConfigEntry, ...]


_read: dict[tuple[object, ...], _Known] = {}
"""By directory, the user's files, and the settings of the caller; the last ones only."""
_reading = Lock()
"""Held while it is read: a thread that asks meanwhile takes the answer."""


def all_entries(where: Path, *, tolerant: bool = False) -> tuple[ConfigEntry, ...]:
    """Return every setting that git would use in a directory, trusted or not, in git's order.

    The caller's settings are included (`git -c KEY=VALUE patchpilot`). Raise `GitError` if git
    cannot read a file; with `tolerant`, return no settings instead. Raise `MissingError` if git is
    not installed.
    """
    of_caller = [item for item in os.environ.items() if item[0].startswith(_OF_CALLER)]
    key = (where, *user_files(), *of_caller)
    with _reading:
        known = _read.pop(key, None)
        if known is None or any(
            state_of(file) != state for file, state in known.states.items()
        ):
            known = _listed(where, tolerant)
        while len(_read) >= _MOST:
            _read.pop(next(iter(_read)))
        _read[key] = known
        return known.entries


def _listed(where: Path, tolerant: bool) -> _Known:
    expected = (*(where / name for name in _FILES), *user_files())
    before = {file: state_of(file) for file in expected}
    done = git(where, *_LIST, ok=() if tolerant else (0,), timeout=_TIMEOUT)
    words = done.text.split("\0")
    rows = zip(words[::3], words[1::3], words[2::3], strict=False)
    entries = tuple(config_entry(*row) for row in rows)
    # the last ones are patchpilot's
    entries = entries[: -git_argv(None).count("-c")]
    included = {where / entry.file for entry in entries}
    return _Known(
        before | {file: state_of(file) for file in included - set(before)}, entries
    )


def config_entry(scope: str, origin: str, setting: str) -> ConfigEntry:
    """Parse a setting as printed by `git config --list -z`."""
    key, equals, value = setting.partition("\n")
    # a key without "=" means true
    return ConfigEntry(
        scope, origin.removeprefix("file:"), key, value if equals else "true"
    )


def by_key(entries: Iterable[ConfigEntry]) -> dict[str, tuple[str, ...]]:
    """Return the settings as key → values, in git's order.

    The section and the variable in a key are in lower case.
    """
    result: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        result[entry.key] = (*result.get(entry.key, ()), entry.value)
    return result


def matching(
    values: Mapping[str, tuple[str, ...]], pattern: str
) -> dict[str, tuple[str, ...]]:
    """Return the settings whose keys match a regular expression.

    The keys are matched as by `git config --get-regexp`.
    """
    return {key: value for key, value in values.items() if re.search(pattern, key)}


def normal_key(key: str) -> str:
    """Return a key in git's form: section and variable in lower case, subsection unchanged."""
    section, _, rest = key.partition(".")
    middle, dot, variable = rest.rpartition(".")
    return f"{section.lower()}.{middle}{dot}{variable.lower()}"
