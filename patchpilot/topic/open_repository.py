# SPDX-License-Identifier: GPL-2.0-or-later
"""Open the repository for a user interface that runs for a long time, such as the TUI."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patchpilot.commits.git_config import compute_git_signature
from patchpilot.commits.repository import Repository


class _OpenRepository:
    """An open repository, its signature when it was opened, and how many threads use it."""

    def __init__(self, directory: Path | None) -> None:
        self.repository = Repository.open(directory)
        self.signature = self.compute_signature()
        self.users = 0

    def compute_signature(self) -> tuple[str, ...]:
        return compute_git_signature(self.repository.git_dir, self.repository.common_dir)


class SharedRepository:
    """A repository that all threads of a user interface share.

    It is opened again if it has changed on disk.
    """

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self._opened: _OpenRepository | None = None
        self._lock = threading.Lock()

    @contextmanager
    def use(self) -> Iterator[Repository]:
        """Yield the current repository; raise MissingError if there is none."""
        with self._lock:
            opened = self._opened
            if opened is None or opened.signature != opened.compute_signature():
                self._close_unused()
                opened = self._opened = _OpenRepository(self.directory)
            opened.users += 1
        try:
            yield opened.repository
        finally:
            with self._lock:
                opened.users -= 1
                if opened is not self._opened and opened.users == 0:
                    opened.repository.close()

    def close(self) -> None:
        """Close the repository as soon as no thread uses it."""
        with self._lock:
            self._close_unused()

    def _close_unused(self) -> None:
        if self._opened and self._opened.users == 0:
            self._opened.repository.close()
        self._opened = None
