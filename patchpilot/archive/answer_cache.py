# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers of archives, kept for some minutes in the user's cache directory."""

import time
from hashlib import sha256
from pathlib import Path

from patchpilot.cache import folder
from patchpilot.model.limits import MAX_ANSWER

_MOST = 200
_SUFFIX = "answer"


class AnswerCache:
    """The answers in a folder (None: nothing is kept), each for so many seconds.

    The caller keeps only what it could use.
    """

    def __init__(self, place: Path | None, seconds: float) -> None:
        self._place, self._seconds = place, seconds

    def get(self, *question: str) -> bytes | None:
        """The answer to a question, as it was kept; None where it is missing or too old."""
        file = self._file(question)
        if file is None:
            return None
        try:
            age = time.time() - file.stat().st_mtime
        except OSError:
            return None
        return folder.read(file, MAX_ANSWER) if 0 <= age <= self._seconds else None

    def put(self, answer: bytes, *question: str) -> None:
        """Keep the answer to a question; nothing happens where that fails."""
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
