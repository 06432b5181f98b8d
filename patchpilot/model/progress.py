# SPDX-License-Identifier: GPL-2.0-or-later
"""Report the progress of long operations.

Packages call the same kind of callback, with which a front end can show progress or cancel.
"""

from typing import Protocol


class Progress(Protocol):
    """A callback that receives the current step and its progress.

    The progress is `done` of `total`, or None if unknown. The callback may raise CancelledError
    to cancel the operation.
    """

    def __call__(self, what: str, done: int = 0, total: int | None = None) -> None: ...


def silent(what: str, done: int = 0, total: int | None = None) -> None:
    """Ignore the progress."""
    del what, done, total
