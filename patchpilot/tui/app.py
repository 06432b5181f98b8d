# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the TUI application: one screen per stage, background jobs, and global keys."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from textual.app import App, SuspendNotSupported
from textual.binding import Binding
from textual.events import Event, Key, MouseDown
from textual.filter import LineFilter, Monochrome
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES

from patchpilot.errors import (
    ExitCode,
    MissingError,
    PatchpilotError,
    UnclearBaseError,
)
from patchpilot.tui.background import (
    BackgroundThread,
    guard_resume_signal,
    is_terminal_gone,
)
from patchpilot.tui.jobs import StageJobs
from patchpilot.tui.legible import AA, AAA, LegibleText
from patchpilot.tui.opening import Opening, restore_states
from patchpilot.tui.plain_terminal import AsciiDrawer, ColorRemover
from patchpilot.tui.stage.reporting import ReportsErrors
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.stage.stage_screen import AnyScreen, StageScreen
from patchpilot.tui.themes import (
    CONTRAST,
    DARK,
    OURS,
    terminal_colors,
)
from patchpilot.tui.view.action_keys import format_error
from patchpilot.tui.view.glyphs import uses_ascii
from patchpilot.tui.view.key_bindings import (
    NextKey,
    OffersActions,
    bind_keys,
    display_key,
    key_binding,
    more_key,
)
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stages import OPEN, Stage, StageState
from patchpilot.tui.widgets.message_row import READ, MessageRow
from patchpilot.tui.widgets.search import find_copyable_text

HOME = "home"
"""The name of Home's screen."""
ACTION_STEPS = (
    (Stage.CHECKS, "fix_safe", NextKey("A", "review all safe fixes")),
    (
        Stage.RECIPIENTS,
        "settle",
        NextKey("a", "apply the suggestion of the marked note"),
    ),
    (Stage.BACKPORTS, "request", NextKey("r", "ask for it once it is tested")),
    (Stage.BACKPORTS, "write", NextKey("w", "write the patches")),
)
"""Stages and actions, with the next key while the action is enabled."""
STATE_STEPS = {
    **{(Stage.COMMIT, state): NextKey("a", "answer the open questions") for state in OPEN},
    **{(Stage.TAGS, state): NextKey("w", "review the tags to write") for state in OPEN},
    (Stage.PREVIEW, StageState.BLOCKED): NextKey(str(Stage.SEND.number), "fix the problems"),
    (Stage.SEND, StageState.BLOCKED): NextKey("a", "fix the selected problem"),
}
"""Maps a stage and its state to the next key."""
SETTLED = 0.05
"""Seconds by which a new screen's painting is delayed, since its widgets ask to be repainted."""
LOOK = 1.0
"""Seconds between checks for a moved HEAD."""


class PatchpilotApp(ReportsErrors, OffersActions, App[int]):
    """The TUI application.

    `screen_of` returns the screen class of a stage; `memory` is the state saved between runs.
    """

    TITLE = "patchpilot"
    ENABLE_COMMAND_PALETTE = False
    WELCOME = (
        "First time here? `patchpilot demo` takes you through all stages with an invented fix;"
        " no message leaves this machine."
    )
    CSS_PATH = Path(__file__).parent / "patchpilot.tcss"
    # Textual declares these attributes as plain lists
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide"), (160, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (36, "-tall")]  # noqa: RUF012
    BINDINGS = bind_keys(
        *(
            more_key(
                str(stage.number),
                f"stage('{stage}')",
                f"go to {stage.label}",
                f"go to {stage.label}",
            )
            for stage in Stage
        ),
        key_binding(
            "0",
            "home",
            "home",
            "show the topics of all repositories, grouped by whose turn it is",
        ),
        key_binding("n", "step(1)", "next", "go to the next stage"),
        more_key("p", "step(-1)", "back", "go to the previous stage"),
        more_key("b", "base", "choose base", "choose the base of your topic, or a range"),
        more_key("u", "undo", "undo", "undo the last rewrite of your commits"),
        more_key("U", "undo(True)", "redo", "redo the last rewrite that you undid"),
        more_key(
            "greater_than_sign",
            "commit(1)",
            "next commit",
            "go to the next commit of the topic",
        ),
        more_key(
            "less_than_sign",
            "commit(-1)",
            "previous commit",
            "go to the previous commit of the topic",
        ),
        more_key(
            "y",
            "copy",
            "copy",
            "copy the command, Message-ID or address under the cursor (OSC 52)",
        ),
        Binding(
            "ctrl+z",
            "suspend_process",
            "suspend",
            show=False,
            priority=True,
            tooltip="suspend patchpilot; the shell command fg resumes it",
        ),
        more_key("ctrl+t", "change_theme", "theme", "search for a theme and use it"),
        key_binding(
            "question_mark",
            "help",
            "help",
            "show all keys of this screen; Enter or its key runs one",
        ),
        Binding(
            "ctrl+p",
            "help",
            "help",
            show=False,
            priority=True,
            tooltip="the same, in a text field",
        ),
        key_binding("q", "leave", "quit", "quit; your progress is saved"),
    )

    def __init__(
        self,
        session: Session,
        screen_of: Callable[[Stage], type[AnyScreen]],
        memory: SavedState,
        opening: Opening | None = None,
        *,
        at_home: bool = False,
    ) -> None:
        super().__init__()
        # an empty NO_COLOR is ignored, as https://no-color.org specifies
        self.no_color = bool(os.environ.get("NO_COLOR"))
        for theme in OURS:
            self.register_theme(theme)
        for theme_name in BUILTIN_THEMES:
            # remove these themes: only the terminal knows their colors, so their contrast is
            # unknown
            if theme_name.startswith("ansi-"):
                self.unregister_theme(theme_name)
        self._legible = LegibleText()
        self._line_filters: list[LineFilter] = [
            ColorRemover() if self.no_color else self._legible,
            *([AsciiDrawer()] if uses_ascii() else []),
        ]
        self.bug: Exception | None = None
        self.session, self.memory = session, memory
        self.place = self.last_key = self.message = ""
        self.sending = self._on_terminal = False
        self.jobs: StageJobs = StageJobs(self, session, opening)
        self._screen_of, self._opening = screen_of, opening
        self._at_home, self._left, self._wanted = at_home, Stage.COMMIT, False

    def get_key_display(self, binding: Binding) -> str:
        return display_key(binding.key)

    def get_line_filters(self) -> list[LineFilter]:
        """Return the line filters of the TUI and of Textual, except the grayscale filter."""
        return [
            *(
                line_filter
                for line_filter in super().get_line_filters()
                if not isinstance(line_filter, Monochrome)
            ),
            *self._line_filters,
        ]

    def on_mount(self) -> None:
        """Open the last visited stage, or the first stage.

        The screen is drawn before any job starts; results are shown as they arrive.
        """
        asyncio.get_running_loop().set_default_executor(BackgroundThread())
        if not self.is_headless:
            self._legible.system = COLOR_SYSTEMS[self.console.color_system or "truecolor"]
        saved_theme = self.memory.get("theme")
        self.theme = saved_theme if saved_theme in self.available_themes else DARK.name
        self._apply_color_names()
        if self._opening and self._opening.name:
            self.place = self._opening.name
            self._left = restore_states(self.session, self.memory, self.place) or self._left
        self.push_screen(
            self._ensure_home_screen() if self._at_home else self.ensure_stage_screen(self._left)
        )
        self.screen_change_signal.subscribe(self, self._delay_first_paint, immediate=True)
        self.call_after_refresh(self._start_after_first_frame)
        self.set_interval(LOOK, self._check_for_changes)
        if not self.is_headless:
            guard_resume_signal()
        self._on_terminal = os.isatty(0)
        if self.memory.is_new:
            self.notify(self.WELCOME)

    def on_unmount(self) -> None:
        if not self.is_headless:
            # restore the default handlers, because Textual's need the event loop, which is about to
            # end
            for number in (signal.SIGTSTP, signal.SIGCONT):
                signal.signal(number, signal.SIG_DFL)
        self.session.close()

    def _start_after_first_frame(self) -> None:
        # exclude imported modules from garbage collection, because they are never freed, and
        # checking them would only delay a key press
        gc.freeze()
        if not self._at_home:
            self.jobs.read_topic()

    def _delay_first_paint(self, screen: Screen[Any]) -> None:
        # delay the first drawing of a new screen, because its rows fit its panels only after the
        # first layout
        if screen.outer_size == self.size or screen.is_modal:
            self.delay_update(SETTLED)

    def _check_for_changes(self) -> None:
        if self._on_terminal and not self.sending and is_terminal_gone():
            # let a running send finish; everything else is saved
            os._exit(ExitCode.INTERRUPTED)
        self.jobs.notice_changes()

    def ensure_stage_screen(self, stage: Stage) -> str:
        if not self.is_screen_installed(str(stage)):
            self.install_screen(self._screen_of(stage)(self.session), str(stage))
        return str(stage)

    @property
    def stage_screen(self) -> AnyScreen | None:
        return next(
            (screen for screen in reversed(self.screen_stack) if isinstance(screen, StageScreen)),
            None,
        )

    def next_key(self, screen: AnyScreen) -> NextKey | None:
        """Return the key for the next step on a stage's screen, or None if its result is stale."""
        session, stage, selected_item = self.session, screen.stage, screen.selected_item
        if screen.current_result is None:
            return None
        for action_stage, action, next_step in ACTION_STEPS:
            if action_stage is stage and screen.check_action(action, ()):
                return next_step
        if session.is_merged and stage not in (Stage.BACKPORTS, Stage.FOLLOW):
            return NextKey(str(Stage.BACKPORTS.number), "go to the stable kernels", "It is merged.")
        if stage is Stage.CHECKS:
            if selected_item and selected_item.remedy == "sign-off":
                return NextKey("a", "sign off")
            remedies = [row.about.remedy for row in screen.row_list.rows if row.about]
            if "sign-off" in remedies:
                return NextKey("f", "go to the next finding")
        if stage is Stage.TAGS and isinstance(selected_item, str):
            return None
        stage_and_state = stage, session.stage_status(stage).state
        if stage_and_state == (Stage.SEND, StageState.TODO):
            is_asked = screen.current_result.open_questions
            return NextKey("s", "answer the open questions" if is_asked else "send")
        return STATE_STEPS.get(stage_and_state)

    @property
    def stage(self) -> Stage:
        screen = self.stage_screen
        return screen.stage if screen else Stage.COMMIT

    def action_home(self) -> None:
        if isinstance(self.screen, StageScreen) and not self.sending:
            self._left = self.screen.stage
            self.switch_screen(self._ensure_home_screen())

    def _ensure_home_screen(self) -> str:
        if not self.is_screen_installed(HOME):
            from patchpilot.tui.screens.home_screen import HomeScreen

            self.install_screen(HomeScreen(), HOME)
        return HOME

    def handle_missing_topic(self, error: PatchpilotError) -> None:
        """Show all topics, or ask for a starting point, because there is no topic to open.

        If the base is unclear, ask for it; outside a repository, the error explains how to get a
        repository. A tracked series that was chosen needs no topic.
        """
        if self.session.series:
            return
        if isinstance(error, UnclearBaseError):
            self.action_base()
        elif self.session.target is None:
            if not isinstance(error, MissingError):
                self.action_home()
                self.get_screen(self._ensure_home_screen()).asks = True  # type: ignore[attr-defined]
                return
            self.run_worker(self._open_home_if_topics_exist, thread=True, exit_on_error=False)

    def _open_home_if_topics_exist(self) -> None:
        from patchpilot.home.read import read_cached_topics

        if read_cached_topics():
            self.call_later(self.action_home)

    def open_topic(
        self,
        directory: Path | None,
        stage: Stage,
        *,
        target: str | None = None,
        series: int = 0,
        seen_in: str = "",
    ) -> None:
        """Open the topic of a directory or TARGET at a stage, from the home screen.

        The Follow stage shows the tracked series with the given number. `seen_in` is the version
        in which the user saw the bug.
        """
        if self.screen is not self.get_screen(self._ensure_home_screen()):
            # ignore the key: the user is holding Enter, or has opened another topic
            return
        self.jobs.close()
        self.session.close()
        self.session = Session(directory, target, loader_of=self.session.loader_of)
        self.jobs = StageJobs(self, self.session, None)
        self.place, self._wanted = "", True
        for screen_name in filter(self.is_screen_installed, map(str, Stage)):
            screen = self.get_screen(screen_name)
            self.uninstall_screen(screen_name)
            screen.remove()
        self.session.series, self.session.seen_in = series, seen_in
        self.switch_screen(self.ensure_stage_screen(stage))
        self.jobs.read_topic()

    def go_back(self, stage: Stage | None = None) -> None:
        self.switch_screen(self.ensure_stage_screen(stage or self._left))
        if not self.jobs.is_open:
            self.jobs.read_topic()

    @property
    def can_copy(self) -> bool:
        return bool(find_copyable_text(self.focused)[0])

    @property
    def can_stage(self) -> bool:
        return self.stage_screen is not None

    def action_stage(self, name: str) -> None:
        if not isinstance(self.screen, StageScreen) or self.screen.stage == name:
            return
        if self.place:
            self.memory.save_values(self.place, stage=name)
        # remove the message, which was about the previous stage
        self.screen.query_one(MessageRow).show_message("", "information")
        self.switch_screen(self.ensure_stage_screen(Stage(name)))

    def action_step(self, offset: int) -> None:
        stages = list(Stage)
        index = stages.index(self.stage) + offset
        if 0 <= index < len(stages):
            self.action_stage(str(stages[index]))

    def action_commit(self, offset: int) -> None:
        topic = self.session.topic
        if topic and len(topic.commits) > 1:
            self.session.at = (self.session.position + offset) % len(topic.commits)
            if self.stage_screen:
                self.stage_screen.handle_commit_change()

    def redraw_stage(self) -> None:
        """Draw what changed outside of the stage's panels: its titles, or the rows of Home."""
        if self.stage_screen:
            self.stage_screen.update_titles()
        elif self.is_screen_installed(HOME):
            self.get_screen(HOME).draw_topics()  # type: ignore[attr-defined]

    def restore_saved_stage(self, topic_key: str) -> None:
        is_first_topic, self.place = not self.place, topic_key
        stage = None
        if is_first_topic:
            stage = restore_states(self.session, self.memory, topic_key)
        if self._wanted:
            stage, self._wanted = None, False
        if stage and stage is not self.stage and isinstance(self.screen, StageScreen):
            self.switch_screen(self.ensure_stage_screen(stage))

    def save_progress(self) -> None:
        if self.place and self.session.target is None:
            self.memory.save_values(
                self.place,
                standings=self.session.states_to_save(),
                reports=self.session.reports,
            )

    def action_base(self) -> None:
        from patchpilot.tui.actions.base_picker import pick_base

        if self.stage_screen and isinstance(self.screen, StageScreen):
            pick_base(self.stage_screen)

    def action_undo(self, is_redo: bool = False) -> None:
        from patchpilot.tui.actions.undo_action import undo_last_rewrite

        if self.stage_screen:
            undo_last_rewrite(self.stage_screen, is_redo=is_redo)

    def action_copy(self) -> None:
        kind, text = find_copyable_text(self.focused)
        self.copy_to_clipboard(text)
        self.notify(f"copied {kind}: {text[:60]}")

    async def on_event(self, event: Event) -> None:
        """Remember the last key, because a dialog that it opens may need it.

        Ignore keys if the screen has no widgets yet, and clicks on removed widgets.
        """
        if isinstance(event, Key):
            self.last_key = event.key
            for row in self.screen.query(MessageRow):
                row.clear_message(min_age=READ)
            if event.key != "ctrl+c" and not getattr(self.screen, "has_all_widgets", True):
                return
        if isinstance(event, MouseDown):
            widget, _ = self.screen.get_widget_and_offset_at(event.x, event.y)
            if widget is not None and widget.parent is None and widget is not self.screen:
                return
        await super().on_event(event)

    def notify(self, message: str, *, severity: SeverityLevel = "information", **_: Any) -> None:
        """Show a message above the key line, even if a dialog is open."""
        self.message = message
        for screen in reversed(self.screen_stack):
            for row in screen.query(MessageRow):
                row.show_message(message, severity)
                return

    def action_suspend_process(self) -> None:
        # restore the terminal first, because the shell uses it as soon as the group's first process
        # stops; the group includes the demo's parent process, which waits for the TUI
        with suppress(SuspendNotSupported), self.suspend():
            os.killpg(os.getpgrp(), signal.SIGSTOP)

    def _apply_color_names(self) -> None:
        self.ansi_theme_dark = self.ansi_theme_light = terminal_colors(self.current_theme)
        # sixteen-color terminals cannot show a blended background, and high contrast needs none
        self.set_class(
            self._legible.system is ColorSystem.STANDARD or self._legible.least == AAA,
            "-block-cursor",
        )

    def watch_theme(self, theme_name: str) -> None:
        if theme_name != (self.memory.get("theme") or DARK.name):
            self.memory.save_values(theme=theme_name)
        self._legible.least = AAA if theme_name.startswith(CONTRAST.name) else AA
        self._apply_color_names()

    def push_screen(  # type: ignore[override]
        self, screen: Any, callback: Any = None, **options: Any
    ) -> Any:
        def handle_answer(answer: Any) -> None:
            with self.report_exceptions():
                callback(answer)

        return super().push_screen(screen, callback and handle_answer, **options)

    def action_help(self) -> None:
        from patchpilot.tui.palette import Help

        if not isinstance(self.screen, Help):
            self.push_screen(Help(self, self.screen))

    def action_leave(self) -> None:
        if self.sending:
            self.notify(
                "cannot quit while messages are being sent; wait until sending has finished",
                severity="warning",
            )
        else:
            self.exit(0)

    def action_help_quit(self) -> None:
        """Show which key quits the TUI, because Ctrl-C does not."""
        self.notify("press q to quit, Esc to cancel the running job")

    async def action_quit(self) -> None:
        self.action_leave()

    def report_error(self, error: PatchpilotError) -> None:
        if isinstance(self.screen, StageScreen):
            # a screen below a dialog shows its own error
            self.screen.call_later(self.screen.show_error, error)
        else:
            self.notify(format_error(error), severity="error")
