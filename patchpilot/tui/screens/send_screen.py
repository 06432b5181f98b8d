# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the send stage: the pre-flight card with one verdict, repairs, a typed
confirmation, one line per message, and the next steps after sending.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from patchpilot.errors import PatchpilotError
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.printable import format_count, make_one_line
from patchpilot.tui.screens.preview_rows import (
    headline,
    open_questions,
)
from patchpilot.tui.screens.preview_rows import status_of as preview_status
from patchpilot.tui.screens.repair_keys import (
    choose_prefix,
    edit_draft,
)
from patchpilot.tui.screens.send_rows import (
    REPAIRS,
    check_rows,
    help_of,
    is_fixable,
    mail_row,
    mails_text,
    progress_rows,
    question,
    sent_rows,
    stage_for,
    status_of,
)
from patchpilot.tui.stage.job_errors import as_error
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.stage.thread_jobs import in_new_thread
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.rich_text import (
    QUIET,
    highlight_code,
    lines,
)
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import (
    Choose,
    Confirm,
    Option,
    ask_answer,
    ask_which,
    ask_yes,
)
from patchpilot.tui.widgets.keyline import NEXT
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel, TextPanel
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.model.send_problem import CheckLine
    from patchpilot.services.send.sending import Sending


BEFORE = frozenset(("repair", "to_self", "passed"))
"""Actions available only before sending."""


class SendScreen(StageScreen["Sending"]):
    """The screen that shows the pre-flight card and sends the messages."""

    stage = Stage.SEND
    LIST = "#checks"
    AUTO_FOCUS = LIST
    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "escape",
            "cancel",
            "stop after this message",
            "stop after the message that is being sent",
        ),
        key(
            "s",
            "send",
            "send",
            "send the messages, after confirmation, or resume an interrupted send",
        ),
        key("a", "repair", "fix", "fix the problem that the selected check found"),
        key(
            "m",
            "to_self",
            "send to yourself",
            "send the messages to yourself only, as a test",
        ),
        more_key(
            "x", "passed", "show passed", "show the checks that passed, or hide them"
        ),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._sending: Sending | None = None
        self._states: list[tuple[str, str]] = []
        self._progress = ""
        self._has_sent = self._all_rows = False
        self.is_stopping = self.sends_next = False

    def body(self) -> ComposeResult:
        with Columns():
            yield Panel(
                RowList(ident="checks"),
                PlainText("check"),
                title="Ready?",
                id="ready",
                classes="main",
            )
            yield TextPanel("Messages to send", id="to-send")

    def _lay(self, *, sent: bool, heading: str, count: str = "") -> None:
        self._has_sent = sent
        self.set_class(sent, "-sent")
        panel = self.list_panel
        panel.remove_class("-accepted")
        panel.heading, panel.count = heading, count
        self.call_after_refresh(self.fill)

    @property
    def shown_keys(self) -> ShownKeys:
        """Put the keys in order (a and A before s), and hide keys that could disturb a running
        send.
        """
        known, hidden, label = self._shown, {"cancel"}, "send"
        if self._sending:
            hidden = {"send", *BEFORE, "leave", NEXT}
            hidden |= {"cancel"} if self.is_stopping else set()
        elif self._has_sent:
            hidden |= BEFORE
            label = "resume" if self._is_unfinished else "resend"
        elif known:
            hidden |= {"send"} if known.refused or known.blocking_problem else set()
            is_clear = not any(map(is_fixable, known.checks))
            hidden |= {"repair"} if is_clear else set()
        passed = "hide passed" if self._all_rows else "show passed"
        does = "answer" if known and open_questions(known) else "fix"
        labels = {"send": label, "passed": passed, "repair": does}
        return ShownKeys(hidden=frozenset(hidden), labels=labels)

    @property
    def _is_unfinished(self) -> bool:
        return bool(self._shown and self._shown.is_unfinished)

    def show(self, result: "Sending") -> None:
        if self._sending:
            return
        if result.now or result.link:
            self._show_end(result)
        else:
            self._show_plan(result)
            if self.sends_next and not open_questions(result):
                self.action_send()
        self.sends_next = False
        self.keys_changed()

    def _show_plan(self, plan: "Sending") -> None:
        open_, words = len(open_questions(plan)), headline(plan)
        if any(warning.name == "open-review" for warning in plan.warnings):
            words += "; reviewers wait for answers"
        asks = f"s asks the {format_count(open_, 'question')} first"
        is_asked = open_ and not plan.refused and not plan.blocking_problem
        self._lay(
            sent=False,
            heading=f"{words[:1].upper()}{words[1:]}",
            count=asks if is_asked else "",
        )
        self.listed.focus()

    def rows(self) -> list[Row]:
        known = self._shown
        columns = self.listed.scrollable_content_region.width or self._columns("#ready")
        if self._sending:
            return progress_rows(self._sending, self._states, self._progress, columns)
        if known and self._has_sent and known.last:
            return [
                mail_row(at, str(mail.state), mail.subject, mail.detail, columns)
                for at, mail in enumerate(known.last.entries)
            ]
        return check_rows(known, columns, all_rows=self._all_rows) if known else []

    def action_passed(self) -> None:
        self._all_rows = not self._all_rows
        if self._shown is not None and not self._has_sent:
            self.fill()

    def detail(self) -> None:
        """Show the selected check and how to fix it, with the messages or, after sending, the next
        steps.
        """
        plan, size, columns = (
            self._sending or self._shown,
            self.size,
            self._columns("#to-send"),
        )
        check: CheckLine | None = None if self._has_sent else self.chosen
        row, rows = self.listed.row, list[Text]()
        if check and row and make_one_line(check.message) not in row.text.plain:
            # the row is too narrow for the whole message
            rows.append(highlight_code(make_one_line(check.message)))
        if check and help_of(check):
            rows.append(highlight_code(help_of(check), QUIET))
        about = self.query_one("#check", Static)
        about.update(lines(rows))
        about.display = bool(rows)
        if plan is None:
            return
        messages = format_count(len(plan.send.waiting_messages), "message")
        heading = f"{messages}, {format_count(len(plan.recipients), 'recipient')}"
        text = mails_text(plan, size, columns)
        if self._has_sent and not self._sending:
            heading = "What to do" if plan.is_unfinished else "Next"
            text = lines(sent_rows(plan, columns))
        panel = self.query_one("#to-send", TextPanel)
        panel.heading = heading
        panel.text.update(text)

    def open_selected(self, listed: RowList) -> None:
        self.action_repair()

    def action_repair(self) -> None:
        """Fix the selected check's problem, here or at its stage.

        If another check is selected, go to the first one that can be fixed.
        """
        # after a send, the list shows messages instead of checks
        if self._has_sent:
            return
        check, plan = self.chosen, self.current
        if plan is None:
            self.notify("not ready yet")
            return
        if check is None or not is_fixable(check):
            check = self._first_fixable or check
            if check is not None:
                self.listed.select(check.name)
        if check is None or check.state == "ok":
            self.notify("nothing to fix: all checks passed")
            return
        if check.name in REPAIRS:
            self._repairs()[REPAIRS[check.name][0]](plan)
        elif stage := stage_for(check):
            self.tui.action_stage(str(stage))
        else:
            self.notify(
                replace_commands(check.hint, Stage.SEND)
                or "this cannot be fixed automatically; fix it manually",
            )

    @property
    def _first_fixable(self) -> "CheckLine | None":
        rows = (row.about for row in self.listed.rows if row.about)
        return next((check for check in rows if is_fixable(check)), None)

    def changed(self) -> None:
        self.reread()
        self.begin_after("draft")

    def show_blocked(self, planned: "Sending") -> None:
        from patchpilot.model.send_problem import NO_SERVER
        from patchpilot.topic.edit_commits import set_up_mail
        from patchpilot.tui.actions.editing import suspend_app

        assert planned.blocking_problem
        if planned.blocking_problem != NO_SERVER:
            self.show_error(
                PatchpilotError(
                    planned.blocking_problem.message,
                    hint=str(planned.blocking_problem.hint),
                )
            )
            return

        with self.session.repository() as repository:
            top = repository.top
        with suspend_app(self.app, leaves_no_text=True):
            is_done = set_up_mail(top)
        if is_done:
            self.changed()

    def _repairs(self) -> "dict[str, Callable[[Sending], None]]":
        return {
            "tree": lambda plan: choose_prefix(self, plan, self.changed),
            "edit": lambda _: edit_draft(self, self.changed),
            "to_self": lambda _: self.action_to_self(),
            "security": lambda _: self._ask("security"),
            "regression": lambda _: self._ask("regression"),
            "server": self.show_blocked,
        }

    def _ask(self, name: str = "") -> None:
        from patchpilot.tui.actions.questions import ask_named

        def handle_answer() -> None:
            self.sends_next = not name
            self.begin_after()

        ask_named(self, name, handle_answer)

    def action_send(self) -> None:
        known = self.current
        if self._is_unfinished and not self.tui.sending:
            self._ask_resume(self.shown)
        elif known is None or self.tui.sending:
            self.notify("not ready yet")
        elif known.is_sent:
            self._ask_resend(known)
        elif known.refused:
            words = f"{headline(known)}; press a to fix the selected problem"
            self.notify(words, severity="warning")
        elif known.blocking_problem:
            self.show_blocked(known)
        elif open_questions(known):
            self._ask()
        else:
            self._confirm(known)

    def _confirm(self, planned: "Sending") -> None:
        text, below = question(planned)
        # there may be more recipients than lines on the terminal
        dialog = Confirm(text, "send", title="Send", mail=below)
        ask_yes(self.app, dialog, partial(self.send_now, planned))

    def _ask_resend(self, sending: "Sending") -> None:
        def handle_plan(again: "Sending") -> None:
            if again.refused or again.blocking_problem:
                self.notify(headline(again), severity="warning")
            else:
                self._confirm(again)

        options = [
            Option(
                "Resend as [PATCH RESEND]",
                "the same patches, if nobody replied; you confirm it first",
                partial(self._plan, handle_plan, resend=True),
            ),
            Option(
                "Start the next version",
                f"go to {Stage.FOLLOW.label} and press v",
                partial(self.tui.action_stage, str(Stage.FOLLOW)),
            ),
        ]
        version = sending.last.version if sending.last else sending.send.version
        ask_which(
            self.app, f"v{version} was sent. What do you want to do?", options, "Send"
        )

    def _plan(self, then: "Callable[[Sending], None]", **how: bool) -> None:
        from patchpilot.services.send.plan_send import plan_sending

        session = self.session
        self.in_thread(
            "preparing the messages",
            lambda repository, progress: plan_sending(
                repository, session.request(repository, **how), progress=progress
            ),
            then,
        )

    def action_to_self(self) -> None:
        if self._has_sent:
            return
        known = self._shown
        if known and known.blocking_problem:
            self.show_blocked(known)
            return

        def handle_plan(plan_to_self: "Sending") -> None:
            text = (
                f"Send {format_count(len(plan_to_self.send.entries), 'message')} to yourself only"
                f" ({plan_to_self.account.sender})?"
            )
            text = "\n\n".join((text, *map(str, plan_to_self.remarks)))
            question = Choose(
                text, (("yes", "Send to yourself"), ("no", "Cancel")), "Send"
            )
            ask_yes(self.app, question, lambda: self.send_now(plan_to_self))

        self._plan(handle_plan, to_self=True)

    def _ask_resume(self, sending: "Sending") -> None:
        """Resume the last send with the same Message-IDs, asking whether uncertain messages
        were delivered.
        """
        last = sending.last
        if last is None or all(entry.state != "unknown" for entry in last.entries):
            self._resume("keep")
            return
        archive = "" if last.undisclosed else " or the mailing list archive"
        text = (
            "The server may or may not have accepted some of the messages. Check your Sent"
            f" folder{archive}. Were they delivered?"
        )
        answers = (
            *((("lookup", "Look for them in the archive"),) if archive else ()),
            ("sent", "Yes, they were delivered"),
            ("lost", "No, send them again"),
            ("keep", "I don't know: skip them"),
        )
        ask_answer(self.app, Choose(text, answers, "Send"), self._resume)

    def _resume(self, unknown: str) -> None:
        from patchpilot.services.send.send_state import plan_remaining_messages

        session = self.session
        self.in_thread(
            "preparing to resume",
            lambda repository, progress: plan_remaining_messages(
                repository,
                session.settings(repository),
                session.request(repository),
                unknown,
                progress,
            ),
            self.send_now,
        )

    def action_cancel(self) -> None:
        if not self._sending:
            super().action_cancel()
        elif not self.is_stopping:
            self.is_stopping = True
            self.keys_changed()
            self.notify("stopping after this message; press s to send the rest")

    def send_now(self, planned: "Sending") -> None:
        self.tui.sending = True
        self._sending, self.is_stopping, self._progress = planned, False, ""
        self._states = [(str(mail.state), "") for mail in planned.send.entries]
        via = f"{planned.request.via}, {planned.account.label}"
        self._lay(sent=True, heading=f"Sending through {via}")
        self.keys_changed()
        self.session.busy[self.stage] = "sending …"
        self.place()
        if planned.account.needs_login:
            # let git ask for the password on the terminal
            from patchpilot.tui.actions.editing import suspend_app

            with suspend_app(self.app):
                print(
                    f"\n{format_count(len(planned.send.entries), 'message')}, transport"
                    f" {planned.account.label}: git asks for the password here\n"
                )
                self._deliver(planned, terminal=True)
        else:
            in_new_thread(self, partial(self._deliver, planned, terminal=False), "send")

    def _deliver(self, planned: "Sending", *, terminal: bool) -> None:
        """Send the messages in a thread and show each step.

        If `terminal` is set, send them in the foreground, because git asks for a password.
        """
        from patchpilot.services.send.send_mails import deliver_mails
        from patchpilot.services.send.send_state import add_next_steps

        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            line = f"{done}/{total} {what}" if total else what
            if terminal:
                print(line)
            elif not total:
                self.call_later(self._mail_step, None, "", line)

        def on_mail(place: int, outcome: Any) -> None:
            self.call_later(self._mail_step, place, str(outcome.state), outcome.detail)

        try:
            with self.session.repository() as repository:
                sent = deliver_mails(
                    repository,
                    planned,
                    terminal=terminal,
                    is_stopped=lambda: self.is_stopping,
                    progress=progress,
                    on_mail=on_mail,
                )
                sent = add_next_steps(repository, replace(sent, last=sent.send))
        # the card shows the error, and the outbox has what was sent
        except BaseException as error:  # noqa: BLE001
            self.call_later(self._not_delivered, as_error(error))
        else:
            self.call_later(self._delivered, sent)

    def _mail_step(self, row: int | None, state: str, detail: str) -> None:
        if row is None:
            self._progress = detail
        elif row < len(self._states):
            self._states[row] = (state, detail)
            self._progress = ""
            if state == "sending":
                self.place()
        self.fill(self._at)

    @property
    def _at(self) -> int:
        return next(
            (
                at
                for at, (state, _) in enumerate(self._states)
                if state in ("sending", "pending")
            ),
            len(self._states) - 1,
        )

    def _subject(self) -> str:
        return (
            self._sending.send.entries[self._at].subject
            if self._sending
            else super()._subject()
        )

    def _ended_sending(self) -> None:
        self.tui.sending, self._sending = False, None
        self.session.changed("sent", "followed")

    def _not_delivered(self, error: PatchpilotError) -> None:
        self._ended_sending()
        self.show_error(error)
        self.begin_after()

    def _delivered(self, sent: "Sending") -> None:
        from patchpilot.services.send.send_state import mark_just_sent

        self._ended_sending()
        if sent.request.to_self:
            self.notify(
                "sent to yourself; save the message that you receive and run git am on it",
            )
            self.begin_after()
            return
        self.session.remember(self.stage, sent, status_of(sent))
        if is_good := sent.outcome == "sent":
            seen = mark_just_sent(sent)
            self.session.remember(Stage.PREVIEW, seen, preview_status(seen))
        self.tui.remember()
        # start jobs that became due during the send
        self.tui.jobs.finish_stage(self.stage)
        self._shown = sent
        self.show(sent)
        self.place()
        self.call_after_refresh(self.keys_changed)
        if not is_good:
            self.begin_after()

    def place(self) -> None:
        super().place()
        known = self._shown
        is_before = self.is_whole and self._has_sent and self.current is None
        if is_before and not self._sending and known and known.now:
            self.list_panel.heading = (
                f"v{known.send.version} was sent before; reading what is next …"
            )
            self.list_panel.remove_class("-accepted")

    def _show_end(self, sending: "Sending") -> None:
        assert sending.last
        is_sent = not sending.is_unfinished
        at = parse_stored_time(sending.last.begun).astimezone()
        is_today = at.date() == datetime.now().astimezone().date()
        when = f"{at:{'%H:%M' if is_today else '%Y-%m-%d %H:%M'}}"
        facts = self.session.facts
        is_started = facts is not None and facts.version > sending.last.version
        words = [sending.headline, sending.request.via]
        if facts and is_started:
            words = [f"v{facts.version} has no changes yet", f"sent {when}", *words]
        elif is_sent:
            words.insert(0, f"{glyph('done')} SENT {when}")
        self._lay(sent=True, heading=f" {glyph('dot')} ".join(words))
        self.list_panel.set_class(is_sent and not is_started, "-accepted")
        self.listed.focus()
