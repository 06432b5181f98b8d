# SPDX-License-Identifier: GPL-2.0-or-later
"""Run work in threads, and show its progress and result on a screen or the application."""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from textual.dom import DOMNode
from textual.worker import Worker, get_current_worker

from patchpilot.errors import CancelledError, PatchpilotError
from patchpilot.model.progress import Progress
from patchpilot.tui.stage.job_errors import as_error

T = TypeVar("T")
STEP = 0.1
"""Minimum seconds between displayed progress reports; more of them would only delay keys."""


def in_new_thread(
    node: DOMNode, work: Callable[[], object], group: str
) -> Worker[object]:
    """Run `work` in a new thread, replacing a running job of the same group.

    `work` must report its errors.
    """
    return node.run_worker(
        work, thread=True, group=group, exclusive=True, exit_on_error=False
    )


class ThreadJobs:
    """The jobs of a node, by name.

    Only the latest job with a name reports its result, in the event loop, because threads must not
    touch widgets.
    """

    def __init__(self, node: DOMNode) -> None:
        self._node = node
        self._latest: dict[str, Worker[object]] = {}

    def start(
        self,
        name: str,
        work: Callable[[Progress], T],
        done: Callable[[T], object],
        failed: Callable[[PatchpilotError], object],
        report_line: Callable[[str], object] = str,
    ) -> None:
        """Run `work` in a thread, then call `done` with its result or `failed` with its error.

        `report_line` receives the progress lines. A running job with this name is canceled.
        """

        def run() -> None:
            worker = get_current_worker()
            report = partial(self._node.call_later, self._report, name, worker)
            last = 0.0

            def progress(what: str, done: int = 0, total: int | None = None) -> None:
                nonlocal last
                if worker.is_cancelled:
                    raise CancelledError
                now = time.monotonic()
                if not total or now - last >= STEP:
                    last = now
                    report(report_line, f"{what} {done}/{total}" if total else what)

            try:
                result = work(progress)
            except BaseException as error:  # noqa: BLE001 (shown by `failed`)
                report(failed, as_error(error))
            else:
                report(done, result)

        self._latest[name] = in_new_thread(self._node, run, name)

    def _report(
        self,
        name: str,
        worker: Worker[object],
        show: Callable[[T], object],
        value: T,
    ) -> None:
        if self._latest.get(name) is worker:
            show(value)

    def cancel(self, *names: str) -> None:
        """Cancel these jobs, or all; their results are discarded."""
        for name in names or tuple(self._latest):
            self._latest.pop(name, None)
            self._node.workers.cancel_group(self._node, name)
