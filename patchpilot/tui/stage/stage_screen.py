# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the base class of the stages' screens: title line, stage bar, panels, and key line."""

import time
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from rich.text import Text
from textual.app import ComposeResult
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
from patchpilot.tui.stage.trust_dialog import ask_for_trust
from patchpilot.tui.view.action_keys import format_error
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import (
    ALL_KEYS,
    OffersActions,
    ShownKeys,
    bind_keys,
    key_binding,
    more_key,
)
from patchpilot.tui.view.rich_text import highlight_code, join_lines
from patchpilot.tui.view.session import Session, error_state
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.view.title import title_texts
from patchpilot.tui.widgets.choose import Callback
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.lists import Row, RowList, is_current
from patchpilot.tui.widgets.message_row import MessageRow
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.search import SearchBar
from patchpilot.tui.widgets.stagebar import StageBar
from patchpilot.tui.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

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
    doing: str
    since: float


ERROR_HEADINGS = {
    StageState.UNOPENED: "canceled",
    StageState.TODO: "question",
    StageState.BLOCKED: "error",
}
"""Maps the state of a stage with an error to the heading of the error's card."""


class StageScreen(ReportsErrors, OffersActions, Screen[None], Generic[R]):
    """The base class of a stage's screen: panels, one of them with a list, and side jobs.

    Subclasses define `stage`, `compose_body()`, `LIST`, `build_rows()`, and `show_selected_row()`.
    The cursor stays on its row, identified by the row's key, when a new result arrives or the size
    changes. Only one side job per name runs at a time.
    """

    stage: ClassVar[Stage]
    BINDINGS = bind_keys(
        more_key("g", "reload", "refresh", "read the topic again and refresh this stage"),
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
        key_binding(
            "f",
            "jump(1)",
            "next",
            "go to the next finding, note, change, hunk or new message",
        ),
        more_key("F", "jump(-1)", "previous", "go to the one before it"),
        more_key("plus", "enlarge", "enlarge", "enlarge the focused panel, or shrink it"),
    )
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
        self._reloaded: R | None = None
        self._trust_error: UntrustedCommandsError | None = None
        self._theme, self._is_stage_error = "", True

    @property
    def shown_result(self) -> R:
        assert self._shown is not None
        return self._shown

    @property
    def current_result(self) -> R | None:
        """Return the displayed result, or None if it is stale or about to be replaced."""
        return self._shown if self.session.fresh_result(self.stage) is self._shown else None

    def compose(self) -> ComposeResult:
        """Compose the title line, stage bar, body (an error card above the stage's panels), search,
        and key line.
        """
        yield TitleLine()
        yield StageBar(self.session, self.stage)
        with Container(id="body"):
            yield Panel(PlainText("error-text"), id="error")
            yield from self.compose_body()
            yield PlainText("too-small")
        yield SearchBar()
        yield MessageRow()
        yield KeyLine()

    def compose_body(self) -> ComposeResult:
        """Yield the stage's panels. The one with the class `main` shows the stage's note."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.close_error()

    def redraw_keys(self) -> None:
        self.query_one(KeyLine).redraw_keys()

    @property
    def main_panel(self) -> Panel | None:
        """Return the panel that shows the stage's note."""
        return next(iter(self.query(".main").results(Panel)), None)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, ScreenResume):
            # update the styles only if the theme has changed, because nothing else changes them
            # while a screen is hidden
            event.refresh_styles = self._theme != self.app.theme
            self._theme = self.app.theme
        await super().on_event(event)

    def on_screen_resume(self) -> None:
        if error := self.session.errors.get(self.stage):
            self.show_error(error)
        else:
            self.close_stage_error()
            self.show_new_result()
            if self.session.must_run(self.stage) and self.can_start():
                self.rerun_stage()
        self.update_titles()

    def on_resize(self) -> None:
        """Report what is hidden on a small terminal, where only the main panel is shown."""
        columns, lines = self.size
        is_small = bool(columns) and (columns < MINIMUM[0] or lines < MINIMUM[1])
        self.set_class(is_small, "-small")
        shown_panels = (self.main_panel, self.query_one("#error"))
        for panel in self.query(Panel):
            panel.set_class(is_small and panel not in shown_panels, "-left-out")
        minimum = f"{MINIMUM[0]}x{MINIMUM[1]} needed"
        text = f"{columns}x{lines} is too small for all panels: {minimum}"
        self.query_one("#too-small", Static).update(text)
        self.update_titles()
        if self._shown is not None:
            # wait until the panels have been laid out
            self.call_after_refresh(self.redraw_after_resize)

    def can_start(self) -> bool:
        """Return whether the stage can start.

        Its topic must be known, and the first screen must be drawn.
        """
        return self.session.topic is not None and self.tui.jobs.is_open

    @property
    def shown_keys(self) -> ShownKeys:
        return ALL_KEYS

    def show_new_result(self) -> None:
        result = self.session.fresh_result(self.stage)
        if result is None:
            result = self.session.last_result(self.stage) if self._shown is not None else None
        if result is None or not self.has_all_widgets:
            return
        # while the stage is still running, its stored result is shown
        if self._reloaded is not None and self.stage not in self.session.busy:
            if not self.has_changed(self._reloaded, result):
                self.notify("nothing new")
            self._reloaded = None
        if result is not self._shown:
            self._shown = result
            self.show_result(result)

    def has_changed(self, before: R, after: R) -> bool:
        """Return whether a result differs from the one before it."""
        return before != after

    def handle_commit_change(self) -> None:
        if self.session.fresh_result(self.stage) is None:
            self.rerun_stage()
        self.update_titles()

    def show_error(self, error: PatchpilotError, retry: Callback | None = None) -> None:
        """Show an error with its hint as a card above the panels.

        If the repository's commands are not trusted, ask the user once to trust them, and then call
        `retry` or refresh the stage.
        """
        if not self.has_all_widgets:
            return
        card = self.query_one("#error", Panel)
        state = error_state(error)
        card.heading = f"{glyph(state.sign)} {ERROR_HEADINGS[state]}"
        self._is_stage_error = error is self.session.errors.get(self.stage)
        # g runs the stage again, and nothing else that failed
        card.count = f"{'g retry · ' * self._is_stage_error}Esc close"
        self.query_one("#error-text", Static).update(
            highlight_code(format_error(error, self.stage))
        )
        card.display = True
        if isinstance(error, UntrustedCommandsError) and error is not self._trust_error:
            self._trust_error = error
            ask_for_trust(
                self,
                error,
                partial(self._continue_with_trust, retry or self.action_reload),
                self.handle_declined_trust,
            )

    def handle_declined_trust(self) -> None:
        """Keep the error's card; subclasses may go on without the work that needs trust."""

    def _continue_with_trust(self, retry: Callback) -> None:
        """Continue once the user trusts the commands named in an error.

        Other stages may have failed with the same error.
        """
        errors = self.session.errors
        for stage, error in list(errors.items()):
            if isinstance(error, UntrustedCommandsError):
                del errors[stage]
        self.close_error()
        retry()

    def close_error(self) -> None:
        if self.has_all_widgets:
            self.query_one("#error").display = False

    def close_stage_error(self) -> None:
        """Close the error of a job of this stage, which has run again since.

        Errors of the user's actions, such as a failed fetch, stay until they are closed or retried.
        """
        if self._is_stage_error:
            self.close_error()

    def update_titles(self) -> None:
        if not self.has_all_widgets:
            return
        self.query_one(StageBar).refresh()
        self.query_one(TitleLine).show_texts(
            self._title_subject(), self._title_texts(), self._current_activity()
        )
        if panel := self.main_panel:
            status = self.session.stage_status(self.stage)
            is_in_heading = status.note.casefold() in panel.heading.casefold()
            panel.set_class(self._is_blocked(status) and is_in_heading, "-blocked")
            # do not repeat the heading
            is_quiet = (
                is_in_heading or status.state is StageState.BUSY or self.session.topic is None
            )
            panel.note = "" if is_quiet else self.format_note(status)

    def _is_blocked(self, status: StageStatus) -> bool:
        return status.state is StageState.BLOCKED and self.stage not in self.session.errors

    def format_note(self, status: StageStatus) -> str:
        sign = f"{glyph('blocked')} " if self._is_blocked(status) else ""
        return f"{sign}{status.note}"

    def _current_activity(self) -> str:
        if self.side_job_text:
            return self.side_job_text
        is_settled = self.can_start() or self.stage in self.session.errors
        if self.session.topic is None and not is_settled:
            return "reading topic …"
        return self.session.busy.get(self.stage, "")

    def _title_subject(self) -> str:
        topic, commit = self.session.topic, self.session.commit
        if topic is None or commit is None:
            return "patchpilot"
        count, number = len(topic.commits), topic.commits.index(commit) + 1
        return f"{number}/{count} {commit.subject}" if count > 1 else commit.subject

    def _title_texts(self) -> Sequence[str]:
        return title_texts(self.session.topic, self.session.facts) if self.session.topic else ()

    def action_reload(self) -> None:
        self.close_error()
        self._reloaded = self._shown
        self.session.results.pop(self.stage, None)
        self.session.errors.pop(self.stage, None)
        if self.session.topic is None:
            self.tui.jobs.read_topic()
        else:
            self.tui.jobs.start_stage(self.stage, is_retry=True)

    def rerun_stage(self, *changed_inputs: str) -> None:
        """Run the stage again after these inputs changed."""
        self.session.mark_changed(*changed_inputs)
        self.tui.jobs.start_stage(self.stage)

    def reread_topic(self) -> None:
        self.close_error()
        self.tui.jobs.read_topic()

    def action_cancel(self) -> None:
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.row_list.focus()
        elif self.query_one("#error").display:
            self.close_error()
        else:
            self._threads.cancel_jobs()
            self._doing.clear()
            self.tui.jobs.cancel_stage(self.stage)
            self.update_titles()

    def action_enlarge(self) -> None:
        if self.maximized:
            self.minimize()
        elif self.focused:
            self.maximize(self.focused)
        self.redraw_keys()

    @property
    def has_open_card(self) -> bool:
        """Return whether Esc closes the card of the detail or of an error."""
        return self.has_class("-detail") or any(card.display for card in self.query("#error"))

    @property
    def can_cancel(self) -> bool:
        return self.has_open_card or self.is_working

    @property
    def stages_without_topic(self) -> Collection[Stage]:
        return () if self.session.topic else self.session.errors

    @property
    def _views_with_hunks(self) -> Iterator[DiffView]:
        views = self.query(DiffView).results(DiffView)
        return (view for view in views if view.is_on_screen and view.stops)

    @property
    def can_jump(self) -> bool:
        return any(self._views_with_hunks)

    def action_jump(self, offset: int) -> None:
        moved = [view.jump_to_stop(offset) for view in self._views_with_hunks]
        if not any(moved):
            self.notify_end(offset)

    def notify_end(self, offset: int) -> None:
        end = "last one; F goes back" if offset > 0 else "first one; f goes on"
        self.notify(f"this is the {end}")

    def action_search(self) -> None:
        self.query_one(SearchBar).open_search()

    @property
    def row_list(self) -> RowList:
        return self.query_one(self.LIST, RowList)

    @property
    def list_panel(self) -> Panel:
        return cast(Panel, self.row_list.parent)

    def _panel_text_width(self, panel: str) -> int:
        """Return the width of a panel's text, without the border and padding.

        Before the panel has a size, use the terminal's.
        """
        return (self.query_one(panel).size.width or (self.size.width or 80)) - 4

    def show_rows(self, selector: str, rows: Sequence[Text]) -> None:
        """Show rows of text in a widget, which is hidden if there are none."""
        widget = self.query_one(selector, Static)
        widget.update(join_lines(rows))
        widget.display = bool(rows)

    @property
    def selected_item(self) -> Any:
        lists = self.query(self.LIST).results(RowList)
        return next((row_list.selected_item for row_list in lists), None)

    def build_rows(self) -> Iterable[Row]:
        raise NotImplementedError

    def show_selected_row(self) -> None:
        raise NotImplementedError

    def refill_list(self, key: Hashable = None) -> None:
        self.row_list.set_rows(self.build_rows(), key)
        self.show_selected_row()
        self.redraw_keys()

    def show_result(self, result: Any) -> None:
        self.refill_list()
        if self.focused is None:
            self.row_list.focus()

    @property
    def has_detail_card(self) -> bool:
        """Return whether Enter opens the detail as a card, because its panel does not fit."""
        return self.has_class("-narrow") and self.has_class("-low")

    def open_detail(self) -> None:
        self.add_class("-detail")

    def handle_cursor_move(self, row_list: RowList) -> None:
        self.redraw_keys()
        if row_list.id != self.LIST[1:]:
            return
        if self.RESTS:
            self.call_when_cursor_rests(self.show_selected_row)
        else:
            self.show_selected_row()

    def open_selected_row(self, row_list: RowList) -> None:
        """Open the row's details after Enter if they have no panel."""
        if row_list.id == self.LIST[1:]:
            self.open_detail()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if is_current(event):
            self.handle_cursor_move(cast(RowList, event.option_list))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the details of the row after Enter, and report errors."""
        if is_current(event):
            with self.report_exceptions():
                self.open_selected_row(cast(RowList, event.option_list))

    def redraw_after_resize(self) -> None:
        self.refill_list()

    @property
    def has_all_widgets(self) -> bool:
        """Return whether all widgets exist.

        Closing the screen removes them while threads may still report to it.
        """
        parts = self.query_children("TitleLine, StageBar, #body, KeyLine")
        is_open = self.is_mounted and self.is_attached and self.app.is_running
        return is_open and len(parts) == 4

    @property
    def is_working(self) -> bool:
        return bool(self._doing) or self.stage in self.session.busy

    @property
    def side_job_text(self) -> str:
        now = time.monotonic()
        slow_jobs = [job for job in self._doing.values() if now - job.since >= PATIENCE]
        return slow_jobs[-1].doing if slow_jobs else ""

    def call_when_cursor_rests(self, callback: Callback) -> None:
        """Call `callback` once the cursor stops moving, so that only the list is redrawn while a
        key is held.
        """
        if self._resting:
            self._resting.stop()

        def handle_rest() -> None:
            self._resting = None
            with self.report_exceptions():
                callback()

        self._resting = self.set_timer(REST, handle_rest)

    def run_in_thread(
        self,
        activity: str,
        work: "Callable[[Repository, Progress], T]",
        on_done: Callable[[T], None],
    ) -> None:
        """Run `work` in a thread, then show its result with `on_done`.

        A second call with the same name replaces the first. If the work takes longer than a moment,
        the title line shows `activity`.
        """
        self._doing[activity] = _SideJob(f"{activity} …", time.monotonic())
        self.set_timer(PATIENCE + STEP, self._show_side_job)

        def work_in_repository(progress: Progress) -> T:
            with self.session.open_repository() as repository:
                return work(repository, progress)

        def handle_error(error: PatchpilotError) -> None:
            self._doing.pop(activity, None)
            self.show_error(error, partial(self.run_in_thread, activity, work, on_done))
            self.update_titles()

        def show_progress(line: str) -> None:
            if job := self._doing.get(activity):
                self._doing[activity] = job._replace(doing=line)
                self._show_side_job()

        finish = partial(self._finish_side_job, activity, on_done)
        self._threads.start_job(activity, work_in_repository, finish, handle_error, show_progress)

    def _finish_side_job(self, name: str, on_done: Callable[[T], None], result: T) -> None:
        self._doing.pop(name, None)
        if self.has_all_widgets:
            on_done(result)
            self.redraw_keys()
            self.update_titles()

    def _show_side_job(self) -> None:
        if self.side_job_text:
            self.update_titles()


AnyScreen = StageScreen[Any]
"""A screen of any stage, whatever its result."""
