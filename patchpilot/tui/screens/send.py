# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 7, send: a typed confirmation that names the lists, progress a mail, what was recorded."""

from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.progress import Progress
from patchpilot.outgoing.plan import SendPlan, SendResult
from patchpilot.services import send as service
from patchpilot.tui.screens import preview
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Topic
from patchpilot.tui.stages import Stage, Standing, State
from patchpilot.tui.text import plain
from patchpilot.tui.widgets.confirm import Confirm


@dataclass(frozen=True, slots=True)
class Sending:
    """The plan, and what became of it once it was sent."""

    plan: SendPlan
    result: SendResult | None = None


def load(repository: Repository, topic: Topic, progress: Progress) -> tuple[Sending, Standing]:
    """The plan, as the preview shows it."""
    planned, standing = preview.load(repository, topic, progress)
    return Sending(planned), standing if standing.state is State.BLOCKED else Standing(State.TODO, "s sends, after you typed yes")


class SendScreen(StageScreen):
    """The act."""

    stage = Stage.SEND
    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "send", "send")]

    def body(self) -> ComposeResult:
        """Transport, recipients, and a line a mail."""
        with VerticalScroll():
            yield Static(id="sending", markup=False)

    def show(self, result: Sending) -> None:
        """Say what would go, or what went."""
        planned = result.plan
        rows = [
            f"from       {planned.account.sender}",
            f"through    {planned.request.via}, {planned.account.server or 'the local mail program'}",
        ]
        rows += [f"{one.header:<4} {one.address}   {'; '.join(one.reasons)}" for one in planned.recipients]
        rows += ["", *(f"refused: {one.message}{': ' + one.hint if one.hint else ''}" for one in planned.refusals)]
        rows += [f"warning: {one.message}" for one in planned.warnings]
        if result.result:
            rows += [f"{mail.state:<9} {mail.subject}  <{mail.message_id}> {mail.detail}" for mail in result.result.messages]
            rows += [f"state: {result.result.state}", *result.result.advice]
        else:
            rows += [f"to send   {letter.subject}" for letter in planned.letters]
        self.query_one("#sending", Static).update(plain("\n".join(rows)))

    def action_send(self) -> None:
        """Ask, then send."""
        known: Sending | None = self.session.fresh(self.stage)
        if known is None or known.result is not None or known.plan.refused:
            self.notify("nothing to send: see above", severity="warning")
            return
        lists = ", ".join(one.address.email for one in known.plan.recipients if "list" in one.role) or "no list"
        text = f"{len(known.plan.mails)} mail(s) to {len(known.plan.recipients)} recipients.\nPublic lists: {lists}\nWhat is on a list cannot be taken back."

        def answered(agreed: bool | None) -> None:
            if agreed:
                self.session.busy.add(self.stage)
                self.place()
                self._send(known.plan)

        self.app.push_screen(Confirm(text, "yes"), answered)

    @work(thread=True, exclusive=True, group="send", exit_on_error=False)
    def _send(self, planned: SendPlan) -> None:
        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            self.post_message(self.Told(f"{what} {done}/{total}" if total else what))

        try:
            with Repository.open(self.session.directory) as repository:
                result = service.deliver(repository, planned, progress=progress)
        except PatchpilotError as error:
            self.post_message(self.Failed(error))
            return
        done = Sending(planned, result)
        self.session.remember(self.stage, done, Standing(State.DONE if result.state == "sent" else State.BLOCKED, result.state))
        self.post_message(self.Done(done))
