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
from patchpilot.tui.stage.job_errors import to_patchpilot_error

T = TypeVar("T")
STEP = 0.1
"""Minimum seconds between displayed progress reports; more of them would only delay keys."""


def run_in_new_thread(node: DOMNode, work: Callable[[], object], group: str) -> Worker[object]:
    """Run `work` in a new thread, replacing a running job of the same group.

    `work` must report its errors. A new thread sees no context variables of earlier jobs, such as
    the subsystems in use.
    """
    return node.run_worker(work, thread=True, group=group, exclusive=True, exit_on_error=False)


class ThreadJobs:
    """The jobs of a node, by name.

    Only the latest job with a name reports its result, in the event loop, because threads must not
    touch widgets.
    """

    def __init__(self, node: DOMNode) -> None:
        self._node = node
        self._latest: dict[str, Worker[object]] = {}

    def start_job(
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

        def run_work() -> None:
            worker = get_current_worker()
            report = partial(self._node.call_later, self._report_if_latest, name, worker)
            last_report = 0.0

            def progress(what: str, done: int = 0, total: int | None = None) -> None:
                nonlocal last_report
                if worker.is_cancelled:
                    raise CancelledError
                current_time = time.monotonic()
                if not total or current_time - last_report >= STEP:
                    last_report = current_time
                    report(report_line, f"{what} {done}/{total}" if total else what)

            try:
                result = work(progress)
            except BaseException as error:  # noqa: BLE001 (shown by `failed`)
                report(failed, to_patchpilot_error(error))
            else:
                report(done, result)

        self._latest[name] = run_in_new_thread(self._node, run_work, name)

    def _report_if_latest(
        self,
        name: str,
        worker: Worker[object],
        callback: Callable[[T], object],
        value: T,
    ) -> None:
        if self._latest.get(name) is worker:
            callback(value)

    def cancel_jobs(self, *names: str) -> None:
        """Cancel these jobs, or all; their results are discarded."""
        for name in names or tuple(self._latest):
            self._latest.pop(name, None)
            self._node.workers.cancel_group(self._node, name)
