# SPDX-License-Identifier: GPL-2.0-or-later
"""The preview stage: every mail byte for byte, the problems that block sending, cover letter and notes."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.errors import PatchpilotError
from patchpilot.model.action import actions
from patchpilot.model.counted import counted
from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.rich_text import STRONG, diff_line, plain
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import Choose, LineDialog, Reader
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.panel import Columns, Panel
from patchpilot.tui.widgets.patch_pager import Pager, patch_stops

if TYPE_CHECKING:
    from patchpilot.model.send_problem import SendProblem
    from patchpilot.services.send.send_plan import SendPlan

NO_SERVER = "no-server"
"""The problem whose help is on the next stage, with the commands for the sender's mail provider."""


def load(ask: JobRequest) -> "tuple[SendPlan | None, StageStatus]":
    """The plan of `patchpilot send --dry-run`: nothing is sent. None before a visit: only the record is read then."""
    from patchpilot.services.send.send_state import plan_topic

    if not ask.visited:
        return None, recorded(ask, Stage.PREVIEW)
    result = plan_topic(ask.repository, ask.session.request(ask.repository), ask.progress)
    return result, status_of(result)


def recorded(ask: JobRequest, stage: Stage) -> StageStatus:
    """The state from the send record; the saved state of the stage where these commits were not sent."""
    from patchpilot.services.send.send_state import topic_on_record

    topic = topic_on_record(ask.repository, ask.session.target, ask.topic.base)
    if topic is None:
        # the error is shown when the stage is visited
        return ask.session.as_it_was(stage)
    if topic.is_unfinished:
        return StageStatus(StageState.BLOCKED, f"{topic.summary}; R resumes it") if stage is Stage.SEND else ask.session.as_it_was(stage)
    if topic.last and not topic.is_begun:
        return StageStatus(StageState.DONE, f"v{topic.last.version} was sent")
    return ask.session.as_it_was(stage)


def status_of(result: "SendPlan") -> StageStatus:
    """The state of a plan; done if it was sent already."""
    from patchpilot.services.send.send_state import was_sent

    if was_sent(result):
        message = next((refusal.message for refusal in result.refusals if refusal.name == "already-sent"), "")
        # the same patches may have been sent from another topic
        return StageStatus(StageState.DONE, message if message and f" v{result.version} " not in message else f"v{result.version} was sent")
    if result.refused:
        return StageStatus(StageState.BLOCKED, result.refusals[0].message)
    treeless = next((warning for warning in result.warnings if warning.name == "missing-target-tree"), None)
    if treeless:
        return StageStatus(StageState.TODO, f"{treeless.message}; x sets the target tree")
    words = f"{counted(len(result.mails), 'mail')} to {counted(len(result.recipients), 'recipient')}"
    return StageStatus(StageState.DONE, words + (f", {counted(len(result.warnings), 'note')}" if result.warnings else ""))


def mail_line(row: str) -> Text:
    """A line of a mail: headers bold, the diff in its colors."""
    return (
        plain(row, STRONG) if row.startswith(("From: ", "To: ", "Cc: ", "Subject: ", "Message-ID: ", "In-Reply-To: ")) else diff_line(row)
    )


def problem_rows(result: "SendPlan", at: Stage = Stage.PREVIEW) -> list[str]:
    """The problems that block sending and the notes, each with its help, in the keys of a stage."""
    problems = [*(("problem", refusal) for refusal in result.refusals), *(("note", warning) for warning in result.warnings)]
    return [f"{word}: {problem.message}" + (f"; {_help(problem, at)}" if problem.hint else "") for word, problem in problems]


def _help(problem: "SendProblem", at: Stage) -> str:
    return f"stage {Stage.SEND.number} shows the git config commands" if problem.name == NO_SERVER else in_keys(problem.hint, at)


class PreviewScreen(StageScreen):
    """The preview stage: the mails to send."""

    stage = Stage.PREVIEW
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "edit cover", tooltip="edit cover letter, changelog and notes in your editor"),
        Binding("x", "prefix", "set tree", tooltip="set the subject prefix, which names the target tree: [PATCH net]"),
        Binding("w", "problems", "show problems", tooltip="show all problems and notes in full"),
        Binding("t", "transport", "switch transport", show=False, tooltip="switch the transport: git send-email or b4"),
        Binding("o", "outbox", "save mails", show=False, tooltip="save the mails in a folder without sending them"),
    ]

    def body(self) -> ComposeResult:
        """The problems, the list of mails, and the selected mail."""
        yield Panel(Static(id="problems", markup=False), title="Problems and notes", id="problems-panel")
        with Columns():
            yield Panel(List(ident="mails"), title="Mails", id="mail-list")
            yield Panel(Pager(ident="mail", styler=mail_line), title="Mail", classes="main")

    def show(self, result: "SendPlan") -> None:
        """Fill all three."""
        from patchpilot.model.printable import crop

        rows = problem_rows(result)
        if status_of(result).state is StageState.DONE and result.refusals:
            rows = [f"{status_of(result).note}; stage {Stage.FOLLOW.number} shows the replies, v there makes the next version"]
        most = 3 if self.size.height < 36 else 6
        cut = [crop(row, max(40, self.size.width - 3)) for row in rows[:most]]
        if len(rows) > most:
            cut[-1] = f"and {len(rows) - most + 1} more; w shows all"
        self.query_one("#problems", Static).update(plain("\n".join(cut)))
        self.query_one("#problems-panel").display = bool(rows)
        chosen = self.query_one("#mails", List)
        chosen.clear_options()
        chosen.add_options(Option(plain(outgoing_mail.subject)) for outgoing_mail in result.outgoing_mails)
        self.query_one("#mail-list").display = len(result.outgoing_mails) > 1
        self._show_one(result, 0)
        (chosen if len(result.outgoing_mails) > 1 else self.query_one("#mail")).focus()

    def _show_one(self, result: "SendPlan", at: int) -> None:
        if at < len(result.mails):
            rows = result.mails[at].raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
            self.query_one("#mail", Pager).fill(rows, stops=patch_stops(rows))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the mail under the cursor."""
        result: SendPlan | None = self.session.last(self.stage)
        if result:
            self._show_one(result, event.option_index)

    def action_problems(self) -> None:
        """Show all problems."""
        result: SendPlan | None = self.session.last(self.stage)
        if result:
            rows = [part for row in problem_rows(result) or ["No problems and no notes."] for part in (row, "")]
            self.app.push_screen(Reader("Problems that block sending" if result.refusals else "Notes", rows, fold=True))

    def action_edit(self) -> None:
        """Edit cover letter, changelog and notes in one text."""
        from patchpilot.services.send.edit_draft import edit
        from patchpilot.services.topic.open_repository import open_repository
        from patchpilot.tui.editing import edit_text

        session = self.session
        base = session.topic.base if session.topic else None
        try:
            with open_repository(session.directory) as repository:
                edit(repository, lambda text: edit_text(self, text), session.target, base)
        except PatchpilotError as error:
            self.show_error(error)
            return
        self._changed()

    def _changed(self) -> None:
        self.session.changed("draft")
        self.tui.jobs.begin(self.stage)

    def action_prefix(self) -> None:
        """Set the subject prefix; the trees of the profile are offered."""
        from patchpilot.services.send.send_state import tree_prefixes

        result: SendPlan | None = self.session.last(self.stage)
        known = result.draft.prefix if result else ""
        answers = [
            ("PATCH", "PATCH (no target tree)"),
            *((f"PATCH {mark}", f"PATCH {mark}") for mark in tree_prefixes()),
            ("other", "Other prefix …"),
        ]
        advised = [action for warning in result.warnings for action in actions(warning.hint)] if result else []
        first = next((action.arguments[1] for action in advised if action.arguments[:1] == ("--subject-prefix",)), known)
        answers.sort(key=lambda answer: answer[0] != first)

        def chosen(choice: str | None) -> None:
            if choice == "other":
                self.app.push_screen(LineDialog("Subject prefix:", _is_prefix, value=known or "PATCH "), taken)
            else:
                taken(choice)

        def taken(value: str | None) -> None:
            if value:
                self._set_prefix(value)

        text = "Which tree should the subject name? Some subsystems require it: [PATCH net] for fixes, [PATCH net-next] for new features."
        self.app.push_screen(Choose(text, answers), chosen)

    def _set_prefix(self, value: str) -> None:
        from patchpilot.services.send.edit_draft import Changes, change

        session = self.session
        base = session.topic.base if session.topic else None
        self.in_thread(
            "saving the prefix",
            lambda repository, _: change(repository, Changes(prefix=value), session.target, base),
            lambda _: self._changed(),
        )

    def action_transport(self) -> None:
        """Switch to the next transport."""
        from patchpilot.services.send.transport_names import next_transport

        result: SendPlan | None = self.session.last(self.stage)
        self.session.via = next_transport(result.request.via if result else "")
        self.session.changed("via")
        self.notify(f"transport: {self.session.via}", timeout=2)
        self.tui.jobs.begin(self.stage)

    def action_outbox(self) -> None:
        """Save the mails as files."""
        result: SendPlan | None = self.session.fresh(self.stage)
        if result is None:
            return

        def answered(value: str | None) -> None:
            if value:
                from patchpilot.services.send.outbox_folder import write_outbox

                self.in_thread(
                    "saving the mails",
                    lambda _, __: write_outbox(result, Path(value).expanduser()),
                    lambda files: self.notify(f"saved {counted(len(files), 'mail')} in {value}", markup=False),
                )

        self.app.push_screen(LineDialog("Folder for the mails:", lambda text: (bool(text.strip()), ""), value="outbox"), answered)


def _is_prefix(text: str) -> tuple[bool, str]:
    from patchpilot.services.send.send_state import judge_prefix

    whole, reason = judge_prefix(text)
    return bool(whole), reason or ("" if whole == text.strip() else f"the prefix will be [{whole}]")
