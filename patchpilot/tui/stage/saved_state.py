# SPDX-License-Identifier: GPL-2.0-or-later
"""Save the state that the TUI keeps between runs: the stage in each repository, and the theme."""

import contextlib
from pathlib import Path
from typing import Any

from patchpilot.errors import InputError
from patchpilot.resources import load_json, state_path, store_json

FILE = "walk.json"
PLACES = 200
"""Number of repositories and branches saved; the least recently visited are dropped first."""


class SavedState:
    """The TUI's saved state, in a small file in the user's state directory.

    The file is replaced on every change, and ignored if it cannot be read or written.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or state_path() / FILE
        self._data: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            data = load_json(self._file)
            self._data = data if isinstance(data, dict) else {}

    @property
    def is_new(self) -> bool:
        return not self._data

    def get(self, name: str, key: str = "") -> Any:
        table = self._data.get(key)
        return table.get(name) if isinstance(table, dict) else None

    @property
    def saved_places(self) -> tuple[str, ...]:
        return tuple(name for name in reversed(self._data) if name)

    def save_values(self, key: str = "", **values: Any) -> None:
        """Save values; they are on disk when this returns."""
        table = self._data.setdefault(key, {})
        if all(table.get(name) == value for name, value in values.items()):
            return
        table.update(values)
        if key:
            self._data[key] = self._data.pop(key)
        for stale_key in [name for name in self._data if name][:-PLACES]:
            del self._data[stale_key]
        with contextlib.suppress(InputError):
            store_json(self._file, self._data, "")
