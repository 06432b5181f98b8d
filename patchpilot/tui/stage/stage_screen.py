# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the base class of the stages' screens: title line, stage bar, panels, and key line."""

import time
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Event, ScreenResume
from textual.reactive import Reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList, Static

from patchpilot.errors import PatchpilotError
from patchpilot.model.action import UntrustedCommandsError
from patchpilot.model.progress import Progress
from patchpilot.tui.stage.reporting import ReportsErrors
from patchpilot.tui.stage.thread_jobs import STEP, ThreadJobs
from patchpilot.tui.stage.trust_dialog import ask_trust
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.rich_text import highlight_code
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.shown_keys import ALL_KEYS, ShownKeys
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.view.title import title_texts
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.lists import Row, RowList, event_row
from patchpilot.tui.widgets.message_row import MessageRow
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.search import SearchBar
from patchpilot.tui.widgets.stagebar import StageBar
from patchpilot.tui.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from patchpilot.topic.open_repository import Repository

R = TypeVar("R")
"""The result of a stage."""
T = TypeVar("T")
MINIMUM = (80, 24)
REST = 0.12
"""Seconds without cursor movement after which a row's details are shown."""
PATIENCE = 0.3
"""Seconds after which work is announced: most finishes sooner, and drawing and removing the
announcement would delay a slow line.
"""


class _SideJob(NamedTuple):
    """The current step of a side job, and the time when the job started."""

    doing: str
    since: float


class StageScreen(ReportsErrors, Screen[None], Generic[R]):
    """The base class of a stage's screen: panels, one of them with a list, and side jobs.

    Subclasses define `stage`, `body()`, which yields the widgets, `LIST`, `rows()`, and `detail()`,
    which shows the selected row. The cursor stays on its row, identified by the row's key, when a
    new result arrives or the size changes. Only one side job per name runs at a time.
    """

    stage: ClassVar[Stage]
    BINDINGS: ClassVar[list[BindingType]] = [
        more_key(
            "g", "reload", "refresh", "read the topic again and refresh this stage"
        ),
        more_key(
            "escape",
            "cancel",
            "cancel",
            "close the detail or the error message, or cancel the running job",
        ),
        more_key(
            "slash",
            "search",
            "search",
            "search the text; then n and N go to the next and previous match",
        ),
        key(
            "f",
            "jump(1)",
            "next",
            "go to the next finding, note, change, hunk or new message",
        ),
        more_key("F", "jump(-1)", "previous", "go to the one before it"),
        more_key(
            "plus", "enlarge", "enlarge", "enlarge the focused panel, or shrink it"
        ),
    ]
    ALLOW_IN_MAXIMIZED_VIEW = "SearchBar, MessageRow, KeyLine"
    LIST: ClassVar[str]
    """The selector of the list."""
    RESTS: ClassVar[bool] = False
    """Whether to delay the detail until the cursor rests, because drawing it takes time."""
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    jump_label = "next hunk"
    """The target of `f`, as shown in the key line."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._doing: dict[str, _SideJob] = {}
        self._threads = ThreadJobs(self)
        self._resting: Timer | None = None
        self._shown: R | None = None
        self._is_again = False
        self._trust_error: UntrustedCommandsError | None = None
        self._theme = ""

    @property
    def shown(self) -> R:
        assert self._shown is not None
        return self._shown

    @property
    def current(self) -> R | None:
        """Return the displayed result, or None if it is stale or about to be replaced."""
        return self._shown if self.session.fresh(self.stage) is self._shown else None

    def compose(self) -> ComposeResult:
        """Compose the title line, stage bar, body (an error card above the stage's panels), search,
        and key line.
        """
        yield TitleLine()
        yield StageBar(self.session, self.stage)
        with Container(id="body"):
            yield Panel(PlainText("error-text"), id="error")
            yield from self.body()
            yield PlainText("too-small")
        yield SearchBar()
        yield MessageRow()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """Yield the stage's panels.

        The first panel, or the one with the class `main`, shows the stage's note.
        """
        raise NotImplementedError

    def on_mount(self) -> None:
        self.close_error()

    def keys_changed(self) -> None:
        self.query_one(KeyLine).draw()

    @property
    def main_panel(self) -> Panel | None:
        """Return the panel that shows the stage's note."""
        panels = [panel for panel in self.query(Panel) if panel.id != "error"]
        return next(
            (panel for panel in panels if panel.has_class("main")),
            panels[0] if panels else None,
        )

    async def on_event(self, event: Event) -> None:
        if isinstance(event, ScreenResume):
            # while a screen is hidden, its styles change only with the theme
            event.refresh_styles = self._theme != self.app.theme
            self._theme = self.app.theme
        await super().on_event(event)

    def on_screen_resume(self) -> None:
        if error := self.session.errors.get(self.stage):
            self.show_error(error)
        else:
            self.close_error()
            self.renew()
            if self.session.must_run(self.stage) and self.may_begin():
                self.begin_after()
        self.place()

    def on_resize(self) -> None:
        """Report what is hidden on a small terminal, where only the main panel is shown."""
        wide, high = self.size
        small = bool(wide) and (wide < MINIMUM[0] or high < MINIMUM[1])
        self.set_class(small, "-small")
        kept = (self.main_panel, self.query_one("#error"))
        for panel in self.query(Panel):
            panel.set_class(small and panel not in kept, "-left-out")
        least = f"{MINIMUM[0]}x{MINIMUM[1]} needed"
        text = f"{wide}x{high} is too small for all panels: {least}"
        self.query_one("#too-small", Static).update(text)
        self.place()
        if self._shown is not None:
            # wait until the panels have been laid out
            self.call_after_refresh(self.redraw_resized)

    def may_begin(self) -> bool:
        """Return whether the stage can start: its topic is known, and the first screen is drawn."""
        return self.session.topic is not None and self.tui.jobs.is_open

    @property
    def shown_keys(self) -> ShownKeys:
        return ALL_KEYS

    def renew(self) -> None:
        known = self.session.fresh(self.stage)
        if known is None:
            known = self.session.last(self.stage) if self._shown is not None else None
        if known is not None and known is not self._shown and self.is_whole:
            if self._is_again and known == self._shown:
                self.notify("nothing new")
            self._is_again, self._shown = False, known
            self.show(known)

    def commit_changed(self) -> None:
        if self.session.fresh(self.stage) is None:
            self.begin_after()
        self.place()

    def show_error(
        self, error: PatchpilotError, again: Callable[[], None] | None = None
    ) -> None:
        """Show an error with its hint as a card above the panels.

        If trust is missing, ask for it once, then call `again` or refresh the stage.
        """
        if not self.is_whole:
            return
        card = self.query_one("#error", Panel)
        hint = (
            f"hint: {replace_commands(error.advice, self.stage)}"
            if error.advice
            else ""
        )
        card.heading = f"{glyph('blocked')} error"
        card.count = "g retry · Esc close"
        self.query_one("#error-text", Static).update(
            highlight_code("\n".join(part for part in (error.message, hint) if part))
        )
        card.display = True
        if isinstance(error, UntrustedCommandsError) and error is not self._trust_error:
            self._trust_error = error
            ask_trust(
                self.app, error, partial(self._trusted, again or self.action_reload)
            )

    def _trusted(self, again: Callable[[], None]) -> None:
        """Continue once the user trusts the commands named in an error.

        Other stages may have failed with the same error.
        """
        errors = self.session.errors
        for stage, error in list(errors.items()):
            if isinstance(error, UntrustedCommandsError):
                del errors[stage]
        self.close_error()
        again()

    def close_error(self) -> None:
        if self.is_whole:
            self.query_one("#error").display = False

    def place(self) -> None:
        if not self.is_whole:
            return
        self.query_one(StageBar).refresh()
        self.query_one(TitleLine).show(
            self._subject(), self._topic_titles(), self._now_doing()
        )
        if main := self.main_panel:
            status = self.session.status(self.stage)
            is_said = status.note.casefold() in main.heading.casefold()
            main.set_class(self._is_blocked(status) and is_said, "-blocked")
            # do not repeat the heading
            is_quiet = (
                is_said or status.state is StageState.BUSY or self.session.topic is None
            )
            main.note = "" if is_quiet else self.note(status)

    def _is_blocked(self, status: StageStatus) -> bool:
        return (
            status.state is StageState.BLOCKED and self.stage not in self.session.errors
        )

    def note(self, status: StageStatus) -> str:
        sign = f"{glyph('blocked')} " if self._is_blocked(status) else ""
        return f"{sign}{status.note}"

    def _now_doing(self) -> str:
        if self.side_job:
            return self.side_job
        if self.session.topic is None and self.stage not in self.session.errors:
            return "reading topic …"
        return self.session.busy.get(self.stage, "")

    def _subject(self) -> str:
        topic, commit = self.session.topic, self.session.commit
        if topic is None or commit is None:
            return "patchpilot"
        count, at = len(topic.commits), topic.commits.index(commit) + 1
        return f"{at}/{count} {commit.subject}" if count > 1 else commit.subject

    def _topic_titles(self) -> Sequence[str]:
        return (
            title_texts(self.session.topic, self.session.facts)
            if self.session.topic
            else ()
        )

    def action_reload(self) -> None:
        self.close_error()
        self._is_again = True
        self.session.found.pop(self.stage, None)
        self.session.errors.pop(self.stage, None)
        if self.session.topic is None:
            self.tui.jobs.read_topic()
        else:
            self.tui.jobs.begin(self.stage, again=True)

    def begin_after(self, *changed: str) -> None:
        """Run the stage again after these inputs changed."""
        self.session.changed(*changed)
        self.tui.jobs.begin(self.stage)

    def reread(self) -> None:
        self.close_error()
        self.tui.jobs.read_topic()

    def action_cancel(self) -> None:
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.listed.focus()
        elif self.query_one("#error").display:
            self.close_error()
        else:
            self._threads.cancel()
            self._doing.clear()
            self.tui.jobs.cancel(self.stage)
            self.place()

    def action_enlarge(self) -> None:
        if self.maximized:
            self.minimize()
        elif self.focused:
            self.maximize(self.focused)
        self.keys_changed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "jump":
            return self.can_jump
        if action == "cancel":
            is_error = any(card.display for card in self.query("#error"))
            return is_error or self.is_working or self.has_class("-detail")
        return super().check_action(action, parameters)

    @property
    def without_topic(self) -> Collection[Stage]:
        return () if self.session.topic else self.session.errors

    @property
    def _with_hunks(self) -> Iterator[DiffView]:
        views = self.query(DiffView).results(DiffView)
        return (view for view in views if view.is_on_screen and view.stops)

    @property
    def can_jump(self) -> bool:
        return any(self._with_hunks)

    def action_jump(self, by: int) -> None:
        for view in self._with_hunks:
            view.stop(by)

    def action_search(self) -> None:
        self.query_one(SearchBar).open()

    @property
    def listed(self) -> RowList:
        return self.query_one(self.LIST, RowList)

    @property
    def list_panel(self) -> Panel:
        return cast(Panel, self.listed.parent)

    def _columns(self, panel: str) -> int:
        """Return the width of a panel's text, without the border and padding.

        Before the panel has a size, use the terminal's.
        """
        return (self.query_one(panel).size.width or (self.size.width or 80)) - 4

    @property
    def chosen(self) -> Any:
        lists = self.query(self.LIST).results(RowList)
        return next((listed.chosen for listed in lists), None)

    def rows(self) -> Iterable[Row]:
        raise NotImplementedError

    def detail(self) -> None:
        raise NotImplementedError

    def fill(self, key: Hashable = None) -> None:
        self.listed.fill(self.rows(), key)
        self.detail()
        self.keys_changed()

    def show(self, result: Any) -> None:
        self.fill()
        if self.focused is None:
            self.listed.focus()

    @property
    def has_card(self) -> bool:
        """Return whether Enter opens the detail as a card, because its panel does not fit."""
        return self.has_class("-narrow") and self.has_class("-low")

    def open_detail(self) -> None:
        self.add_class("-detail")

    def moved(self, listed: RowList) -> None:
        self.keys_changed()
        if listed.id != self.LIST[1:]:
            return
        if self.RESTS:
            self.call_at_rest(self.detail)
        else:
            self.detail()

    def open_selected(self, listed: RowList) -> None:
        """Open the row's details after Enter if they have no panel."""
        if listed.id == self.LIST[1:]:
            self.open_detail()

    def on_option_list_option_highlighted(
        self, event: OptionList.OptionHighlighted
    ) -> None:
        if event_row(event) >= 0:
            self.moved(cast(RowList, event.option_list))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Handle the event and report exceptions."""
        if event_row(event) >= 0:
            with self.reporting():
                self.open_selected(cast(RowList, event.option_list))

    def redraw_resized(self) -> None:
        self.fill()

    @property
    def tui(self) -> Any:
        return self.app

    @property
    def is_whole(self) -> bool:
        """Return whether all widgets exist; closing removes them while threads may still report."""
        parts = self.query_children("TitleLine, StageBar, #body, KeyLine")
        is_open = self.is_mounted and self.is_attached and self.app.is_running
        return is_open and len(parts) == 4

    @property
    def is_working(self) -> bool:
        return bool(self._doing) or self.stage in self.session.busy

    @property
    def side_job(self) -> str:
        now = time.monotonic()
        slow = [job for job in self._doing.values() if now - job.since >= PATIENCE]
        return slow[-1].doing if slow else ""

    def call_at_rest(self, show: Callable[[], None]) -> None:
        """Call `show` when the cursor stops, so that a held key redraws only the list."""
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
    ) -> None:
        """Run `work` in a thread, then show its result with `then`.

        A second call with the same name replaces the first. If the work takes longer than a moment,
        the title line shows `what`.
        """
        self._doing[what] = _SideJob(f"{what} …", time.monotonic())
        self.set_timer(PATIENCE + STEP, self._place_side_job)

        def in_repository(progress: Progress) -> T:
            with self.session.repository() as repository:
                return work(repository, progress)

        again = partial(self.in_thread, what, work, then)
        self._threads.start(
            what,
            in_repository,
            partial(self._done, what, then),
            lambda error: self._failed(what, error, again),
            partial(self._progressed, what),
        )

    def _done(self, name: str, then: Callable[[T], None], result: T) -> None:
        self._doing.pop(name, None)
        if self.is_whole:
            then(result)
            self.keys_changed()
            self.place()

    def _failed(
        self, name: str, error: PatchpilotError, again: Callable[[], None]
    ) -> None:
        self._doing.pop(name, None)
        self.show_error(error, again)
        self.place()

    def _progressed(self, name: str, line: str) -> None:
        if job := self._doing.get(name):
            self._doing[name] = job._replace(doing=line)
            self._place_side_job()

    def _place_side_job(self) -> None:
        if self.side_job:
            self.place()


AnyScreen = StageScreen[Any]
"""A screen of any stage, whatever its result."""
