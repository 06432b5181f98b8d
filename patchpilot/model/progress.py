# SPDX-License-Identifier: GPL-2.0-or-later
"""Report the progress of long operations.

Front ends pass a callback that shows the progress and can cancel the operation.
"""

from typing import Protocol


class Progress(Protocol):
    """A callback that receives the current step and how much of it is `done`.

    If the total amount is not known, `total` is None. The callback may raise CancelledError to
    cancel the operation.
    """

    def __call__(self, what: str, done: int = 0, total: int | None = None) -> None: ...


def ignore_progress(what: str, done: int = 0, total: int | None = None) -> None:
    """Do nothing."""
    del what, done, total


PROGRESS_VARIABLE = "_PATCHPILOT_PROGRESS"
"""The environment variable with the descriptor of a file, to which progress is written as JSON
lines.
"""
