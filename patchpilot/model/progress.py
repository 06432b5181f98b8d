# SPDX-License-Identifier: GPL-2.0-or-later
"""How long work tells of itself: the one callback every room calls, so that any front end can show it or stop it."""

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done, how far (`done` of `total`, None when unknown). May raise CancelledError to stop the work."""

    def __call__(self, what: str, done: int = 0, total: int | None = None) -> None: ...


def silent(what: str, done: int = 0, total: int | None = None) -> None:
    """The progress nobody looks at."""
    del what, done, total
