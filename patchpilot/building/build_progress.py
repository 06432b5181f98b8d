# SPDX-License-Identifier: GPL-2.0-or-later
"""The progress of a build: the remaining objects, an estimate of the remaining time, and the
first problem.
"""

import time
from collections.abc import Callable

from patchpilot.model.counted import counted
from patchpilot.model.printable import printable
from patchpilot.model.progress import Progress

OBJECT_SECONDS, CONFIGURATION_SECONDS = 2.0, 20.0
"""What an object and a new configuration take on one processor, until the build itself shows it."""
_LEAST = 20.0
"""A shorter time is not worth a word."""


class BuildProgress:
    """The progress of building `objects` in new `configurations` with a number of parallel
    processes.

    It is itself a progress callback, and passes its state on to another one.
    """

    def __init__(
        self,
        progress: Progress,
        objects: int,
        configurations: int,
        jobs: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress, self._clock = progress, clock
        self._objects, self._configurations = objects, configurations
        self._jobs, self._start = jobs, clock()
        self._done, self._problem = 0, ""

    def __call__(self, what: str, done: int = 0, total: int | None = None) -> None:
        """Pass a step on, with the time that is left and the first problem."""
        parts = (what, self.left, self._problem)
        self._progress(" · ".join(filter(None, parts)), done, total)

    def configured(self) -> None:
        """A configuration was made."""
        self._configurations = max(0, self._configurations - 1)

    def compiled(self, objects: int) -> None:
        """So many more objects were compiled."""
        self._done += objects

    def found(self, text: str) -> None:
        """Show a problem from now on, unless there was one before."""
        self._problem = self._problem or printable(f"first problem: {text}")

    @property
    def left(self) -> str:
        """Returns the objects and the time that are left, such as "12 objects, about 2 min"."""
        objects = max(0, self._objects - self._done)
        if not objects:
            return ""
        each = OBJECT_SECONDS / self._jobs
        if self._done:
            each = min(
                10 * each, max(each / 10, (self._clock() - self._start) / self._done)
            )
        seconds = objects * each + self._configurations * CONFIGURATION_SECONDS
        left = f"{counted(objects, 'object')} left"
        if seconds < _LEAST:
            return left
        if seconds < 90:
            return f"{left}, about {round(seconds / 10) * 10} s"
        return f"{left}, about {round(seconds / 60)} min"
