# SPDX-License-Identifier: GPL-2.0-or-later
"""A cache of the first releases of commits, which persists between runs.

It is a text file for each repository, with one entry per line. Lines are only appended, so that
concurrent runs lose nothing.
"""

import contextlib
from pathlib import Path

from patchpilot.cache.folder import append, evict, read, repository_place

MAX_BYTES = 8 << 20
MOST_REPOSITORIES = 64
VERSION = 1


class ReleaseCache:
    """The cached first releases from earlier runs: commit → (release, commit of the release)."""

    def __init__(self, common_dir: Path) -> None:
        self._file = repository_place("releases", common_dir, VERSION)
        self._known: dict[str, tuple[str, str]] | None = None

    def get(self, commit: str) -> tuple[str, str] | None:
        """The result of an earlier run."""
        if self._known is None:
            self._known = _parse(read(self._file, MAX_BYTES) or b"")
        return self._known.get(commit)

    def put(self, commit: str, release: str, release_commit: str) -> None:
        """Store a result; a file that has become too long is started again."""
        if self._known is not None:
            self._known[commit] = (release, release_commit)
        size = 0
        with contextlib.suppress(OSError):
            size = self._file.lstat().st_size
            if size > MAX_BYTES:
                self._file.unlink()
        if (
            append(
                self._file,
                f"{commit} {release_commit} {release}\n".encode(
                    "utf-8", "surrogateescape"
                ),
            )
            and not size
        ):
            evict(self._file.parent, MOST_REPOSITORIES)


def _parse(data: bytes) -> dict[str, tuple[str, str]]:
    answers: dict[str, tuple[str, str]] = {}
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        words = line.split(" ", 2)
        if len(words) == 3 and all(len(word) in (40, 64) for word in words[:2]):
            answers[words[0]] = (words[2], words[1])
    return answers
