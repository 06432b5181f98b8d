# SPDX-License-Identifier: GPL-2.0-or-later
"""Daemon threads, so that quitting the TUI does not wait for a search of history.

Suspending to the shell; detecting a closed terminal.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundThread(ThreadPoolExecutor):
    """An executor whose threads end with the process.

    Their work must be safe to interrupt at any point; all of services is.
    """

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Run in a new thread."""
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 (handed to whoever asks the future)
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, daemon=True, name="patchpilot-job").start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Return at once: the threads end with the process."""


def stop_all() -> None:
    """Suspend the whole process group (the demo waits for the TUI) until the shell resumes it."""
    os.killpg(os.getpgrp(), signal.SIGSTOP)


def terminal_gone() -> bool:
    """Whether the terminal of standard input was closed, by a window manager or a lost connection."""  # noqa: E501
    try:
        looked = select.poll()
        looked.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
        return bool(looked.poll(0))
    except (OSError, ValueError):
        return True
