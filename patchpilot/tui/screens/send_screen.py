# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 7, send: a typed confirmation that names the lists, progress a mail, what was recorded, and taking up what was cut off."""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from patchpilot.errors import PatchpilotError
from patchpilot.tui.job_errors import as_error
from patchpilot.tui.rich_text import plain, several
from patchpilot.tui.screens.preview_screen import load as load_plan
from patchpilot.tui.screens.preview_screen import problem_rows, recorded, sent_names
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageStanding, StageState
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.confirm import Confirm

if TYPE_CHECKING:
    from patchpilot.outgoing.outbox import Send
    from patchpilot.outgoing.send_plan import SendPlan, SendResult


NO_SERVER = "no mail server is configured: nothing can be sent"


@dataclass(frozen=True, slots=True)
class Sending:
    """The plan, the last send of the topic as it is on record, and what became of the plan once it was sent."""

    plan: "SendPlan"
    last: "Send | None" = None
    result: "SendResult | None" = None

    @property
    def unfinished(self) -> bool:
        """Whether the last send has mails that did not leave, or of which nobody knows."""
        return self.last is not None and self.last.state in ("planned", "partial", "failed")

    @property
    def is_sent(self) -> bool:
        """Whether this very version was sent."""
        if self.result and self.result.state == "sent":
            return True
        names = {refusal.name for refusal in self.plan.refusals}
        return bool(self.last and self.last.state == "sent" and self.last.version >= self.plan.version) or (
            bool(names) and names <= sent_names(names)
        )


def load(ask: JobRequest) -> tuple[Sending | None, StageStanding]:
    """The plan, and how the last send of the topic stands. None ahead of a visit: only the record is looked at then."""
    from patchpilot.outgoing.mail_account import read_account
    from patchpilot.outgoing.outbox import Outbox
    from patchpilot.outgoing.sender_lock import is_being_sent

    if not ask.visited:
        return None, recorded(ask, Stage.SEND)
    # the preview's plan is the one that was seen: it is made anew only when something changed
    planned: SendPlan | None = ask.session.fresh(Stage.PREVIEW)
    seen: StageStanding | None = None
    if planned is None:
        planned, seen = load_plan(ask)
    assert planned is not None
    if read_account(ask.repository, planned.request.identity) != planned.account:
        # a mail server may have been set since, in another terminal
        planned, seen = load_plan(ask)
    assert planned is not None
    if seen is not None:
        ask.session.remember(Stage.PREVIEW, planned, seen)
    with Outbox() as outbox:
        sends = outbox.sends(planned.draft.change_id)
        last = outbox.settle(sends[-1].id) if sends and not is_being_sent(planned.draft.change_id) else (sends[-1] if sends else None)
    result = Sending(planned, last)
    return result, standing_of(result)


def standing_of(one: Sending) -> StageStanding:
    """How the stage stands."""
    if one.unfinished and one.last:
        left = sum(entry.state != "accepted" for entry in one.last.entries)
        return StageStanding(StageState.BLOCKED, f"v{one.last.version} was cut off: {several(left, 'mail')} not accepted; R takes it up")
    if one.is_sent:
        version = one.last.version if one.last else one.plan.version
        return StageStanding(StageState.DONE, f"v{version} was sent; n follows the answers")
    if one.plan.lacks_server:
        return StageStanding(StageState.BLOCKED, f"{NO_SERVER}: {server_lines(one.plan)[0]}")
    if one.plan.refused:
        return StageStanding(StageState.BLOCKED, one.plan.refusals[0].message)
    return StageStanding(StageState.TODO, "s sends, after you typed a word")


def server_lines(planned: "SendPlan") -> list[str]:
    """The commands that set a mail server: those of the sender's provider where it is known, as `patchpilot doctor` names them."""
    from patchpilot.outgoing.providers import provider_of

    email = planned.account.sender.email if planned.account.sender else "YOU@EXAMPLE.ORG"
    known = provider_of("", 0, email.rpartition("@")[2])
    if known and known.server:
        server, port, encryption = known.server, str(known.port or ""), known.encryption
    else:
        server, port, encryption = "HOST", "587", "tls"
    values = (("smtpserver", server), ("smtpserverport", port), ("smtpencryption", encryption), ("smtpuser", email))
    return [f"git config --global sendemail.{name} {value}" for name, value in values if value]


class SendScreen(StageScreen):
    """The act."""

    stage = Stage.SEND
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "send", "send"),
        Binding("m", "to_self", "to myself", tooltip="send it to yourself only, to see what arrives"),
        Binding("R", "resume", "resume", tooltip="send what is missing of a send that was cut off, each mail once"),
    ]

    class Mail(Message):
        """A mail's progress."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    class Ended(Message):
        """The act ended; `planned` is what it was about."""

        def __init__(self, planned: "SendPlan", result: "SendResult | None", error: PatchpilotError | None) -> None:
            super().__init__()
            self.planned, self.result, self.error = planned, result, error

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._lines: list[str] = []

    def body(self) -> ComposeResult:
        """Transport, recipients, and a line a mail."""
        with VerticalScroll(id="sheet"):
            yield Static(id="sending", markup=False)

    def show(self, result: Sending) -> None:
        """Say what would go, or what went."""
        self._lines = []
        self.query_one("#sending", Static).update(plain("\n".join(_rows(result))))
        self.query_one("#sheet").focus()

    def action_send(self) -> None:
        """Ask, then send."""
        known: Sending | None = self.session.fresh(self.stage)
        if known is None or self.walk.sending:
            self.notify("not ready yet", timeout=2)
        elif known.unfinished:
            self.notify("a send was cut off: R takes it up first", severity="warning")
        elif known.is_sent:
            self.notify("this version was sent: 8 follows it, and v there makes the next", severity="warning")
        elif known.plan.refused:
            self.notify("refused, see above; the preview (6) shows the way out", severity="warning")
        elif known.plan.lacks_server:
            self._tell_no_server(known.plan)
        else:
            self.app.push_screen(Confirm(_question(known.plan), "send"), lambda agreed: self._go(known.plan) if agreed else None)

    def _tell_no_server(self, planned: "SendPlan") -> None:
        lines = "\n".join(f"  {line}" for line in server_lines(planned))
        self.trouble(PatchpilotError(NO_SERVER, hint=f"in a shell, then r here (`patchpilot doctor` tries it):\n{lines}"))

    def action_to_self(self) -> None:
        """To oneself only: no list, no maintainer."""
        from patchpilot.services.send.plan_send import plan

        known: Sending | None = self.session.last(self.stage)
        if known and known.plan.lacks_server:
            self._tell_no_server(known.plan)
            return

        def planned(made: "SendPlan") -> None:
            text = f"Send {several(len(made.mails), 'mail')} to yourself only ({made.account.sender})?"
            if made.request.via == "b4":
                text += "\n\nAs b4's --reflect does it, the headers name everybody; the mail goes to you alone."
            self.app.push_screen(
                Choose(text, (("yes", "send to myself"), ("no", "not now"))), lambda one: self._go(made) if one == "yes" else None
            )

        session = self.session
        self.in_thread(
            "planning", lambda repository, progress: plan(repository, session.request(repository, to_self=True), progress=progress), planned
        )

    def action_resume(self) -> None:
        """What is missing of the last send, with the same Message-IDs."""
        known: Sending | None = self.session.last(self.stage)
        if known is None or not known.unfinished or known.last is None or self.walk.sending:
            self.notify("nothing was cut off", timeout=2)
            return
        if any(entry.state == "unknown" for entry in known.last.entries):
            text = "Of some mails nobody knows whether the server took them. Look in your archive or on the list. What became of them?"
            answers = (
                ("lookup", "look on the archive"),
                ("sent", "they arrived"),
                ("lost", "they did not: send them again"),
                ("keep", "leave them"),
            )
            self.app.push_screen(Choose(text, answers), lambda choice: self._resume(choice) if choice else None)
        else:
            self._resume("keep")

    def _resume(self, unknown: str) -> None:
        from patchpilot.services.send.resume import archive_lookup, plan_resume

        session = self.session

        def work(repository: Any, progress: Any) -> "SendPlan":
            lookup = archive_lookup(session.settings(repository).get("lore")) if unknown == "lookup" else None
            how = "keep" if unknown == "lookup" else unknown
            return plan_resume(repository, session.request(repository), how, lookup=lookup, progress=progress)

        self.in_thread("taking it up", work, self._go)

    def _go(self, planned: "SendPlan") -> None:
        self.walk.sending = True
        self._lines = [f"through {planned.request.via}, {planned.account.label}", ""]
        self.query_one("#sending", Static).update(plain("\n".join(self._lines)))
        self.session.busy[self.stage] = "sending …"
        self.place()
        if planned.account.needs_login:
            # git may ask for the password: on the terminal, where it asks everywhere else
            from patchpilot.tui.editing import suspended

            with suspended(self.app):
                print(f"\n{several(len(planned.mails), 'mail')} through {planned.account.label}: git asks for the password here\n")
                self._deliver(planned, terminal=True, told=print)
        else:
            told = lambda line: self.post_message(self.Mail(line))  # noqa: E731
            self.run_worker(
                partial(self._deliver, planned, terminal=False, told=told), thread=True, group="send", exclusive=True, exit_on_error=False
            )

    def _deliver(self, planned: "SendPlan", *, terminal: bool, told: Any) -> None:
        from patchpilot.commits.repository import Repository
        from patchpilot.services.send.send_mails import deliver

        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            told(f"{done}/{total} {what}" if total else what)

        try:
            with Repository.open(self.session.directory) as repository:
                result = deliver(repository, planned, terminal=terminal, progress=progress)
        except BaseException as error:  # noqa: BLE001 (told in the panel; the outbox has what left)
            self.post_message(self.Ended(planned, None, as_error(error)))
        else:
            self.post_message(self.Ended(planned, result, None))

    def on_send_screen_mail(self, message: Mail) -> None:
        """A line more."""
        self._lines.append(message.line)
        self.query_one("#sending", Static).update(plain("\n".join(self._lines)))

    def on_send_screen_ended(self, message: Ended) -> None:
        """What was recorded."""
        self.walk.sending = False
        self.session.busy.pop(self.stage, None)
        self.session.changed("sent", "followed")
        if message.error or message.result is None:
            self.trouble(message.error or PatchpilotError("nothing is known of the send"))
            self.walk.jobs.begin(self.stage)
            return
        result = message.result
        if message.planned.request.to_self:
            self.notify("sent to yourself: save what arrives and try git am on it", timeout=8)
            self.walk.jobs.begin(self.stage)
            return
        done = Sending(message.planned, None, result)
        good = result.state == "sent"
        note = f"v{result.version} was sent; n follows the answers" if good else f"{result.state}: R takes it up"
        self.session.remember(self.stage, done, StageStanding(StageState.DONE if good else StageState.BLOCKED, note))
        if good:
            from patchpilot.outgoing.send_plan import SendProblem

            was = (SendProblem("version-sent", f"v{result.version} of this topic was sent just now"),)
            seen = replace(message.planned, refusals=was)
            self.session.remember(Stage.PREVIEW, seen, StageStanding(StageState.DONE, f"v{result.version} was sent"))
        self.walk.remember()
        self._shown = done
        self.show(done)
        self.place()
        if not good:
            self.walk.jobs.begin(self.stage)


def _question(planned: "SendPlan") -> str:
    from patchpilot.outgoing.preflight import is_list

    lists = [recipient.address.email for recipient in planned.recipients if is_list(recipient)]
    people = [recipient.address.name or recipient.address.email for recipient in planned.recipients if not is_list(recipient)]
    rows = [
        f"Send {several(len(planned.mails), 'mail')} to {several(len(planned.recipients), 'recipient')}?",
        "",
        "Public lists: " + (", ".join(lists) or "none"),
        "People: " + (", ".join(people) or "none"),
        "",
        f"Through {planned.account.label}. What is on a list stays there: it cannot be taken back.",
    ]
    if planned.warnings:
        rows += ["", *(f"warning: {warning.message}" for warning in planned.warnings[:2])]
    return "\n".join(rows)


_FOLLOW = "patchpilot track update, then patchpilot track show"
_DROP = re.compile(r"patchpilot maintainers --drop (\S+), then patchpilot send")


def by_keys_in(line: str) -> str:
    """An advice of the verb, with keys in place of the verbs it names."""
    return _DROP.sub(r"3, then Space on \1, then 7", line.replace(_FOLLOW, "8 shows them"))


def _rows(one: Sending) -> list[str]:
    planned = one.plan
    rows = [f"From     {planned.account.sender}", f"Through  {planned.request.via}, {planned.account.label}"]
    if one.result:
        rows += ["", f"Version {one.result.version}: {one.result.state}. On record:"]
        for mail in one.result.messages:
            rows += [f"  {mail.state}  {mail.subject}", f"    <{mail.message_id}>", *([f"    {mail.detail}"] if mail.detail else [])]
        return [*rows, "", *(f"- {by_keys_in(line)}" for line in one.result.advice)]
    if one.last and (one.unfinished or one.is_sent):
        rows += ["", f"Version {one.last.version}, {one.last.begun[:16].replace('T', ' ')} UTC: {one.last.state}. On record:"]
        for entry in one.last.entries:
            rows += [
                f"  {entry.state}  {entry.mail.subject}",
                f"    <{entry.mail.message_id}>",
                *([f"    {entry.detail}"] if entry.detail else []),
            ]
        hint = "R sends what is missing, each mail once" if one.unfinished else "8 follows the answers; v there makes the next version"
        return [*rows, "", hint]
    rows += ["", *(f"{recipient.header.title():<8} {recipient.address.trailer()}" for recipient in planned.recipients)]
    rows += ["", *(f"Mail     {letter.subject}" for letter in planned.letters)]
    others = replace(planned, warnings=tuple(warning for warning in planned.warnings if warning.name != "no-server"))
    problems = [row.replace("first: 7, then m", "first: m") for row in problem_rows(others)]
    if planned.lacks_server:
        way = [
            f"blocked: {NO_SERVER}. In a shell, then r here (`patchpilot doctor` tries it):",
            *(f"  {server_line}" for server_line in server_lines(planned)),
        ]
        return [*rows[:2], "", *way, *rows[2:], *([""] if problems else []), *problems]
    return [*rows, *([""] if problems else []), *problems]
