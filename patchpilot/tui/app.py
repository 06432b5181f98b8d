# SPDX-License-Identifier: GPL-2.0-or-later
"""The walk's application: eight screens, the jobs behind them, and the keys that lead from one to the next."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from patchpilot.errors import CancelledError, PatchpilotError
from patchpilot.tui.jobs import Unwaited
from patchpilot.tui.memory import Memory
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Session
from patchpilot.tui.stages import AHEAD, Stage
from patchpilot.tui.themes import CONTRAST, LIGHT_AND_DARK
from patchpilot.tui.trouble import as_error
from patchpilot.tui.watch import head_signature, refs_signature
from patchpilot.tui.widgets.stagebar import StageBar

LOOK = 1.0
"""Seconds between two looks at whether HEAD moved."""


class Walk(App[int]):
    """The walk. `screen_of` gives a stage's screen class, `memory` is kept over restarts."""

    TITLE = "patchpilot"
    CSS_PATH = "patchpilot.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 (textual declares them so)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (36, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(stage.number), f"stage('{stage}')", f"go to {stage}", show=False) for stage in Stage),
        Binding("n,right_parenthesis", "step(1)", "next", key_display="n", tooltip="the next stage"),
        Binding("p,left_parenthesis", "step(-1)", "back", key_display="p", tooltip="the stage before"),
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

    class Done(Message):
        """A stage's job ended well."""

        def __init__(self, stage: Stage, number: int) -> None:
            super().__init__()
            self.stage, self.number = stage, number

    class Failed(Message):
        """A stage's job ended with an error the user can mend. `stage` is None when the topic could not be read."""

        def __init__(self, stage: Stage | None, number: int, error: PatchpilotError) -> None:
            super().__init__()
            self.stage, self.number, self.error = stage, number, error

    class Told(Message):
        """How far a job is."""

        def __init__(self, stage: Stage, number: int, line: str) -> None:
            super().__init__()
            self.stage, self.number, self.line = stage, number, line

    class Read(Message):
        """The topic was read; `head` and `refs` say what of, `place` is what it is remembered under."""

        def __init__(self, place: str, head: str, refs: str, moved: bool, folders: Any) -> None:
            super().__init__()
            self.place, self.head, self.refs, self.moved, self.folders = place, head, refs, moved, folders

    def __init__(self, session: Session, screen_of: Callable[[Stage], type[StageScreen]], memory: Memory) -> None:
        super().__init__()
        self.session, self.memory = session, memory
        self.place = ""
        self.sending = False
        self._screen_of = screen_of
        self._numbers: dict[Stage | None, int] = {}
        self._folders: Any = None
        self._head = ""
        self._ahead: list[Stage] = []
        self._restored = False
        self.demo = os.environ.get("PATCHPILOT_DEMO", "")

    def on_mount(self) -> None:
        """Open the first stage at once; what it shows comes as it is found."""
        asyncio.get_running_loop().set_default_executor(Unwaited())
        self.register_theme(CONTRAST)
        self.theme = self.memory.get("theme") or self.theme
        self.push_screen(self.made(Stage.COMMIT))
        self.read_topic()
        self.set_interval(LOOK, self._look)
        if self.memory.is_new and not self.demo:
            self.call_after_refresh(self._offer_tour)

    def made(self, stage: Stage) -> str:
        """The name of a stage's screen, made when it is first needed."""
        if not self.is_screen_installed(str(stage)):
            self.install_screen(self._screen_of(stage)(self.session), str(stage))
        return str(stage)

    @property
    def stage_screen(self) -> StageScreen | None:
        """The stage's screen, also below a dialog."""
        return next((one for one in reversed(self.screen_stack) if isinstance(one, StageScreen)), None)

    @property
    def stage(self) -> Stage:
        """The stage on screen."""
        screen = self.stage_screen
        return screen.stage if screen else Stage.COMMIT

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

    # jobs

    def begin(self, stage: Stage, *, visited: bool = True, again: bool = False) -> None:
        """Start a stage's job; one that runs already is told to stop and its result is not taken."""
        number = self._numbers[stage] = self._numbers.get(stage, 0) + 1
        self.session.busy[stage] = "working …"
        self.session.errors.pop(stage, None)
        self.run_worker(
            partial(self._job, stage, number, visited, again), thread=True, group=f"stage-{stage}", exclusive=True, exit_on_error=False
        )
        self.redraw()

    def _job(self, stage: Stage, number: int, visited: bool, again: bool) -> None:
        worker = get_current_worker()

        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            if worker.is_cancelled:
                raise CancelledError
            self.post_message(self.Told(stage, number, f"{what} {done}/{total}" if total else what))

        try:
            self.session.load(stage, progress, visited=visited, again=again)
        except BaseException as error:  # noqa: BLE001 (told in the panel: a job must never leave its stage busy)
            self.post_message(self.Failed(stage, number, as_error(error)))
        else:
            self.post_message(self.Done(stage, number))

    def cancel(self, stage: Stage) -> None:
        """Stop a stage's job."""
        if stage in self.session.busy:
            self._numbers[stage] += 1
            self.workers.cancel_group(self, f"stage-{stage}")
            del self.session.busy[stage]
            self.session.errors[stage] = CancelledError("cancelled: r does it again")
            self.redraw()

    def on_walk_done(self, message: Done) -> None:
        """Show a result where its screen is up, then see what else can be done ahead."""
        if message.number != self._numbers.get(message.stage):
            return
        self.session.busy.pop(message.stage, None)
        self._show(message.stage)
        self._next_ahead()

    def on_walk_failed(self, message: Failed) -> None:
        """Show an error as a panel, with the way out."""
        if message.stage is None:
            for stage in Stage:
                if stage is not Stage.FOLLOW:
                    self.session.errors[stage] = message.error
        elif message.number == self._numbers.get(message.stage):
            self.session.busy.pop(message.stage, None)
            self.session.errors[message.stage] = message.error
        screen = self.stage_screen
        if screen and screen.stage in self.session.errors:
            screen.trouble(self.session.errors[screen.stage])
        self.redraw()
        self._next_ahead()

    def on_walk_told(self, message: Told) -> None:
        """Keep how far a job is."""
        if message.number == self._numbers.get(message.stage) and message.stage in self.session.busy:
            self.session.busy[message.stage] = message.line
            screen = self.stage_screen
            if screen and screen.stage is message.stage:
                screen.place()

    def _next_ahead(self) -> None:
        if any(stage in self.session.busy for stage in AHEAD):
            return
        while self._ahead:
            stage = self._ahead.pop(0)
            if self.session.fresh(stage) is None and stage not in self.session.errors:
                self.begin(stage, visited=stage is self.stage)
                return

    def _show(self, stage: Stage) -> None:
        screen = self.stage_screen
        if screen and screen.stage is stage:
            screen.renew()
        self.redraw()

    def redraw(self) -> None:
        """Bar and place line anew."""
        screen = self.stage_screen
        if screen and screen.is_mounted:
            screen.place()

    # the topic

    def read_topic(self) -> None:
        """Read the topic in a thread, at the start and whenever HEAD moved."""
        self.run_worker(self._read, thread=True, group="topic", exclusive=True, exit_on_error=False)

    def _read(self) -> None:
        from patchpilot.commits.repository import Repository

        before = self.session.topic.key if self.session.topic else None
        try:
            with Repository.open(self.session.directory) as repository:
                folders = (repository.git_dir, repository.common_dir)
                head, refs = head_signature(*folders), refs_signature(folders[1])
                self._folders, self._head = folders, head
                topic = self.session.read_topic(repository)
        except BaseException as error:  # noqa: BLE001 (told in the panel)
            self.session.topic = None
            self.post_message(self.Failed(None, 0, as_error(error)))
            return
        self.post_message(self.Read(f"{folders[1]}:{topic.branch}", head, refs, before != topic.key, folders))

    def on_walk_read(self, message: Read) -> None:
        """The topic is there: do the current stage, and the quick ones ahead; the others are stale when they depend on what moved."""
        self.place, self.session.refs = message.place, message.refs
        for stage in Stage:
            if stage not in self.session.busy:
                self.session.errors.pop(stage, None)
        screen = self.stage_screen
        if screen:
            screen.calm()
        if not self._restored:
            self._restored = True
            self._restore()
        self._ahead = list(AHEAD)
        if self.stage_screen and self.session.fresh(self.stage) is None:
            self.begin(self.stage)
        self._next_ahead()
        self.redraw()

    def _restore(self) -> None:
        chosen = self.memory.get("chosen", self.place)
        self.session.chosen.update(chosen if isinstance(chosen, dict) else {})
        stage = self.memory.get("stage", self.place)
        if stage in list(Stage) and stage != self.stage and isinstance(self.screen, StageScreen):
            self.switch_screen(self.made(Stage(stage)))

    def _look(self) -> None:
        if self._folders and not self.sending and head_signature(*self._folders) != self._head:
            self.read_topic()

    def action_commit(self, by: int) -> None:
        """Another commit of the series in hand."""
        topic = self.session.topic
        if topic and len(topic.commits) > 1:
            self.session.at = (self.session.at % len(topic.commits) + by) % len(topic.commits)
            screen = self.stage_screen
            if screen:
                screen.commit_changed()

    # what is the same everywhere

    def action_undo(self) -> None:
        """Take back what was last written."""
        from patchpilot.tui.undo import undo

        if self.stage_screen:
            undo(self.stage_screen)

    def action_copy(self) -> None:
        """Copy the line under the cursor."""
        line = getattr(self.focused, "line_to_copy", "")
        if line:
            self.copy_to_clipboard(line)
            self.notify(f"copied: {line[:60]}", markup=False, timeout=2)

    def action_copy_id(self) -> None:
        """Copy the commit's id."""
        screen = self.stage_screen
        text = screen.id_to_copy() if screen else ""
        if text:
            self.copy_to_clipboard(text)
            self.notify(f"copied: {text}", markup=False, timeout=2)

    def action_suspend_process(self) -> None:
        """To the shell, with whoever started us (the demo waits for the walk): what the terminal's own ^Z does."""
        if self._driver is not None and self._driver.can_suspend:
            # the terminal is given back first: the shell writes on it as soon as the first of us stops
            with self.suspend():
                os.killpg(os.getpgrp(), signal.SIGSTOP)

    def action_theme(self) -> None:
        """The next theme, remembered."""
        known = [*LIGHT_AND_DARK, CONTRAST.name]
        self.theme = known[(known.index(self.theme) + 1) % len(known) if self.theme in known else 0]
        self.memory.keep(theme=self.theme)
        self.notify(f"colours: {self.theme}", timeout=2)

    def action_help(self) -> None:
        """All keys that work here, from the bindings themselves."""
        from patchpilot.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_leave(self) -> None:
        """Leave, but not while mails are on their way."""
        if self.sending:
            self.notify("mails are being sent: wait until that has ended", severity="warning")
        else:
            self.exit(0)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: stages, this screen's own keys, colours."""
        for stage in Stage:
            yield SystemCommand(f"{stage.number} {stage}", f"go to {stage}", partial(self.action_stage, str(stage)))
        seen: set[str] = set()
        for node, binding, enabled, _ in screen.active_bindings.values():
            if enabled and node is screen and binding.description and binding.action not in seen:
                seen.add(binding.action)
                yield SystemCommand(binding.description, binding.tooltip or binding.key, partial(self.run_action, binding.action, screen))
        yield SystemCommand("undo", "take back what was last written into your commits", self.action_undo)
        yield SystemCommand("colours", "dark, light, high contrast", self.action_theme)
        yield SystemCommand("keys", "all keys that work here", self.action_help)
        yield SystemCommand("tour", "two minutes on a made-up fix; nothing leaves this machine", self.take_tour)
        yield SystemCommand("quit", "leave; everything is kept", self.action_leave)

    def _offer_tour(self) -> None:
        from patchpilot.tui.tour import OFFER
        from patchpilot.tui.widgets.choose import Choose

        def answered(choice: str | None) -> None:
            self.memory.keep(tour="offered")
            if choice == "tour":
                self.take_tour()

        self.push_screen(Choose(OFFER, (("no", "start with my own commits"), ("tour", "take the tour first"))), answered)

    def take_tour(self) -> None:
        """The demo, on this terminal; then back here."""
        from patchpilot.tui.tour import run_demo

        with self.suspend():
            run_demo()
        self.refresh(layout=True)
