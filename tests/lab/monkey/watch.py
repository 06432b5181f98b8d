# SPDX-License-Identifier: GPL-2.0-or-later
"""Notices what a user would see as a crash or a hang: exceptions wherever they end, bug logs, and
an application that does not answer.
"""

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from textual.widget import Widget

PATIENCE = 20.0
"""Processor seconds without an answer that are a hang.

Idle ones count a third, and not while other programs had the processor.
"""


class Watch(logging.Handler):
    """Collects faults as texts, from exceptions that no one awaited, and from threads."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(logging.WARNING)
        self._scratch, self.faults = scratch, list[str]()
        self.alive()
        logging.getLogger("asyncio").addHandler(self)
        threading.excepthook = lambda given: self.take(
            given.exc_value, f"thread {given.thread and given.thread.name}"
        )
        sys.unraisablehook = lambda given: self.take(
            given.exc_value, "an object that was deleted"
        )

    def emit(self, record: logging.LogRecord) -> None:
        """A task that failed and was not awaited."""
        error = record.exc_info[1] if record.exc_info else None
        self.take(error, record.getMessage())

    def take(self, error: BaseException | None, where: str) -> None:
        """Keep an exception."""
        self.faults.append(
            f"{where}\n{''.join(traceback.format_exception(error)) if error else ''}"
        )

    def logs(self) -> None:
        """Keep what bug logs say, and delete them."""
        for log in self._scratch.glob("patchpilot-bug-*.log"):
            self.faults.append(f"a bug log\n{log.read_text(encoding='utf-8')}")
            log.unlink()

    def alive(self) -> None:
        """The application answered."""
        self._beat, (self._spent, self._queued) = time.monotonic(), _main_thread()

    @property
    def waited(self) -> float:
        """Seconds since the last answer, as PATIENCE counts them."""
        spent, queued = _main_thread()
        idle = time.monotonic() - self._beat - (queued - self._queued)
        return max(spent - self._spent, idle / 3)

    def guard(self, reported: TextIO, what: Callable[[], str]) -> None:
        """End the process with every thread's stack when the event loop stands still: nothing else
        can be done then.
        """

        def look() -> None:
            while True:
                time.sleep(1)
                if self.waited > PATIENCE * 3:
                    reported.write(
                        f"HANG: the event loop stands still\n{what()}\n{stacks()}\n"
                    )
                    reported.flush()
                    os._exit(1)

        threading.Thread(target=look, daemon=True, name="monkey-watch").start()


def stacks() -> str:
    """What every thread does now, with the widgets that the functions belong to."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    rows = []
    for ident, top in sys._current_frames().items():
        rows.append(f"thread {names.get(ident)}")
        for frame, line in reversed(list(traceback.walk_stack(top))):
            owner = frame.f_locals.get("self")
            whose = f" of {owner!r}" if isinstance(owner, Widget) else ""
            rows.append(
                f'  File "{frame.f_code.co_filename}", line {line}, in'
                f" {frame.f_code.co_name}{whose}"
            )
    return "\n".join(rows)


def _main_thread() -> tuple[float, float]:
    """Processor seconds of this process's first thread, and those for which it could have run but
    other programs did.
    """
    spent, queued, _ = Path("/proc/self/schedstat").read_text().split()
    return int(spent) / 1e9, int(queued) / 1e9


async def answered(app: Any, watch: Watch) -> bool:
    """Whether the application handles a message within the patience."""
    done = asyncio.Event()
    watch.alive()
    app.call_later(done.set)
    while not done.is_set():
        if app._exception is not None or not app.is_running:
            return True
        if watch.waited > PATIENCE:
            return False
        await asyncio.sleep(0.01)
    watch.alive()
    return True
