# SPDX-License-Identifier: GPL-2.0-or-later
"""A screen that runs jobs in threads and shows their results."""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from textual.screen import Screen
from textual.timer import Timer

from patchpilot.errors import PatchpilotError
from patchpilot.model.progress import Progress
from patchpilot.tui.stage.job_errors import as_error
from patchpilot.tui.stage.reporting import ReportsErrors
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.thread_work import in_new_thread, progress_to
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.stagebar import StageBar
from patchpilot.tui.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from patchpilot.topic.open_repository import Repository

T = TypeVar("T")
STEP = 0.1
"""Seconds between two reports of progress that are shown: more of them would only delay keys."""
REST = 0.12
"""Seconds without a move of the cursor after which the details of what it is on are shown."""
PATIENCE = 0.3
"""Seconds after which work is announced: most ends sooner, and what would be drawn and removed
again is what a slow line waits for.
"""


class JobScreen(ReportsErrors, Screen[None]):
    """A stage's screen with side jobs, of which only one per name runs at a time."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._side: dict[str, int] = {}
        self._doing: dict[str, str] = {}
        self._meanwhile: dict[str, Callable[[], None]] = {}
        self._slow: set[str] = set()
        self._resting: Timer | None = None

    @property
    def tui(self) -> Any:
        """The application."""
        return self.app

    @property
    def is_whole(self) -> bool:
        """Whether its widgets are there: until it or the program is closed, which removes one after
        another; threads may report later.
        """
        is_open = self.is_mounted and self.is_attached and self.app.is_running
        return (
            is_open
            and sum(
                isinstance(child, TitleLine | StageBar | KeyLine) or child.id == "body"
                for child in self.children
            )
            == 4
        )

    def place(self) -> None:
        """Show what is being done."""
        raise NotImplementedError

    def show_error(
        self, error: PatchpilotError, again: Callable[[], None] | None = None
    ) -> None:
        """Show the error of a job; `again` starts it once more."""
        raise NotImplementedError

    @property
    def side_job(self) -> str:
        """The latest job that takes longer than a moment, "" for none."""
        slow = [doing for what, doing in self._doing.items() if what in self._slow]
        return slow[-1] if slow else ""

    def cancel_side_jobs(self) -> None:
        """Stop them all; their results are not shown."""
        for what in self._side:
            self._side[what] += 1
            self.workers.cancel_group(self, f"side-{what}")
            self._ended(what)()

    def at_rest(self, show: Callable[[], None]) -> None:
        """Call `show` once the cursor rests: a held key then draws the list alone, also over a slow
        line.
        """
        if self._resting:
            self._resting.stop()

        def rested() -> None:
            self._resting = None
            with self.reporting():
                show()

        self._resting = self.set_timer(REST, rested)

    def in_thread(
        self,
        what: str,
        work: "Callable[[Repository, Progress], T]",
        then: Callable[[T], None],
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Run `work` in a thread, then show its result with `then`.

        A second call of the same name replaces the first.

        When it takes longer than a moment, the title line shows `what`, and `meanwhile` is called
        once, as it is when there is no result.
        """
        number = self._side[what] = self._side.get(what, 0) + 1
        self._doing[what], self._meanwhile[what] = f"{what} …", meanwhile
        self.set_timer(PATIENCE, partial(self._lasts, what, number))
        in_new_thread(self, partial(self._do, what, number, work, then), f"side-{what}")

    def _lasts(self, what: str, number: int) -> None:
        """Announce a side job that did not end yet."""
        if self._side[what] == number and what in self._doing and self.is_whole:
            self._slow.add(what)
            self._meanwhile.pop(what, lambda: None)()
            self.place()

    def _ended(self, what: str) -> Callable[[], None]:
        """A side job ended: what was to be called if it lasted."""
        self._doing.pop(what, None)
        self._slow.discard(what)
        return self._meanwhile.pop(what, lambda: None)

    def _do(
        self,
        name: str,
        number: int,
        work: "Callable[[Repository, Progress], T]",
        then: Callable[[T], None],
    ) -> None:

        last = 0.0

        def tell(line: str) -> None:
            nonlocal last
            if (now := time.monotonic()) - last >= STEP:
                last = now
                self.call_later(self._progressed, name, line)

        progress = progress_to(tell)
        try:
            with self.session.repository() as repository:
                result = work(repository, progress)
        except BaseException as error:  # noqa: BLE001 (shown in the error card)
            if self._side[name] == number:
                again = partial(self.in_thread, name, work, then)
                self.call_later(self._failed, name, as_error(error), again)
            return
        if self._side[name] == number:
            self.call_later(self._done, name, then, result)

    def _done(self, name: str, then: Callable[[T], None], result: T) -> None:
        """Show a side job's result."""
        self._ended(name)
        if self.is_whole:
            then(result)
            self.place()

    def _failed(
        self, name: str, error: PatchpilotError, again: Callable[[], None]
    ) -> None:
        """Show a side job's error; `again` starts it once more."""
        meanwhile = self._ended(name)
        if self.is_whole:
            meanwhile()
            self.show_error(error, again)
            self.place()

    def _progressed(self, name: str, line: str) -> None:
        """Show the progress of a side job."""
        if name in self._doing:
            self._doing[name] = line
            if name in self._slow:
                self.place()
