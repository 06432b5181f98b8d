# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers about releases kept between runs: a text file a repository in the user's cache directory, one answer a line.

Lines are only ever appended, so that two runs at once lose nothing; a cache that cannot be read or written is no trouble.
"""

import contextlib
import hashlib
from pathlib import Path

MAX_BYTES = 8 << 20


class ReleaseCache:
    """Commit → (release, the commit the release stood on) of earlier runs."""

    def __init__(self, common_dir: Path) -> None:
        self._file = place(common_dir, "releases")
        self._known: dict[str, tuple[str, str]] | None = None

    def get(self, commit: str) -> tuple[str, str] | None:
        """The answer of an earlier run."""
        if self._known is None:
            self._known = _read(self._file)
        return self._known.get(commit)

    def put(self, commit: str, release: str, stands_on: str) -> None:
        """Keep an answer."""
        if self._known is not None:
            self._known[commit] = (release, stands_on)
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if self._file.exists() and self._file.stat().st_size > MAX_BYTES:
                self._file.unlink()
            with self._file.open("a", encoding="utf-8", errors="surrogateescape") as file:
                file.write(f"{commit} {stands_on} {release}\n")


def place(common_dir: Path, room: str) -> Path:
    """Where in the user's cache directory a repository's answers of one kind are."""
    import platformdirs

    key = hashlib.sha256(str(common_dir.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return Path(platformdirs.user_cache_dir("patchpilot", appauthor=False)) / room / key


def _read(file: Path) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    with contextlib.suppress(OSError):
        for line in file.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            words = line.split(" ", 2)
            if len(words) == 3 and all(len(word) in (40, 64) for word in words[:2]):
                found[words[0]] = (words[2], words[1])
    return found
