# SPDX-License-Identifier: GPL-2.0-or-later
"""What every stage's screen is: bar, place line, body, footer; a worker that loads, and handlers that show."""

from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import get_current_worker

from patchpilot.errors import CancelledError, PatchpilotError
from patchpilot.model.printable import crop
from patchpilot.tui.session import Session
from patchpilot.tui.stages import Stage, State
from patchpilot.tui.text import plain
from patchpilot.tui.widgets.stagebar import StageBar


class StageScreen(Screen[None]):
    """A stage. Subclasses give `stage`, `body()` (widgets) and `show(result)` (fill them); `load` runs in a thread."""

    stage: ClassVar[Stage]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "reload", "again", tooltip="read the topic and do this stage again"),
        Binding("escape", "cancel", "cancel", show=False, tooltip="stop what this stage is doing"),
    ]

    class Done(Message):
        """A stage's work ended well."""

        def __init__(self, result: Any) -> None:
            super().__init__()
            self.result = result

    class Failed(Message):
        """A stage's work ended with an error the user can mend."""

        def __init__(self, error: PatchpilotError) -> None:
            super().__init__()
            self.error = error

    class Told(Message):
        """How far the work is."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        """Bar, place, body, footer."""
        yield StageBar(self.session, self.stage)
        yield Static(id="place", markup=False)
        with Container(id="body"):
            yield from self.body()
        yield Static(id="panel", markup=False)
        yield Footer(show_command_palette=False)

    def body(self) -> ComposeResult:
        """The stage's own widgets."""
        raise NotImplementedError

    def show(self, result: Any) -> None:
        """Fill the widgets from the service's result."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Nothing went wrong yet."""
        self.query_one("#panel").display = False

    def on_screen_resume(self) -> None:
        """Show what is known; do what is missing or stale."""
        self.place()
        known = self.session.fresh(self.stage)
        if known is not None:
            self.show(known)
        elif self.stage not in self.session.busy:
            self.begin()

    def begin(self) -> None:
        """Start this stage's work."""
        self.query_one("#panel").display = False
        self.session.busy.add(self.stage)
        self.place()
        self._load()

    @work(thread=True, exclusive=True, group="stage", exit_on_error=False)
    def _load(self) -> None:
        worker = get_current_worker()

        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            if worker.is_cancelled:
                raise CancelledError
            self.post_message(self.Told(f"{what} {done}/{total}" if total else what))

        try:
            result = self.session.load(self.stage, progress)
        except PatchpilotError as error:
            self.post_message(self.Failed(error))
        else:
            self.post_message(self.Done(result))

    def on_stage_screen_done(self, message: Done) -> None:
        """Show a result, unless the topic changed under it."""
        self.session.busy.discard(self.stage)
        self.show(message.result)
        self.place()

    def on_stage_screen_failed(self, message: Failed) -> None:
        """Show an error as a panel, with the way out."""
        self.session.busy.discard(self.stage)
        self.session.errors[self.stage] = message.error
        panel = self.query_one("#panel", Static)
        hint = f"\n{message.error.hint}" if message.error.hint else ""
        panel.update(plain(f"{message.error.message}{hint}\nr: try again"))
        panel.display = True
        self.place()

    def on_stage_screen_told(self, message: Told) -> None:
        """Show how far the work is."""
        if self.stage in self.session.busy:
            self.query_one("#place", Static).update(plain(crop(message.line, max(20, self.size.width - 2))))

    def place(self) -> None:
        """Draw bar and place line anew."""
        self.query_one(StageBar).refresh()
        topic = self.session.topic
        standing = self.session.standing(self.stage)
        where = f"{topic.branch or 'detached HEAD'}: {topic.title}" if topic else ""
        note = f"{standing.state}: {standing.note}" if standing.note else str(standing.state)
        line = f"{note}   {where}" if standing.state is not State.TODO else where
        self.query_one("#place", Static).update(plain(crop(line, max(20, self.size.width - 1 or 79))))

    def action_reload(self) -> None:
        """Read the topic again and do this stage again."""
        self.session.found.pop(self.stage, None)
        self.session.errors.pop(self.stage, None)
        self.session.topic = None
        self.begin()

    def action_cancel(self) -> None:
        """Stop this stage's work."""
        self.workers.cancel_group(self, "stage")
