# SPDX-License-Identifier: GPL-2.0-or-later
"""Progress of long operations: the callback that all rooms call, so that a front end can show
progress or cancel.
"""

from typing import Protocol


class Progress(Protocol):
    """Called with the current step and how far it is (`done` of `total`, None when unknown).

    May raise CancelledError to cancel.
    """

    def __call__(self, what: str, done: int = 0, total: int | None = None) -> None: ...


def silent(what: str, done: int = 0, total: int | None = None) -> None:
    """A progress callback that does nothing."""
    del what, done, total
