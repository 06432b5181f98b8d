# SPDX-License-Identifier: GPL-2.0-or-later
"""The base of the stages' screens: title line, stage bar, panels, and key line."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static

from patchpilot.errors import PatchpilotError
from patchpilot.model.own_command import UntrustedCommandsError
from patchpilot.tui.stage.job_screen import JobScreen
from patchpilot.tui.stage.trust_dialog import ask_trust
from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.rich_text import with_code
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.shown_keys import ALL_KEYS, NextKey, ShownKeys
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.view.title import where
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.message_row import MessageRow
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.search import SearchBar
from patchpilot.tui.widgets.stagebar import StageBar
from patchpilot.tui.widgets.title_line import TitleLine

MINIMUM = (80, 24)


class StageScreen(JobScreen):
    """The base class of a stage's screen.

    Subclasses define `stage`, `body()`, which yields the widgets, and `show(result)`, which fills
    them.
    """

    stage: ClassVar[Stage]
    BINDINGS: ClassVar[list[BindingType]] = [
        more_key(
            "g", "reload", "refresh", "read the topic again and refresh this stage"
        ),
        Binding(
            "escape",
            "cancel",
            "cancel",
            show=False,
            tooltip="close the detail or the error message, or cancel the running job",
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
    jump_label = ""
    """What `f` goes to, for the key line; "" if that is seldom needed."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._shown: Any = None
        self._trust_error: UntrustedCommandsError | None = None

    @property
    def current(self) -> Any | None:
        """The result that is on screen, unless something that it depends on changed or a newer one
        is about to be shown.
        """
        return self._shown if self.session.fresh(self.stage) is self._shown else None

    def compose(self) -> ComposeResult:
        """Title line, stage bar, body with the error card above the stage's own panels, search, key
        line.
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
        """The stage's own panels.

        The first, or the one of the class `main`, shows the stage's note.
        """
        raise NotImplementedError

    def show(self, result: Any) -> None:
        """Fill the widgets from the service's result."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Hide the error card."""
        self.close_error()

    def keys_changed(self) -> None:
        """The keys may be others: draw the key line again."""
        self.query_one(KeyLine).refresh()

    @property
    def main_panel(self) -> Panel | None:
        """The panel that shows the stage's note."""
        panels = [panel for panel in self.query(Panel) if panel.id != "error"]
        return next(
            (panel for panel in panels if panel.has_class("main")),
            panels[0] if panels else None,
        )

    def on_screen_resume(self) -> None:
        """Show the stored result; start the job if it is missing or stale."""
        if self.stage in self.session.errors:
            self.show_error(self.session.errors[self.stage])
        else:
            self.close_error()
            self.renew()
            if (
                self.session.fresh(self.stage) is None
                and self.stage not in self.session.busy
                and self.may_begin()
            ):
                self.tui.jobs.begin(self.stage)
        self.place()

    def on_resize(self) -> None:
        """Say what a small terminal lacks; only the main panel is shown there."""
        small = bool(self.size.width) and (
            self.size.width < MINIMUM[0] or self.size.height < MINIMUM[1]
        )
        self.set_class(small, "-small")
        main = self.main_panel
        for panel in self.query(Panel):
            panel.set_class(
                small and panel is not main and panel.id != "error", "-left-out"
            )
        text = (
            f"{self.size.width}x{self.size.height} is too small for all panels:"
            f" {MINIMUM[0]}x{MINIMUM[1]} needed"
        )
        self.query_one("#too-small", Static).update(text)
        self.place()

    def may_begin(self) -> bool:
        """Whether the stage can start: its topic is known, and the first screen is drawn."""
        return self.session.topic is not None and self.tui.jobs.is_open

    @property
    def next_key(self) -> NextKey | None:
        """The key that does what is next at this stage, None where nothing is left to do.

        Asked only while the result is fresh.
        """
        return None

    @property
    def shown_keys(self) -> ShownKeys:
        """What the key line shows now."""
        return ALL_KEYS

    def on_screen_suspend(self) -> None:
        """The key line is the dialog's while one is open."""
        self.keys_changed()

    def renew(self) -> None:
        """Show the latest result, unless it is shown already."""
        known = self.session.fresh(self.stage)
        if known is None:
            known = self.session.last(self.stage) if self._shown is not None else None
        if known is not None and known is not self._shown and self.is_whole:
            self._shown = known
            self.show(known)

    def commit_changed(self) -> None:
        """Another commit of the series was selected."""
        if self.session.fresh(self.stage) is None:
            self.tui.jobs.begin(self.stage)
        self.place()

    # errors

    def show_error(
        self, error: PatchpilotError, again: Callable[[], None] | None = None
    ) -> None:
        """Show an error as a card above the panels, with its hint.

        Where trust is missing, it is asked for once, and then `again` is called; without it, the
        stage is refreshed.
        """
        if not self.is_whole:
            return
        card = self.query_one("#error", Panel)
        hint = f"hint: {in_keys(error.advice, self.stage)}" if error.advice else ""
        card.heading = f"{glyph('blocked')} error"
        card.count = "g retry · Esc close"
        self.query_one("#error-text", Static).update(
            with_code("\n".join(part for part in (error.message, hint) if part))
        )
        card.display = True
        if isinstance(error, UntrustedCommandsError) and error is not self._trust_error:
            self._trust_error = error
            ask_trust(
                self.app, error, partial(self._trusted, again or self.action_reload)
            )

    def _trusted(self, again: Callable[[], None]) -> None:
        """Go on after the user trusted the commands that an error named.

        Other stages may have the same error.
        """
        errors = self.session.errors
        for stage in [
            stage
            for stage, error in errors.items()
            if isinstance(error, UntrustedCommandsError)
        ]:
            del errors[stage]
        self.close_error()
        again()

    def close_error(self) -> None:
        """Close the error card."""
        if self.is_whole:
            self.query_one("#error").display = False

    def place(self) -> None:
        """Draw the title line, the stage bar and the main panel's note again."""
        if not self.is_whole:
            return
        self.query_one(StageBar).refresh()
        self.query_one(TitleLine).tell(
            self._subject(), self._places(), self._now_doing()
        )
        if main := self.main_panel:
            status = self.session.status(self.stage)
            is_said = status.note.casefold() in main.heading.casefold()
            main.set_class(self._is_blocked(status) and is_said, "-blocked")
            # what its heading says is not said twice
            is_quiet = (
                is_said or status.state is StageState.BUSY or self.session.topic is None
            )
            main.note, main.alarm = ("", "") if is_quiet else self.notes(status)

    def _is_blocked(self, status: StageStatus) -> bool:
        return (
            status.state is StageState.BLOCKED and self.stage not in self.session.errors
        )

    def notes(self, status: StageStatus) -> tuple[str, str]:
        """What the main panel says of the stage in its border, and in a row of its own where that
        blocks.
        """
        if self._is_blocked(status):
            return "", f"{glyph('blocked')} {status.note}"
        return status.note, ""

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
        return (
            f"{topic.commits.index(commit) + 1}/{len(topic.commits)} {commit.subject}"
            if len(topic.commits) > 1
            else commit.subject
        )

    def _places(self) -> Sequence[str]:
        """What the title line says at its right end, the longest that fits."""
        return (
            where(self.session.topic, self.session.facts) if self.session.topic else ()
        )

    # keys

    def action_reload(self) -> None:
        """Read the topic again and refresh this stage."""
        self.close_error()
        self.session.found.pop(self.stage, None)
        self.session.errors.pop(self.stage, None)
        if self.session.topic is None:
            self.tui.jobs.read_topic()
        else:
            self.tui.jobs.begin(self.stage, again=True)

    def begin_after(self, *changed: str) -> None:
        """Run the stage again after these inputs of the stages changed."""
        self.session.changed(*changed)
        self.tui.jobs.begin(self.stage)

    def reread(self) -> None:
        """The commits changed: read the topic again, then refresh what depends on it."""
        self.close_error()
        self.tui.jobs.read_topic()

    def action_cancel(self) -> None:
        """Close the detail, or the error card, otherwise cancel the running job."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            return
        if self.query_one("#error").display:
            self.close_error()
            return
        self.cancel_side_jobs()
        self.tui.jobs.cancel(self.stage)
        self.place()

    def action_enlarge(self) -> None:
        """Give the focused panel the whole screen, or its own room again."""
        if self.maximized:
            self.minimize()
        elif self.focused:
            self.maximize(self.focused)
            self.notify("the panel has the whole screen; press + or Esc to shrink it")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be nothing to go to."""
        if action == "jump":
            return self.can_jump
        return super().check_action(action, parameters)

    @property
    def without_topic(self) -> Collection[Stage]:
        """The stages that can do nothing, as there is no topic."""
        return () if self.session.topic else self.session.errors

    @property
    def _with_hunks(self) -> Iterator[DiffView]:
        views = self.query(DiffView).results(DiffView)
        return (view for view in views if view.is_on_screen and view.stops)

    @property
    def can_jump(self) -> bool:
        """Whether there is something that `f` goes to."""
        return any(self._with_hunks)

    def action_jump(self, by: int) -> None:
        """Go to the next or the previous finding, change or hunk of the patch."""
        for view in self._with_hunks:
            view.stop(by)

    def action_search(self) -> None:
        """Open the search line for the text on screen."""
        self.query_one(SearchBar).open()
