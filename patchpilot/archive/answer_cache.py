# SPDX-License-Identifier: GPL-2.0-or-later
"""A cache for answers from archives in the user's cache directory, kept for some minutes."""

import time
from hashlib import sha256
from pathlib import Path

from patchpilot.cache import folder
from patchpilot.model.limits import MAX_ANSWER

_MOST = 200
_SUFFIX = "answer"


class AnswerCache:
    """A cache for answers in a folder, each of which expires after a number of seconds.

    Without a folder, nothing is cached. The caller should store only usable answers.
    """

    def __init__(self, place: Path | None, seconds: float) -> None:
        self._place, self._seconds = place, seconds

    def get(self, *question: str) -> bytes | None:
        """Returns the cached answer to a question; None if it is missing or has expired."""
        file = self._file(question)
        if file is None:
            return None
        try:
            age = time.time() - file.stat().st_mtime
        except OSError:
            return None
        return folder.read(file, MAX_ANSWER) if 0 <= age <= self._seconds else None

    def put(self, answer: bytes, *question: str) -> None:
        """Stores the answer to a question; errors are ignored."""
        file = self._file(question)
        if file is not None and folder.write(file, answer):
            folder.evict(file.parent, _MOST)

    def _file(self, question: tuple[str, ...]) -> Path | None:
        if self._place is None:
            return None
        name = sha256(
            "\0".join(question).encode("utf-8", "surrogateescape")
        ).hexdigest()
        return self._place / f"{name}.{_SUFFIX}"
