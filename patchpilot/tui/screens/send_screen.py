# SPDX-License-Identifier: GPL-2.0-or-later
"""The send stage: a typed confirmation that names the lists, progress per mail, the record, and resuming an interrupted send."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from patchpilot.errors import PatchpilotError
from patchpilot.model.counted import counted
from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.job_errors import as_error
from patchpilot.tui.rich_text import plain
from patchpilot.tui.screens.preview_screen import load as load_plan
from patchpilot.tui.screens.preview_screen import problem_rows, recorded
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.confirm import Confirm
from patchpilot.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from patchpilot.services.send.send_plan import SendPlan, SendResult
    from patchpilot.services.send.send_state import TopicSend


def load(ask: JobRequest) -> "tuple[TopicSend | None, StageStatus]":
    """The plan and the state of the topic's last send. None before a visit: only the record is read then."""
    from patchpilot.services.send.send_state import is_outdated, topic_send

    if not ask.visited:
        return None, recorded(ask, Stage.SEND)
    # reuse the plan that the preview showed, unless something changed
    planned: SendPlan | None = ask.session.fresh(Stage.PREVIEW)
    if planned is None or is_outdated(ask.repository, planned):
        planned, seen = load_plan(ask)
        assert planned is not None
        ask.session.remember(Stage.PREVIEW, planned, seen)
    result = topic_send(planned)
    return result, status_of(result)


def status_of(sending: "TopicSend") -> StageStatus:
    """The state of the stage."""
    from patchpilot.services.send.send_state import blocked_help

    if sending.unfinished and sending.last:
        left = sum(entry.state != "accepted" for entry in sending.last.entries)
        return StageStatus(
            StageState.BLOCKED, f"v{sending.last.version} was interrupted: {counted(left, 'mail')} not accepted; R resumes it"
        )
    if sending.is_sent:
        version = sending.last.version if sending.last else sending.plan.version
        return StageStatus(StageState.DONE, f"v{version} was sent; n shows the replies")
    if blocked := sending.plan.blocked:
        return StageStatus(StageState.BLOCKED, f"{blocked.message}: {blocked_help(sending.plan)[0]}")
    if sending.plan.refused:
        return StageStatus(StageState.BLOCKED, sending.plan.refusals[0].message)
    return StageStatus(StageState.TODO, 'press s, then type "send" to confirm')


class SendScreen(StageScreen):
    """The send stage."""

    stage = Stage.SEND
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "send", "send", tooltip="send the mails, after confirmation"),
        Binding("m", "to_self", "send to yourself (test)", tooltip="send the mails only to yourself, as a test"),
        Binding("R", "resume", "resume", tooltip="resume an interrupted send; no mail is sent twice"),
    ]

    class Mail(Message):
        """A mail's progress."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    class Ended(Message):
        """Sending ended; `planned` is the plan that was sent."""

        def __init__(self, planned: "SendPlan", result: "SendResult | None", error: PatchpilotError | None) -> None:
            super().__init__()
            self.planned, self.result, self.error = planned, result, error

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._lines: list[str] = []

    def body(self) -> ComposeResult:
        """Transport, recipients, and one line per mail."""
        with Panel(title="Mails to send"), VerticalScroll(id="scroll"):
            yield Static(id="sending", markup=False)

    def show(self, result: "TopicSend") -> None:
        """Show the mails to send, or the record of the send."""
        self._lines = []
        self.query_one("#sending", Static).update(plain("\n".join(_rows(result))))
        self.query_one("#scroll").focus()

    def action_send(self) -> None:
        """Ask for confirmation, then send."""
        known: TopicSend | None = self.session.fresh(self.stage)
        if known is None or self.tui.sending:
            self.notify("not ready yet", timeout=2)
        elif known.unfinished:
            self.notify("the last send was interrupted; press R to resume it first", severity="warning")
        elif known.is_sent:
            self.notify(
                f"this version was sent; stage {Stage.FOLLOW.number} shows the replies, v there makes the next version", severity="warning"
            )
        elif known.plan.refused:
            self.notify(f"sending is blocked: see the problems above, or w at stage {Stage.PREVIEW.number}", severity="warning")
        elif known.plan.blocked:
            self._show_blocked(known.plan)
        else:
            self.app.push_screen(Confirm(_question(known.plan), "send"), lambda agreed: self._go(known.plan) if agreed else None)

    def _show_blocked(self, planned: "SendPlan") -> None:
        from patchpilot.services.send.send_state import blocked_help

        assert planned.blocked
        lines = "\n".join(f"  {line}" for line in blocked_help(planned))
        self.show_error(
            PatchpilotError(planned.blocked.message, hint=f"run in a shell, then press g here (`patchpilot doctor` tests it):\n{lines}")
        )

    def action_to_self(self) -> None:
        """Send to yourself only: to no list and no maintainer."""
        from patchpilot.services.send.plan_send import plan

        known: TopicSend | None = self.session.last(self.stage)
        if known and known.plan.blocked:
            self._show_blocked(known.plan)
            return

        def planned(plan_to_self: "SendPlan") -> None:
            text = f"Send {counted(len(plan_to_self.mails), 'mail')} to yourself only ({plan_to_self.account.sender})?"
            if plan_to_self.transport.to_self_note:
                text += f"\n\n{plan_to_self.transport.to_self_note}"
            self.app.push_screen(
                Choose(text, (("yes", "Send to yourself"), ("no", "Cancel"))),
                lambda choice: self._go(plan_to_self) if choice == "yes" else None,
            )

        session = self.session
        self.in_thread(
            "preparing the mails",
            lambda repository, progress: plan(repository, session.request(repository, to_self=True), progress=progress),
            planned,
        )

    def action_resume(self) -> None:
        """Resume the last send, with the same Message-IDs."""
        known: TopicSend | None = self.session.last(self.stage)
        if known is None or not known.unfinished or known.last is None or self.tui.sending:
            self.notify("no interrupted send to resume", timeout=2)
            return
        if any(entry.state == "unknown" for entry in known.last.entries):
            text = "The server may or may not have accepted some of the mails. Check your Sent folder or the list archive. Were they delivered?"
            answers = (
                ("lookup", "Look them up in the archive"),
                ("sent", "Yes, they were delivered"),
                ("lost", "No, send them again"),
                ("keep", "Unknown: skip them"),
            )
            self.app.push_screen(Choose(text, answers), lambda choice: self._resume(choice) if choice else None)
        else:
            self._resume("keep")

    def _resume(self, unknown: str) -> None:
        from patchpilot.services.send.send_state import plan_resumed

        session = self.session

        def work(repository: Any, progress: Any) -> "SendPlan":
            return plan_resumed(repository, session.settings(repository), session.request(repository), unknown, progress)

        self.in_thread("preparing to resume", work, self._go)

    def _go(self, planned: "SendPlan") -> None:
        self.tui.sending = True
        self._lines = [f"Transport: {planned.request.via}, {planned.account.label}", ""]
        self.query_one("#sending", Static).update(plain("\n".join(self._lines)))
        self.session.busy[self.stage] = "sending …"
        self.place()
        if planned.account.needs_login:
            # git asks for the password on the terminal, as it always does
            from patchpilot.tui.editing import suspended

            with suspended(self.app):
                print(f"\n{counted(len(planned.mails), 'mail')}, transport {planned.account.label}: git asks for the password here\n")
                self._deliver(planned, terminal=True, report=print)
        else:
            report = lambda line: self.post_message(self.Mail(line))  # noqa: E731
            self.run_worker(
                partial(self._deliver, planned, terminal=False, report=report),
                thread=True,
                group="send",
                exclusive=True,
                exit_on_error=False,
            )

    def _deliver(self, planned: "SendPlan", *, terminal: bool, report: Any) -> None:
        from patchpilot.services.send.send_mails import deliver
        from patchpilot.services.topic.open_repository import open_repository

        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            report(f"{done}/{total} {what}" if total else what)

        try:
            with open_repository(self.session.directory) as repository:
                result = deliver(repository, planned, terminal=terminal, progress=progress)
        except BaseException as error:  # noqa: BLE001 (shown in the panel; the outbox records what was sent)
            self.post_message(self.Ended(planned, None, as_error(error)))
        else:
            self.post_message(self.Ended(planned, result, None))

    def on_send_screen_mail(self, message: Mail) -> None:
        """Show a mail's progress."""
        self._lines.append(message.line)
        self.query_one("#sending", Static).update(plain("\n".join(self._lines)))

    def on_send_screen_ended(self, message: Ended) -> None:
        """Show what was recorded."""
        self.tui.sending = False
        self.session.busy.pop(self.stage, None)
        self.session.changed("sent", "followed")
        if message.error or message.result is None:
            self.show_error(message.error or PatchpilotError("the result of sending is unknown"))
            self.tui.jobs.begin(self.stage)
            return
        from patchpilot.services.send.send_state import TopicSend, just_sent

        result = message.result
        if message.planned.request.to_self:
            self.notify("sent to yourself; save the mail you receive and try git am on it", timeout=8)
            self.tui.jobs.begin(self.stage)
            return
        done = TopicSend(message.planned, None, result)
        good = result.state == "sent"
        note = f"v{result.version} was sent; n shows the replies" if good else f"{result.state}; R resumes it"
        self.session.remember(self.stage, done, StageStatus(StageState.DONE if good else StageState.BLOCKED, note))
        if good:
            seen = just_sent(message.planned, result)
            self.session.remember(Stage.PREVIEW, seen, StageStatus(StageState.DONE, f"v{result.version} was sent"))
        self.tui.remember()
        self._shown = done
        self.show(done)
        self.place()
        if not good:
            self.tui.jobs.begin(self.stage)


def _question(planned: "SendPlan") -> str:
    from patchpilot.services.send.send_state import lists_and_contacts

    lists, contacts = lists_and_contacts(planned)
    rows = [
        f"Send {counted(len(planned.mails), 'mail')} to {counted(len(planned.recipients), 'recipient')}?",
        "",
        "Public lists: " + (", ".join(recipient.address.email for recipient in lists) or "none"),
        "Maintainers and others: " + (", ".join(contact.address.name or contact.address.email for contact in contacts) or "none"),
        "",
        f"Transport: {planned.account.label}. A mail to a public list cannot be recalled.",
    ]
    if planned.warnings:
        rows += ["", *(f"note: {warning.message}" for warning in planned.warnings[:2])]
    return "\n".join(rows)


def _rows(sending: "TopicSend") -> list[str]:
    from patchpilot.services.send.send_state import blocked_help

    planned = sending.plan
    rows = [f"From       {planned.account.sender}", f"Transport  {planned.request.via}, {planned.account.label}"]
    if sending.result:
        rows += ["", f"Version {sending.result.version}: {sending.result.state}. Mails:"]
        for mail in sending.result.messages:
            rows += [f"  {mail.state}  {mail.subject}", f"    <{mail.message_id}>", *([f"    {mail.detail}"] if mail.detail else [])]
        return [*rows, "", *(f"- {in_keys(line, Stage.SEND)}" for line in sending.result.advice)]
    if sending.last and (sending.unfinished or sending.is_sent):
        rows += ["", f"Version {sending.last.version}, {sending.last.begun[:16].replace('T', ' ')} UTC: {sending.last.state}. Mails:"]
        for entry in sending.last.entries:
            rows += [
                f"  {entry.state}  {entry.mail.subject}",
                f"    <{entry.mail.message_id}>",
                *([f"    {entry.detail}"] if entry.detail else []),
            ]
        hint = (
            "R resumes the send; no mail is sent twice"
            if sending.unfinished
            else f"stage {Stage.FOLLOW.number} shows the replies; v there makes the next version"
        )
        return [*rows, "", hint]
    rows += ["", *(f"{recipient.header.title():<10} {recipient.address.trailer()}" for recipient in planned.recipients)]
    rows += ["", *(f"Mail       {outgoing_mail.subject}" for outgoing_mail in planned.outgoing_mails)]
    others = replace(planned, warnings=tuple(warning for warning in planned.warnings if warning != planned.blocked))
    problems = problem_rows(others, Stage.SEND)
    if planned.blocked:
        help_lines = [
            f"blocked: {planned.blocked.message}; run in a shell, then press g here (`patchpilot doctor` tests it):",
            *(f"  {line}" for line in blocked_help(planned)),
        ]
        return [*rows[:2], "", *help_lines, *rows[2:], *([""] if problems else []), *problems]
    return [*rows, *([""] if problems else []), *problems]
