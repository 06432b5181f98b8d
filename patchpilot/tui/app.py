# SPDX-License-Identifier: GPL-2.0-or-later
"""The TUI's application: eight screens, the jobs behind them, and the keys that lead from one to the next."""

import asyncio
import gc
import os
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from patchpilot.errors import ExitCode
from patchpilot.tui.background import BackgroundThread, terminal_gone
from patchpilot.tui.jobs import StageJobs
from patchpilot.tui.no_color import heed_no_color
from patchpilot.tui.opening import Opening
from patchpilot.tui.saved_state import SavedState
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import Session
from patchpilot.tui.stage_app import StageApp
from patchpilot.tui.stages import Stage
from patchpilot.tui.themes import CONTRAST, theme_after
from patchpilot.tui.widgets.stagebar import StageBar

LOOK = 1.0
"""Seconds between two looks at whether HEAD moved."""


class PatchpilotApp(StageApp):
    """The TUI. `screen_of` gives a stage's screen class, `memory` is kept over restarts."""

    TITLE = "patchpilot"
    CSS_PATH = "patchpilot.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 (textual declares them so)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (36, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(stage.number), f"stage('{stage}')", f"go to {stage}", show=False) for stage in Stage),
        Binding("n,right_parenthesis", "step(1)", "next", key_display="n", tooltip="the next stage"),
        Binding("p,left_parenthesis", "step(-1)", "back", key_display="p", tooltip="the stage before"),
        Binding("b", "base", "base", show=False, tooltip="choose what your topic is based on, or a range"),
        Binding("u", "undo", "undo", show=False, tooltip="take back what was last written into your commits"),
        Binding("J", "commit(1)", "next commit", show=False, tooltip="the next commit of the topic"),
        Binding("K", "commit(-1)", "last commit", show=False, tooltip="the commit before"),
        Binding("y", "copy", "copy line", show=False, tooltip="copy the line under the cursor (OSC 52)"),
        Binding("Y", "copy_id", "copy id", show=False, tooltip="copy the commit's id (OSC 52)"),
        Binding("T", "theme", "colours", show=False, tooltip="dark, light, high contrast"),
        Binding("ctrl+z", "suspend_process", "to the shell", show=False, tooltip="fg comes back"),
        Binding("question_mark", "help", "keys", key_display="?"),
        Binding("q", "leave", "quit"),
    ]

    def __init__(
        self, session: Session, screen_of: Callable[[Stage], type[StageScreen]], memory: SavedState, opening: Opening | None = None
    ) -> None:
        super().__init__()
        heed_no_color(self)
        self.session, self.memory = session, memory
        self.place = ""
        self.sending = self._on_terminal = False
        self.jobs: StageJobs = StageJobs(self, session, opening)
        self._screen_of, self._opening = screen_of, opening
        self.demo = os.environ.get("PATCHPILOT_DEMO", "")

    def on_mount(self) -> None:
        """Open the stage that was left, or the first; what it shows comes as it is found, and nothing is looked for before it is drawn."""
        asyncio.get_running_loop().set_default_executor(BackgroundThread())
        self.register_theme(CONTRAST)
        self.theme = self.memory.get("theme") or self.theme
        opened = self._recall(self._opening.name) if self._opening and self._opening.name else None
        self.push_screen(self.made(opened or Stage.COMMIT))
        self.call_after_refresh(self._drawn)
        self.set_interval(LOOK, self._look)
        self._on_terminal = os.isatty(0)
        if self.memory.is_new and not self.demo:
            self.call_after_refresh(self._offer_tour)

    def _drawn(self) -> None:
        # what was imported stays: rubbish is not looked for in it, which would take longer than a key may wait
        gc.freeze()
        self.jobs.read_topic()

    def _look(self) -> None:
        if self._on_terminal and not self.sending and terminal_gone():
            # a send that is underway ends first; all else is on record as it is
            os._exit(ExitCode.INTERRUPTED)
        self.jobs.look()

    def made(self, stage: Stage) -> str:
        """The name of a stage's screen, made when it is first needed."""
        if not self.is_screen_installed(str(stage)):
            self.install_screen(self._screen_of(stage)(self.session), str(stage))
        return str(stage)

    @property
    def stage_screen(self) -> StageScreen | None:
        """The stage's screen, also below a dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, StageScreen)), None)

    @property
    def stage(self) -> Stage:
        """The stage on screen."""
        screen = self.stage_screen
        return screen.stage if screen else Stage.COMMIT

    # from stage to stage

    def action_stage(self, name: str) -> None:
        """Jump to a stage."""
        screen = self.screen
        if not isinstance(screen, StageScreen) or screen.stage == name or not screen.may_leave(Stage(name)):
            return
        if self.place:
            self.memory.keep(self.place, stage=str(name))
        self.switch_screen(self.made(Stage(name)))

    def action_step(self, by: int) -> None:
        """Forward or back."""
        stages = list(Stage)
        at = stages.index(self.stage) + by
        if 0 <= at < len(stages):
            self.action_stage(str(stages[at]))

    def on_stage_bar_jump(self, message: StageBar.Jump) -> None:
        """A click on the bar."""
        self.action_stage(str(message.stage))

    def action_commit(self, by: int) -> None:
        """Another commit of the series in hand."""
        topic = self.session.topic
        if topic and len(topic.commits) > 1:
            self.session.at = (self.session.at % len(topic.commits) + by) % len(topic.commits)
            if self.stage_screen:
                self.stage_screen.commit_changed()

    def redraw(self) -> None:
        """Bar and place line again."""
        screen = self.stage_screen
        if screen and screen.is_mounted:
            screen.place()

    # what is remembered

    def arrived(self, place: str) -> None:
        """The topic was read: take up what is remembered of it, the first time."""
        first, self.place = not self.place, place
        stage = self._recall(place) if first else None
        if stage and stage is not self.stage and isinstance(self.screen, StageScreen):
            self.switch_screen(self.made(stage))

    def _recall(self, place: str) -> Stage | None:
        """Culprits chosen and how the stages stood, into the session; the stage that was left."""
        self.place = place
        chosen, stage = self.memory.get("chosen", place), self.memory.get("stage", place)
        self.session.chosen.update(chosen if isinstance(chosen, dict) else {})
        if self.session.target is None:
            self.session.recall(self.memory.get("standings", place))
        return Stage(stage) if stage in list(Stage) else None

    def remember(self) -> None:
        """The states of the stages, for the next start."""
        if self.place and self.session.target is None:
            self.memory.keep(self.place, standings=self.session.keepsakes())

    # what is the same everywhere

    def action_base(self) -> None:
        """Choose what the topic is based on."""
        from patchpilot.tui.base_picker import pick_base

        if self.stage_screen and isinstance(self.screen, StageScreen):
            pick_base(self.stage_screen)

    def action_undo(self) -> None:
        """Take back what was last written."""
        from patchpilot.tui.undo_action import undo

        if self.stage_screen:
            undo(self.stage_screen)

    def action_copy(self) -> None:
        """Copy the line under the cursor."""
        self._copy(getattr(self.focused, "line_to_copy", ""))

    def action_copy_id(self) -> None:
        """Copy the commit's id."""
        self._copy(self.stage_screen.id_to_copy() if self.stage_screen else "")

    def _copy(self, text: str) -> None:
        if text:
            self.copy_to_clipboard(text)
            self.notify(f"copied: {text[:60]}", markup=False, timeout=2)

    def notify(
        self, message: str, *, title: str = "", severity: SeverityLevel = "information", timeout: float | None = None, markup: bool = True
    ) -> None:
        """Say something in the key line of the stage on screen; over a dialog in a corner, as Textual does."""
        screen = self.screen if self.is_running and self.screen_stack else None
        if isinstance(screen, StageScreen) and screen.is_mounted:
            screen.say(f"! {message}" if severity != "information" else message, timeout or self.NOTIFICATION_TIMEOUT)
        else:
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def action_suspend_process(self) -> None:
        """To the shell: what the terminal's own ^Z does."""
        from patchpilot.tui.background import stop_all

        if self._driver is not None and self._driver.can_suspend:
            # the terminal is given back first: the shell writes on it as soon as the first of us stops
            with self.suspend():
                stop_all()

    def action_theme(self) -> None:
        """The next theme, remembered."""
        self.theme = theme_after(self.theme)
        self.memory.keep(theme=self.theme)
        self.notify(f"colours: {self.theme}", timeout=2)

    def action_help(self) -> None:
        """All keys that work here, from the bindings themselves."""
        from patchpilot.tui.screens.help_screen import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_leave(self) -> None:
        """Leave, but not while mails are on their way."""
        if self.sending:
            self.notify("mails are being sent: wait until that has ended", severity="warning")
        else:
            self.exit(0)

    def action_help_quit(self) -> None:
        """^C, pressed to leave: say which key does."""
        self.notify("q leaves the walk (Escape stops what a stage is doing)", timeout=4)

    async def action_quit(self) -> None:
        """^Q leaves as q does."""
        self.action_leave()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: stages, this screen's own keys, colours."""
        from patchpilot.tui.palette import commands

        return commands(self, screen)

    def _offer_tour(self) -> None:
        from patchpilot.tui.tour import offer

        offer(self)
