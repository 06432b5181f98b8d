# SPDX-License-Identifier: GPL-2.0-or-later
"""Run work in a thread."""

from collections.abc import Callable

from textual.dom import DOMNode
from textual.worker import Worker, get_current_worker

from patchpilot.errors import CancelledError
from patchpilot.model.progress import Progress


def in_new_thread(
    node: DOMNode, work: Callable[[], object], group: str
) -> Worker[object]:
    """Run `work`, which reports its own errors, in a new thread.

    A running job of the same group is replaced.
    """
    return node.run_worker(
        work, thread=True, group=group, exclusive=True, exit_on_error=False
    )


def progress_to(show: Callable[[str], object]) -> Progress:
    """Return a progress callback for the current thread that passes each line to `show`.

    It raises CancelledError once the thread's job is canceled.
    """
    worker = get_current_worker()

    def progress(what: str, done: int = 0, total: int | None = None) -> None:
        if worker.is_cancelled:
            raise CancelledError
        show(f"{what} {done}/{total}" if total else what)

    return progress
