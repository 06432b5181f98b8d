# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the send stage.

It shows the pre-flight card with its verdict and ways to fix problems, asks the user to type a
confirmation, and shows one line per message and the next steps after sending.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import ComposeResult

from patchpilot.errors import PatchpilotError
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.printable import capitalize_sentence, format_count, make_one_line
from patchpilot.tui.screens.preview_rows import plan_status as preview_status
from patchpilot.tui.screens.repair_keys import (
    ask_subject_prefix,
    ask_who_receives_patches,
    edit_draft,
)
from patchpilot.tui.screens.send_rows import (
    REPAIRS,
    check_rows,
    describe_mails,
    is_fixable,
    mail_row,
    next_step_rows,
    progress_rows,
    repair_help,
    repair_stage,
    send_question,
    send_status,
)
from patchpilot.tui.stage.job_errors import to_patchpilot_error
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.stage.thread_jobs import run_in_new_thread
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph, join_with_dots
from patchpilot.tui.view.key_bindings import ShownKeys, bind_keys, key_binding, more_key
from patchpilot.tui.view.rich_text import (
    QUIET,
    highlight_code,
    join_lines,
)
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import (
    Choose,
    Confirm,
    DialogOption,
    ask_for_answer,
    ask_for_confirmation,
    ask_for_option,
)
from patchpilot.tui.widgets.keyline import NEXT
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel, TextPanel
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.model.send_problem import CheckLine
    from patchpilot.outgoing.transport import Sending


BEFORE = frozenset(("repair", "to_self", "passed"))
"""Actions available only before sending."""


class SendScreen(StageScreen["Sending"]):
    """The screen that shows the pre-flight card and sends the messages."""

    stage = Stage.SEND
    LIST = "#checks"
    AUTO_FOCUS = LIST
    BINDINGS = bind_keys(
        key_binding(
            "escape",
            "cancel",
            "stop after this message",
            "stop after the message that is being sent",
        ),
        key_binding(
            "s",
            "send",
            "send",
            "send the messages, after confirmation, or resume an interrupted send",
        ),
        key_binding("a", "repair", "fix", "fix the problem that the selected check found"),
        key_binding(
            "m",
            "to_self",
            "send to yourself",
            "send the messages to yourself only, as a test",
        ),
        more_key("x", "passed", "show passed", "show the checks that passed, or hide them"),
    )

    _sending: "Sending | None" = None
    _states: list[tuple[str, str]]
    _progress = ""
    _has_sent = _shows_all = is_stopping = sends_next = _has_asked_test = False

    def compose_body(self) -> ComposeResult:
        with Columns():
            yield Panel(
                RowList(ident="checks"),
                PlainText("check"),
                title="Ready?",
                id="ready",
                classes="main",
            )
            yield TextPanel("Messages to send", id="to-send")

    def _show_list(self, *, has_sent: bool, heading: str, count: str = "") -> None:
        self._has_sent = has_sent
        self.set_class(has_sent, "-sent")
        panel = self.list_panel
        panel.remove_class("-accepted")
        panel.heading, panel.count = heading, count
        self.call_after_refresh(self.refill_list)

    @property
    def shown_keys(self) -> ShownKeys:
        """Put the keys a and A before s, and hide keys that could disturb a running send."""
        plan, hidden, send_label = self._shown, {"cancel"}, "send"
        if self._sending:
            hidden = {"send", *BEFORE, "leave", NEXT}
            hidden |= {"cancel"} if self.is_stopping else set()
        elif self._has_sent:
            hidden |= BEFORE | ({"send"} if self._merge else set())
            send_label = "resume" if self._is_send_unfinished else "resend"
        elif plan:
            hidden |= {"send"} if plan.refused or plan.blocking_problem else set()
            has_nothing_fixable = not any(map(is_fixable, plan.checks))
            hidden |= {"repair"} if has_nothing_fixable else set()
        passed_label = "hide passed" if self._shows_all else "show passed"
        does = "answer" if plan and plan.open_questions else "fix"
        labels = {"send": send_label, "passed": passed_label, "repair": does}
        return ShownKeys(hidden=hidden, labels=labels)

    @property
    def _merge(self) -> str:
        """Return a text about the merge of the sent patch, or "" if it may be sent again.

        A plan from before the merge does not have it.
        """
        problem = self._shown.upstream_problem if self._shown else None
        merge = problem.message if problem else "the patch was merged" * self.session.is_merged
        return "" if self._is_send_unfinished else merge

    @property
    def _is_send_unfinished(self) -> bool:
        return bool(self._shown and self._shown.is_unfinished)

    def show_result(self, result: "Sending") -> None:
        if self._sending:
            return
        if result.now or result.link:
            self._show_send_result(result)
        else:
            self._show_plan(result)
            if self.sends_next and not result.open_questions:
                self.action_send()
        self.sends_next = False
        self.redraw_keys()

    def _show_plan(self, plan: "Sending") -> None:
        question_count, headline = len(plan.open_questions), plan.readiness
        if any(warning.name == "open-review" for warning in plan.warnings):
            headline += "; reviewers wait for answers"
        question_text = f"s asks the {format_count(question_count, 'question')} first"
        is_asked = question_count and not plan.refused and not plan.blocking_problem
        self._show_list(
            has_sent=False,
            heading=capitalize_sentence(headline),
            count=question_text if is_asked else "",
        )
        self.row_list.focus()

    def build_rows(self) -> list[Row]:
        sending = self._shown
        columns = self.row_list.scrollable_content_region.width or self._panel_text_width("#ready")
        if self._sending:
            return progress_rows(self._sending, self._states, self._progress, columns)
        if sending and self._has_sent and sending.last:
            return [
                mail_row(index, str(mail.state), mail.subject, mail.detail, columns)
                for index, mail in enumerate(sending.last.entries)
            ]
        return check_rows(sending, columns, shows_all=self._shows_all) if sending else []

    def action_passed(self) -> None:
        self._shows_all = not self._shows_all
        if self._shown is not None and not self._has_sent:
            self.refill_list()

    def show_selected_row(self) -> None:
        """Show the selected check and how to fix it, with the messages or, after sending, the next
        steps.
        """
        plan, size, columns = (
            self._sending or self._shown,
            self.size,
            self._panel_text_width("#to-send"),
        )
        check: CheckLine | None = None if self._has_sent else self.selected_item
        row, rows = self.row_list.selected_row, list[Text]()
        if check and row and make_one_line(check.message) not in row.text.plain:
            # show the whole message here, because the row is too narrow for it
            rows.append(highlight_code(make_one_line(check.message)))
        if check and repair_help(check):
            rows.append(highlight_code(repair_help(check), QUIET))
        self.show_rows("#check", rows)
        if plan is None:
            return
        counted_messages = format_count(len(plan.send.waiting_messages), "message")
        heading = f"{counted_messages}, {format_count(len(plan.recipients), 'recipient')}"
        text = describe_mails(plan, size, columns)
        if self._has_sent and not self._sending:
            heading = "What to do" if plan.is_unfinished else "Next"
            if self._merge and not plan.upstream_problem:
                plan = replace(plan, now=(self._merge,))
            text = join_lines(next_step_rows(plan, columns))
        panel = self.query_one("#to-send", TextPanel)
        panel.heading = heading
        panel.text.update(text)

    def open_selected_row(self, row_list: RowList) -> None:
        self.action_repair()

    def action_repair(self) -> None:
        """Fix the selected check's problem here or at another stage."""
        # after a send, the list shows messages instead of checks
        if self._has_sent:
            return
        check, plan = self.selected_item, self.current_result
        if plan is None:
            problem = "not ready yet"
        elif check is None or check.state == "ok":
            problem = "nothing to fix: this check passed"
        elif check.name in REPAIRS:
            self._repair_functions()[REPAIRS[check.name][0]](plan)
            return
        elif stage := repair_stage(check):
            self.tui.action_stage(str(stage))
            return
        else:
            problem = replace_commands(check.hint, Stage.SEND) or "fix it manually"
        self.notify(problem, severity="warning")

    def handle_draft_change(self) -> None:
        self.reread_topic()
        self.rerun_stage("draft")

    def show_blocking_problem(self, plan: "Sending") -> None:
        from patchpilot.model.send_problem import NO_SERVER

        assert plan.blocking_problem
        if plan.blocking_problem != NO_SERVER:
            self.show_error(
                PatchpilotError(
                    plan.blocking_problem.message,
                    hint=str(plan.blocking_problem.hint),
                )
            )
            return
        self.set_up_mail_account()

    def set_up_mail_account(self) -> None:
        from patchpilot.topic.edit_commits import run_mail_setup
        from patchpilot.tui.actions.editing import suspend_app

        with self.session.open_repository() as repository:
            top = repository.top
        with suspend_app(self.app, leaves_no_text=True):
            problem = run_mail_setup(top)
        self.handle_draft_change()
        if problem:
            self.notify(problem, severity="warning")

    def _repair_functions(self) -> "dict[str, Callable[[Sending], None]]":
        return {
            "tree": lambda plan: ask_subject_prefix(self, plan, self.handle_draft_change),
            "edit": lambda _: edit_draft(self, self.handle_draft_change),
            "to_self": lambda _: self.action_to_self(),
            "to_cover": lambda plan: ask_who_receives_patches(self, plan, self.handle_draft_change),
            "arrival": self._ask_arrival,
            "security": lambda _: self._ask_open_questions("security"),
            "regression": lambda _: self._ask_open_questions("regression"),
            "server": lambda _: self.set_up_mail_account(),
            "build": lambda _: self._build_commits(),
            "resend": self._ask_resend,
        }

    def _build_commits(self) -> None:
        """Build the commits at the stage that shows the findings of the build."""
        if self.session.topic:
            self.session.builds = self.session.topic.key
        self.session.mark_changed("builds")
        self.tui.action_stage(str(Stage.CHECKS))

    def _ask_arrival(self, plan: "Sending") -> None:
        """Ask whether a message sent with the plan's account arrived, and record it."""
        from patchpilot.setup.diagnose import record_arrival

        def show_recorded(text: str) -> None:
            self.notify(text)
            self.rerun_stage("sent")

        def record(answer: str) -> None:
            if answer == "no":
                self.action_to_self()
                return
            request = plan.request
            self.run_in_thread(
                "recording that messages arrive",
                lambda repository, _: record_arrival(repository, request.via, request.identity),
                show_recorded,
            )

        text = f"Has a message that you sent with {plan.account.label} arrived?"
        answers = (
            ("yes", "Yes, messages arrive"),
            ("no", "No, or not yet: send the messages to yourself"),
        )
        ask_for_answer(self, Choose(text, answers, "Send"), record)

    def _ask_open_questions(self, name: str = "") -> None:
        from patchpilot.tui.actions.questions import ask_named_questions

        ask_named_questions(self, name, partial(self._continue_send, sends=not name))

    def _continue_send(self, *, sends: bool = True) -> None:
        self.sends_next = sends
        self.rerun_stage()

    def _ask_how_tested(self, plan: "Sending") -> None:
        """Ask how the code was tested, if that is not known, and then for the confirmation."""
        from patchpilot.sending.questions import find_open_tested_question
        from patchpilot.tui.actions.questions import ask_questions

        question = find_open_tested_question(plan)
        if self._has_asked_test or question is None:
            # the next send asks again, unless this one was confirmed
            self._has_asked_test = False
            self._confirm_send(plan)
        else:
            ask_questions(self, [question], self._continue_after_test)

    def _continue_after_test(self) -> None:
        # Escape cancels the send, and the next one asks again
        self._has_asked_test = True
        self._continue_send()

    def action_send(self) -> None:
        plan = self.current_result
        if self._is_send_unfinished and not self.tui.sending:
            self._ask_resume(self.shown_result)
        elif plan is None or self.tui.sending:
            self.notify("not ready yet")
        elif plan.is_sent and self._merge:
            self.notify(f"nothing is left to send: {self._merge}")
        elif plan.is_sent:
            self._ask_resend(plan)
        elif plan.refused:
            message = f"{plan.readiness}; press a to fix the selected problem"
            self.notify(message, severity="warning")
        elif plan.blocking_problem:
            self.show_blocking_problem(plan)
        elif plan.open_questions:
            self._ask_open_questions()
        else:
            self._ask_how_tested(plan)

    def _confirm_send(self, plan: "Sending") -> None:
        if not self.is_current:
            # another dialog is open, such as this one
            return
        text, details = send_question(plan)
        # show the recipients in a part that scrolls, because they may not fit on the terminal
        dialog = Confirm(text, "send", title="Send", mail_lines=details)
        ask_for_confirmation(self, dialog, partial(self.send_now, plan))

    def _ask_resend(self, sending: "Sending") -> None:
        def confirm_new_plan(new_plan: "Sending") -> None:
            if new_plan.refused or new_plan.blocking_problem:
                self.notify(new_plan.explained_readiness, severity="warning")
            else:
                self._confirm_send(new_plan)

        stage, words, key = Stage.FOLLOW, "Start the next version", "press v"
        if not sending.is_sent:
            stage, words, key = Stage.COMMIT, "Change the commits first", "e edits the message"
        options = [
            DialogOption(
                "Resend as [PATCH RESEND]",
                "the same patches, if nobody replied; you confirm it first",
                partial(self._plan_send, confirm_new_plan, resend=True),
            ),
            DialogOption(
                words,
                f"go to {stage.label}; {key} there",
                partial(self.tui.action_stage, str(stage)),
            ),
        ]
        version = sending.last.version if sending.last else sending.send.version
        text = f"v{version} was sent. What do you want to do?"
        ask_for_option(self, text, options if sending.is_sent else options[::-1], "Send")

    def _plan_send(self, on_planned: "Callable[[Sending], None]", **options: bool) -> None:
        from patchpilot.sending.plan import plan_sending

        session = self.session
        self.run_in_thread(
            "preparing the messages",
            lambda repository, progress: plan_sending(
                repository,
                session.make_send_request(repository, **options),
                progress=progress,
            ),
            on_planned,
        )

    def action_to_self(self) -> None:
        if self._has_sent:
            return
        shown_plan = self._shown
        if shown_plan and shown_plan.blocking_problem:
            self.show_blocking_problem(shown_plan)
            return

        def confirm_plan(plan_to_self: "Sending") -> None:
            text = (
                f"Send {format_count(len(plan_to_self.send.entries), 'message')} to yourself only"
                f" ({plan_to_self.account.sender})?"
            )
            text = "\n\n".join((text, *map(str, plan_to_self.remarks)))
            question = Choose(text, (("yes", "Send to yourself"), ("no", "Cancel")), "Send")
            ask_for_confirmation(self, question, lambda: self.send_now(plan_to_self))

        self._plan_send(confirm_plan, to_self=True)

    def _ask_resume(self, sending: "Sending") -> None:
        """Resume the last send with the same Message-IDs, asking whether uncertain messages
        were delivered.
        """
        last_send = sending.last
        if last_send is None or all(entry.state != "unknown" for entry in last_send.entries):
            self._resume_send("keep")
            return
        archive_text = "" if last_send.undisclosed else " or the mailing list archive"
        text = (
            "The server may or may not have accepted some of the messages. Check your Sent"
            f" folder{archive_text}. Were they delivered?"
        )
        answers = (
            *((("lookup", "Look for them in the archive"),) if archive_text else ()),
            ("sent", "Yes, they were delivered"),
            ("lost", "No, send them again"),
            ("keep", "I don't know: skip them"),
        )
        ask_for_answer(self, Choose(text, answers, "Send"), self._resume_send)

    def _resume_send(self, unknown: str) -> None:
        from patchpilot.sending.state import plan_remaining_messages

        session = self.session
        self.run_in_thread(
            "preparing to resume",
            lambda repository, progress: plan_remaining_messages(
                repository,
                session.read_settings(repository),
                session.make_send_request(repository),
                unknown,
                progress,
            ),
            lambda plan: (self._confirm_send if plan.send.waiting_messages else self.send_now)(
                plan
            ),
        )

    def action_cancel(self) -> None:
        if not self._sending:
            super().action_cancel()
        elif not self.is_stopping:
            self.is_stopping = True
            self.redraw_keys()
            self.notify("stopping after this message; press s to send the rest")

    def send_now(self, plan: "Sending") -> None:
        self.tui.sending = True
        self._sending, self._progress = plan, ""
        self.is_stopping = self._has_asked_test = False
        self._states = [(str(mail.state), "") for mail in plan.send.entries]
        transport = f"{plan.request.via}, {plan.account.label}"
        self._show_list(has_sent=True, heading=f"Sending through {transport}")
        self.redraw_keys()
        self.session.busy[self.stage] = "sending …"
        self.update_titles()
        if plan.account.needs_login:
            # let git ask for the password on the terminal
            from patchpilot.tui.actions.editing import suspend_app

            with suspend_app(self.app):
                print(
                    f"\n{format_count(len(plan.send.entries), 'message')}, transport"
                    f" {plan.account.label}: git asks for the password here\n"
                )
                self._deliver_mails(plan, terminal=True)
        else:
            run_in_new_thread(self, partial(self._deliver_mails, plan, terminal=False), "send")

    def _deliver_mails(self, plan: "Sending", *, terminal: bool) -> None:
        """Send the messages in a thread and show each step.

        If `terminal` is set, send them in the foreground, because git asks for a password.
        """
        from patchpilot.sending.mails import deliver_mails
        from patchpilot.sending.state import add_next_steps

        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            line = f"{done}/{total} {what}" if total else what
            if terminal:
                print(line)
            elif not total:
                self.call_later(self._show_mail_state, None, "", line)

        def on_mail(index: int, outcome: Any) -> None:
            self.call_later(self._show_mail_state, index, str(outcome.state), outcome.detail)

        try:
            with self.session.open_repository() as repository:
                sending = deliver_mails(
                    repository,
                    plan,
                    terminal=terminal,
                    is_stopped=lambda: self.is_stopping,
                    progress=progress,
                    on_mail=on_mail,
                )
                sending = add_next_steps(repository, replace(sending, last=sending.send))
        # catch all errors, because the card shows them and the outbox records what was sent
        except BaseException as error:  # noqa: BLE001
            self.call_later(self._handle_send_failure, to_patchpilot_error(error))
        else:
            self.call_later(self._handle_delivery, sending)

    def _show_mail_state(self, row: int | None, state: str, detail: str) -> None:
        if row is None:
            self._progress = detail
        elif row < len(self._states):
            self._states[row] = (state, detail)
            self._progress = ""
            if state == "sending":
                self.update_titles()
        self.refill_list(self._current_mail_index)

    @property
    def _current_mail_index(self) -> int:
        return next(
            (
                index
                for index, (state, _) in enumerate(self._states)
                if state in ("sending", "pending")
            ),
            len(self._states) - 1,
        )

    def _title_subject(self) -> str:
        return (
            self._sending.send.entries[self._current_mail_index].subject
            if self._sending
            else super()._title_subject()
        )

    def _finish_sending(self) -> None:
        self.tui.sending, self._sending = False, None
        self.session.mark_changed("sent", "followed")

    def _handle_send_failure(self, error: PatchpilotError) -> None:
        self._finish_sending()
        self.show_error(error)
        self.rerun_stage()

    def _handle_delivery(self, sending: "Sending") -> None:
        from patchpilot.sending.state import mark_just_sent

        self._finish_sending()
        if sending.request.to_self:
            self._report_test_send(sending)
            self.rerun_stage()
            return
        self.session.store_result(self.stage, sending, send_status(sending))
        if is_complete := sending.outcome == "sent":
            sent_plan = mark_just_sent(sending)
            self.session.store_result(Stage.PREVIEW, sent_plan, preview_status(sent_plan))
        self.tui.save_progress()
        # start jobs that became due during the send
        self.tui.jobs.finish_stage(self.stage)
        self._shown = sending
        self.show_result(sending)
        self.update_titles()
        self.call_after_refresh(self.redraw_keys)
        if not is_complete:
            self.rerun_stage()

    def _report_test_send(self, result: "Sending") -> None:
        from patchpilot.sending.mails import describe_test

        if result.outcome == "sent":
            if result.unverified:
                self.notify(
                    "\n".join(map(str, (result.outcome_line, *result.advice))), severity="warning"
                )
                return
            base = result.last.base if result.last else None
            self.notify(f"sent to yourself; {describe_test(base)}")
            return
        lines = filter(None, (result.outcome_line, result.server_reply))
        message = "\n".join(map(make_one_line, lines))
        self.show_error(PatchpilotError(message, hint=next(iter(result.advice), "")))

    def update_titles(self) -> None:
        super().update_titles()
        plan = self._shown
        is_outdated = self.has_all_widgets and self._has_sent and self.current_result is None
        if is_outdated and not self._sending and plan and plan.now:
            self.list_panel.heading = (
                f"v{plan.send.version} was sent before; reading what is next …"
            )
            self.list_panel.remove_class("-accepted")
        if self.has_all_widgets and self._has_sent and self._merge:
            self.show_selected_row()

    def _show_send_result(self, sending: "Sending") -> None:
        assert sending.last
        is_sent = not sending.is_unfinished
        begin_time = parse_stored_time(sending.last.begun).astimezone()
        is_today = begin_time.date() == datetime.now().astimezone().date()
        begun_text = f"{begin_time:{'%H:%M' if is_today else '%Y-%m-%d %H:%M'}}"
        facts = self.session.facts
        is_started = facts is not None and facts.version > sending.last.version
        heading_parts = [sending.headline, sending.request.via]
        if facts and is_started:
            heading_parts = [
                f"v{facts.version} has no changes yet",
                f"sent {begun_text}",
                *heading_parts,
            ]
        elif is_sent:
            heading_parts.insert(0, f"{glyph('done')} SENT {begun_text}")
        self._show_list(has_sent=True, heading=join_with_dots(*heading_parts))
        is_accepted = is_sent and not is_started and not sending.unverified
        self.list_panel.set_class(is_accepted, "-accepted")
        self.row_list.focus()
