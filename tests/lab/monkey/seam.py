# SPDX-License-Identifier: GPL-2.0-or-later
"""The stages' loaders as the keys meet them: late, failing, or with a result that was recorded on
another state of the repository.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from patchpilot.errors import GitError, NetworkError, RefusedError
from patchpilot.tui.view.session import JobRequest, Loader
from patchpilot.tui.view.stages import Stage, StageStatus

FAILURES = (
    GitError(
        "git failed: \u202e[bold]fatal[/bold]", hint="run `git fsck` and try again"
    ),
    NetworkError(
        "the archive did not answer", hint="try again later, or set patchpilot.lore"
    ),
    RefusedError("a rebase is in progress\nin two lines"),
)
MOST = 60


class Seam:
    """Gives the loader of a stage.

    `recorded` are results of real loaders, by repository and stage.
    """

    def __init__(self, real: Callable[[Stage], Loader], chance: random.Random) -> None:
        self._real, self._chance, self._lock = real, chance, threading.Lock()
        self.recorded: dict[tuple[str, Stage], list[tuple[Any, StageStatus]]] = {}
        self.counts: Counter[str] = Counter()

    def loader_of(self, stage: Stage) -> Loader:
        """The loader of a stage that behaves differently each time."""

        def load(ask: JobRequest) -> tuple[Any, StageStatus]:
            with self._lock:
                how, wait = (
                    self._chance.random(),
                    self._chance.choice((0, 0, 0.1, 1.0, 3.0)),
                )
            self._sleep(ask, wait if how < 0.4 else 0)
            known = self.recorded.setdefault((str(ask.repository.top), stage), [])
            if how > 0.9:
                self.counts["failed"] += 1
                raise self._chance.choice(FAILURES)
            if how > 0.75 and known:
                self.counts["recorded"] += 1
                return self._chance.choice(known)
            self.counts["real"] += 1
            result = self._real(stage)(ask)
            if len(known) < MOST:
                known.append(result)
            return result

        return load

    def _sleep(self, ask: JobRequest, seconds: float) -> None:
        """Wait as a slow service does, which reports its progress."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ask.progress("waiting", 1, 3)
            time.sleep(min(left, 0.1))
