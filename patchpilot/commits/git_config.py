# SPDX-License-Identifier: GPL-2.0-or-later
"""git's configuration in a directory, read again only after one of its files changed."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from patchpilot.cache import cached_re
from patchpilot.commits.repository_signature import state_of, user_files
from patchpilot.commits.run import git

_LIST = ("config", "--list", "-z", "--show-scope", "--show-origin")
_FILES = (".git/config", ".git/config.worktree", "config")
_MOST = 8


class ConfigEntry(NamedTuple):
    """A setting: its scope (`system`, `global`, `local`, `worktree`), the file that has it, its key
    and its value.
    """

    scope: str
    file: str
    key: str
    value: str


class _Known(NamedTuple):
    """Entries that were read, and the state of each file that they came from or may come from."""

    states: Mapping[Path, str]
    entries: tuple[ConfigEntry, ...]


_read: dict[tuple[Path, ...], _Known] = {}
"""By directory and the user's files; the last ones only."""
_reading = Lock()
"""Held while it is read: a thread that asks meanwhile takes the answer."""


def config_entries(where: Path, *, tolerant: bool = False) -> tuple[ConfigEntry, ...]:
    """Every setting in git's order, without those given with -c; GitError where git cannot read a
    file.

    With `tolerant` there are none in that case. MissingError without git.
    """
    key = (where, *user_files())
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
    words = git(where, *_LIST, ok=() if tolerant else (0,)).text.split("\0")
    rows = zip(words[::3], words[1::3], words[2::3], strict=False)
    entries = tuple(config_entry(*row) for row in rows if row[0] != "command")
    included = {where / entry.file for entry in entries}
    return _Known(
        before | {file: state_of(file) for file in included - set(before)}, entries
    )


def config_entry(scope: str, origin: str, setting: str) -> ConfigEntry:
    """A setting as `git config --list -z` prints it."""
    key, equals, value = setting.partition("\n")
    # a key without "=" means true
    return ConfigEntry(
        scope, origin.removeprefix("file:"), key, value if equals else "true"
    )


def config_values(where: Path | None, pattern: str) -> dict[str, tuple[str, ...]]:
    """Key → values of every key that matches, in a directory (default: the current one), in or
    outside a repository; none where git cannot read its configuration. MissingError without git."""
    return matching(by_key(config_entries(where or Path.cwd(), tolerant=True)), pattern)


def by_key(entries: tuple[ConfigEntry, ...]) -> dict[str, tuple[str, ...]]:
    """Key → values in git's order; section and variable of a key are in lower case."""
    result: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        result[entry.key] = (*result.get(entry.key, ()), entry.value)
    return result


def matching(
    values: Mapping[str, tuple[str, ...]], pattern: str
) -> dict[str, tuple[str, ...]]:
    """The configuration of every key that a regular expression matches, as `git config
    --get-regexp` finds them.
    """
    return {
        key: found for key, found in values.items() if cached_re.search(pattern, key)
    }


def normal_key(key: str) -> str:
    """A key as git prints it: section and variable in lower case, the part between them as it is."""  # noqa: E501
    section, _, rest = key.partition(".")
    middle, dot, variable = rest.rpartition(".")
    return f"{section.lower()}.{middle}{dot}{variable.lower()}"
