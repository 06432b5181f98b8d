# SPDX-License-Identifier: GPL-2.0-or-later
"""Run daemon threads, so that the TUI can quit without waiting for a search of the history.

This module also resumes the TUI once, and detects a closed terminal.
"""

import select
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import FrameType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundThread(ThreadPoolExecutor):
    """An executor whose threads end with the process.

    Its jobs must be safe to interrupt at any point, as all services are.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def run_function() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 (handed to whoever asks the future)
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run_function, daemon=True, name="patchpilot-job").start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Do nothing, because the threads end with the process."""


def guard_resume_signal() -> None:
    """Resume on SIGCONT only if Textual's input thread is not running.

    A hangup sends SIGCONT as well; Textual would then start a second thread, and the program would
    not end.
    """
    resume_handler = signal.getsignal(signal.SIGCONT)

    def handle_resume(number: int, frame: FrameType | None) -> None:
        is_reading = any(thread.name == "textual-input" for thread in threading.enumerate())
        if callable(resume_handler) and not is_reading:
            resume_handler(number, frame)

    signal.signal(signal.SIGCONT, handle_resume)


def is_terminal_gone() -> bool:
    """Return whether the terminal on standard input no longer exists.

    The connection may be lost, or the window may be closed.
    """
    try:
        poller = select.poll()
        poller.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
        return bool(poller.poll(0))
    except (OSError, ValueError):
        return True
