# SPDX-License-Identifier: GPL-2.0-or-later
"""What every stage's screen is: bar, tour line, place line, body, error panel, footer; and work done in threads with its result shown."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from patchpilot.errors import CancelledError, PatchpilotError
from patchpilot.model.printable import crop
from patchpilot.model.progress import Progress
from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.job_errors import as_error
from patchpilot.tui.rich_text import plain
from patchpilot.tui.session import Session
from patchpilot.tui.stages import Stage, StageState
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.search import SearchBar
from patchpilot.tui.widgets.stagebar import StageBar

if TYPE_CHECKING:
    from patchpilot.services.topic.open_repository import Repository
    from patchpilot.tui.stage_app import StageApp

T = TypeVar("T")
MINIMUM = (80, 24)


class StageScreen(Screen[None]):
    """A stage. Subclasses give `stage`, `body()` (widgets) and `show(result)` (fill them)."""

    stage: ClassVar[Stage]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "reload", "again", show=False, tooltip="read the topic and do this stage again"),
        Binding("escape", "cancel", "cancel", show=False, tooltip="close the panel, or stop what this stage is doing"),
        Binding("slash", "search", "search", show=False, key_display="/", tooltip="search in the text; n and N then go on"),
        Binding("M", "newcomer", "let Robin do it", show=False, tooltip="in the tour: do what the story's newcomer does here"),
    ]

    quiet: frozenset[str] = frozenset()
    """Actions that are not worth a place in the key line now."""

    class Done(Message):
        """A side job ended; `then` shows its result."""

        def __init__(self, name: str, then: Callable[[Any], None], result: Any) -> None:
            super().__init__()
            self.name, self.then, self.result = name, then, result

    class Failed(Message):
        """A side job ended with an error."""

        def __init__(self, name: str, error: PatchpilotError) -> None:
            super().__init__()
            self.name, self.error = name, error

    class Progressed(Message):
        """How far a side job is."""

        def __init__(self, name: str, line: str) -> None:
            super().__init__()
            self.name, self.line = name, line

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._shown: Any = None
        self._side: dict[str, int] = {}
        self._doing: dict[str, str] = {}

    @property
    def tui(self) -> "StageApp":
        """The application."""
        return cast("StageApp", self.app)

    def compose(self) -> ComposeResult:
        """Bar, place, body, footer."""
        yield StageBar(self.session, self.stage)
        yield Static(id="tour", markup=False)
        yield Static(id="place", markup=False)
        with Container(id="body"):
            yield from self.body()
        yield Static(id="panel", markup=False)
        yield SearchBar()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The stage's own widgets."""
        raise NotImplementedError

    def show(self, result: Any) -> None:
        """Fill the widgets from the service's result."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Nothing went wrong yet."""
        self.close_panel()
        tour = self.query_one("#tour", Static)
        tour.display = bool(self.tui.demo)
        if self.tui.demo:
            from patchpilot.tui.tour import HINTS

            tour.update(plain(f"tour {self.stage.number}/{len(Stage)}  {HINTS[self.stage]}"))

    def on_screen_resume(self) -> None:
        """Show what is known; do what is missing or stale."""
        if self.stage in self.session.errors:
            self.show_error(self.session.errors[self.stage])
        else:
            self.close_panel()
            self.renew()
            if self.session.fresh(self.stage) is None and self.stage not in self.session.busy and self.may_begin():
                self.tui.jobs.begin(self.stage)
        self.place()

    def on_resize(self) -> None:
        """The place line is cut to the width."""
        self.place()

    def may_begin(self) -> bool:
        """Whether the stage can start: its topic is known, and the first screen is drawn."""
        return self.session.topic is not None and self.tui.jobs.is_open

    def may_leave(self, to: Stage) -> bool:
        """Whether to go to another stage now; a screen that says no goes on by itself."""
        return True

    def renew(self) -> None:
        """Show the newest result, unless it is shown already."""
        known = self.session.fresh(self.stage)
        if known is None:
            known = self.session.last(self.stage) if self._shown is not None else None
        if known is not None and known is not self._shown and self.is_mounted:
            self._shown = known
            self.show(known)

    def commit_changed(self) -> None:
        """Another commit of the series is in hand."""
        if self.session.fresh(self.stage) is None:
            self.tui.jobs.begin(self.stage)
        self.place()

    def id_to_copy(self) -> str:
        """The id that Y copies."""
        commit = self.session.commit
        return commit.id if commit else ""

    # work

    def in_thread(self, what: str, work: "Callable[[Repository, Progress], T]", then: Callable[[T], None]) -> None:
        """Do something in a thread, then show its result; `what` is in the place line meanwhile. A second call of the same name replaces the first."""
        number = self._side[what] = self._side.get(what, 0) + 1
        self._doing[what] = f"{what} …"
        self.place()
        self.run_worker(partial(self._do, what, number, work, then), thread=True, group=f"side-{what}", exclusive=True, exit_on_error=False)

    def _do(self, name: str, number: int, work: "Callable[[Repository, Progress], T]", then: Callable[[T], None]) -> None:
        from patchpilot.services.topic.open_repository import open_repository

        worker = get_current_worker()

        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            if worker.is_cancelled:
                raise CancelledError
            self.post_message(self.Progressed(name, f"{what} {done}/{total}" if total else what))

        try:
            with open_repository(self.session.directory) as repository:
                result = work(repository, progress)
        except BaseException as error:  # noqa: BLE001 (told in the panel)
            if self._side[name] == number:
                self.post_message(self.Failed(name, as_error(error)))
            return
        if self._side[name] == number:
            self.post_message(self.Done(name, then, result))

    def on_stage_screen_done(self, message: Done) -> None:
        """Show a side job's result."""
        self._doing.pop(message.name, None)
        message.then(message.result)
        self.place()

    def on_stage_screen_failed(self, message: Failed) -> None:
        """Show a side job's error."""
        self._doing.pop(message.name, None)
        self.show_error(message.error)
        self.place()

    def on_stage_screen_progressed(self, message: Progressed) -> None:
        """Show how far a side job is."""
        if message.name in self._doing:
            self._doing[message.name] = message.line
            self.place()

    # what is said

    def show_error(self, error: PatchpilotError) -> None:
        """Show an error as a panel, with its hint."""
        if not self.is_mounted:
            return
        panel = self.query_one("#panel", Static)
        hint = f"\nway out: {in_keys(error.advice, self.stage)}" if error.advice else ""
        panel.update(plain(f"{error.message}{hint}\nr: try again   Escape: close"))
        panel.display = True

    def say(self, text: str, seconds: float) -> None:
        """Show a sentence in the key line for so many seconds."""
        self.query_one(KeyLine).say(text, seconds)

    def close_panel(self) -> None:
        """Close the panel."""
        if self.is_mounted:
            self.query_one("#panel").display = False

    def place(self) -> None:
        """Draw bar and place line again."""
        if not self.is_mounted:
            return
        self.query_one(StageBar).refresh()
        wide = max(20, self.size.width - 1 or 79)
        self.query_one("#place", Static).update(plain(crop(self._place_line(), wide)))

    def _place_line(self) -> str:
        if self.size.width and (self.size.width < MINIMUM[0] or self.size.height < MINIMUM[1]):
            return (
                f"this terminal is {self.size.width}x{self.size.height}; the walk is made for {MINIMUM[0]}x{MINIMUM[1]}: some of it is cut"
            )
        if self._doing:
            return list(self._doing.values())[-1]
        topic, standing = self.session.topic, self.session.standing(self.stage)
        if topic is None:
            return "reading your topic …" if self.stage not in self.session.errors else f"blocked: {standing.note}"
        note = f"{standing.state}: {standing.note}" if standing.note else str(standing.state)
        following = self.session.next_stage
        if standing.state is StageState.DONE and following and following is not self.stage:
            note += f" | next: {following.number} {following}"
        commit = self.session.commit
        several = f"{topic.commits.index(commit) + 1}/{len(topic.commits)} " if commit and len(topic.commits) > 1 else ""
        title = commit.subject if commit and several else topic.title
        return f"{note}   [{topic.branch or 'detached HEAD'}] {several}{title}"

    # keys

    def action_reload(self) -> None:
        """Read the topic again and do this stage again."""
        self.close_panel()
        self.session.found.pop(self.stage, None)
        self.session.errors.pop(self.stage, None)
        if self.session.topic is None:
            self.tui.jobs.read_topic()
        else:
            self.tui.jobs.begin(self.stage, again=True)

    def reread(self) -> None:
        """The commits changed: read the topic, then what depends on it."""
        self.close_panel()
        self.tui.jobs.read_topic()

    def action_cancel(self) -> None:
        """Close the panel, or stop what is going on."""
        if self.query_one("#panel").display:
            self.close_panel()
            return
        for what in self._side:
            self._side[what] += 1
            self.workers.cancel_group(self, f"side-{what}")
        self._doing.clear()
        self.tui.jobs.cancel(self.stage)
        self.place()

    def action_search(self) -> None:
        """Open the search line for the text on screen."""
        self.query_one(SearchBar).open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """M is a key of the tour only."""
        return action != "newcomer" or bool(self.tui.demo and self.stage in (Stage.COMMIT, Stage.CHECKS, Stage.FOLLOW))

    def action_newcomer(self) -> None:
        """In the tour: do what Robin does at this stage."""
        from patchpilot.demo.robin import fix_first, second_version

        second = self.stage is Stage.FOLLOW
        work = second_version if second else fix_first

        def then(said: str) -> None:
            self.notify(said, markup=False, timeout=8)
            self.session.changed("draft")
            self.reread()

        self.in_thread("Robin is at work", lambda repository, _: work(repository.top), then)
