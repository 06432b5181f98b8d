# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the preview stage.

It lists the messages to send, and shows the selected one (formatted or byte for byte) and its
changes.
"""

from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult

from patchpilot.errors import PatchpilotError
from patchpilot.model.printable import format_count, list_number_ranges, width
from patchpilot.tui.screens.repair_keys import (
    ask_subject_prefix,
    ask_who_receives_patches,
    edit_draft,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.glyphs import join_with_dots
from patchpilot.tui.view.key_bindings import ShownKeys, bind_keys, key_binding
from patchpilot.tui.view.rich_text import fit_text, plain_text
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import DialogOption, ask_for_option
from patchpilot.tui.widgets.diff_view import DiffView, Note
from patchpilot.tui.widgets.keyline import JUMP, NEXT
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel

if TYPE_CHECKING:
    from patchpilot.outgoing.transport import Sending
    from patchpilot.sending.mail_changes import MailChange, MailChanges

SIGNS = {"new": "+", "changed": "~", "same": "="}
"""Signs that show how a message differs from the last version."""
TO_SEND = f"go to {Stage.SEND.label}"
NARROW = 60
"""Columns below which a list shows no sizes next to subjects that they would cut."""
"""The effect of `n` here; its label alone would suggest that it sends the messages."""


def mail_name_and_title(sending: "Sending", index: int) -> tuple[str, str]:
    """Return a message's name in a list ("cover", "2/5" or "patch") and its title."""
    from patchpilot.model.patch import parse_subject

    entries = sending.send.entries
    number, patches = entries[index].number, sum(mail.number > 0 for mail in entries)
    name = "cover" if number == 0 else f"{number}/{patches}" if patches > 1 else "patch"
    return name, parse_subject(entries[index].subject).title


class PreviewScreen(StageScreen["Sending"]):
    """The screen with the messages to send."""

    stage = Stage.PREVIEW
    LIST = "#mails"
    AUTO_FOCUS = "#mail"
    BINDINGS = bind_keys(
        key_binding(
            "e",
            "edit",
            "edit cover",
            "edit cover letter, changelog and notes in your editor",
        ),
        key_binding(
            "o",
            "options",
            "options",
            "set the subject prefix ([PATCH net]), the transport, or the line about the build",
        ),
        key_binding(
            "x",
            "raw",
            "show raw",
            "switch between the raw message and the message as its readers see it",
        ),
    )

    _raw = False
    _changes: "MailChanges | None" = None
    _at = 0

    def compose_body(self) -> ComposeResult:
        with Columns():
            yield Panel(RowList(ident="mails"), title="Messages", id="mail-list")
            yield Panel(DiffView(ident="mail"), title="Message", id="mail-panel", classes="main")

    @property
    def shown_keys(self) -> ShownKeys:
        sending = self._shown
        labels = {NEXT: TO_SEND, "raw": "show text" if self._raw else "show raw"}
        if sending is None:
            return ShownKeys(labels=labels)
        if len(sending.send.entries) <= 1:
            labels["edit"] = "edit changelog" if sending.send.version > 1 else "edit notes"
        labels[JUMP] = "next change" if self._changes else "next hunk"
        return ShownKeys(labels=labels)

    def show_result(self, result: "Sending") -> None:
        from patchpilot.sending.mail_changes import compare_with_last_version

        self._changes = compare_with_last_version(result)
        panel, mail_count = self.list_panel, len(result.send.entries)
        self.refill_list(min(self._at, mail_count - 1))
        panel.heading, panel.count = format_count(mail_count, "message"), ""
        if changes := self._changes:
            dropped = f", {len(changes.dropped)} dropped" if changes.dropped else ""
            panel.count = f"compared with v{changes.version}{dropped}"
        self.redraw_keys()
        # hide a list with one entry, because it offers no choice
        panel.display = mail_count > 1
        (self.row_list if panel.display else self.query_one("#mail")).focus()

    def update_titles(self) -> None:
        super().update_titles()
        topic = self.session.topic
        if not self.has_all_widgets or self._shown is not None or topic is None:
            return
        count = len(topic.commits)
        self.list_panel.heading = (
            f"{format_count(count, 'patch', 'patches')}: preparing the messages, Esc stops"
        )
        if not self.row_list.rows:
            self.row_list.set_rows(
                Row(plain_text(f" {number}/{count} {commit.subject}"))
                for number, commit in enumerate(topic.commits, 1)
            )

    def build_rows(self) -> list[Row]:
        sending = self.shown_result
        return [
            Row(self._mail_row(sending, index), index, index)
            for index in range(len(sending.send.entries))
        ]

    def _mail_facts(self, sending: "Sending", index: int) -> str:
        mail, change = sending.send.entries[index], self._mail_change(index)
        facts = f"{len(mail.raw) / 1024:.1f} kB"
        return f"{SIGNS[change.state]} {change.state}, {facts}" if change else facts

    def _mail_row(self, sending: "Sending", index: int) -> Text:
        name, title = mail_name_and_title(sending, index)
        facts = self._mail_facts(sending, index)
        columns = self.row_list.scrollable_content_region.width or 78
        if columns < min(NARROW, width(title) + width(facts)):
            facts = ""
        name_and_title = fit_text(f" {name:5} {title}", columns - width(facts) - 2)
        return Text.assemble(plain_text(name_and_title), "  ", plain_text(facts, "dim"))

    def _mail_change(self, index: int) -> "MailChange | None":
        return (
            self._changes.mails[index]
            if self._changes and index < len(self._changes.mails)
            else None
        )

    def show_selected_row(self) -> None:
        from patchpilot.sending.readable_mail import (
            format_raw_mail,
            format_readable_mail,
        )

        sending, index = self.shown_result, self.selected_item
        if index is None:
            return
        self._at = index
        mail, change = sending.send.entries[index], self._mail_change(index)
        rows = format_raw_mail(mail) if self._raw else format_readable_mail(mail)
        self.query_one("#mail", DiffView).set_rows(rows, notes=self._change_notes(change))
        panel = self.query_one("#mail-panel", Panel)
        panel.heading = join_with_dots(mail.subject, "raw" if self._raw else "")
        # leave out the list if there is only one message
        comparison = f", compared with v{self._changes.version}" if change and self._changes else ""
        panel.count = (
            self.row_list.position
            if len(sending.send.entries) > 1
            else f"{self._mail_facts(sending, index)}{comparison}"
        )

    def _change_notes(self, change: "MailChange | None") -> list[Note]:
        if change is None or self._changes is None or self._raw:
            return []
        text = f"new since v{self._changes.version}: "
        return [
            Note(last, SIGNS["changed"], "info", text + format_count(last - first + 1, "line"))
            for first, last in list_number_ranges(change.lines)
        ]

    def handle_cursor_move(self, row_list: RowList) -> None:
        if self.selected_item != self._at:
            self.show_selected_row()

    def redraw_after_resize(self) -> None:
        self.row_list.set_rows(self.build_rows())

    def action_raw(self) -> None:
        self._raw = not self._raw
        if self._shown:
            self.show_selected_row()
            self.redraw_keys()

    def action_edit(self) -> None:
        edit_draft(self, partial(self.rerun_stage, "draft"))

    def action_options(self) -> None:
        sending = self._shown
        transport = f"now {sending.request.via}" if sending else ""
        on_done = partial(self.rerun_stage, "draft")
        options = [
            DialogOption(
                "Target tree",
                f"the subject prefix: now [{self.session.subject_prefix}]",
                partial(ask_subject_prefix, self, sending, on_done),
            ),
            DialogOption("Switch transport", transport, self._switch_transport),
            DialogOption(
                "How it was tested",
                "adds or removes the lines with your answer and the configurations that were built",
                self._toggle_tested_lines,
            ),
        ]
        if sending and len(sending.series.patches) > 1:
            per_recipient = DialogOption(
                "Patches for each recipient",
                "all patches, or their own and the cover letter",
                partial(ask_who_receives_patches, self, sending, on_done),
            )
            options.insert(2, per_recipient)
        ask_for_option(self, "What do you want to set?", options, "Options")

    def _switch_transport(self) -> None:
        from patchpilot.sending.transport_names import next_transport

        old_transport = self._shown.request.via if self._shown else ""
        self.session.via = next_transport(old_transport)
        replaced_text = f" instead of {old_transport}" if old_transport else ""
        transport = f"{self.session.via}{replaced_text}"
        self.notify(f"transport: {transport}; press o to switch again")
        self.rerun_stage("via")

    def _toggle_tested_lines(self) -> None:
        from patchpilot.model.draft import COMPILE_TESTED
        from patchpilot.sending.questions import make_tested_question
        from patchpilot.tui.actions.questions import ask_questions

        sending = self.current_result
        if sending is None:
            return
        if sending.draft.answers.get(COMPILE_TESTED) == "yes":
            self._set_tested_lines(enabled=False)
        else:
            question = make_tested_question(sending.draft)
            ask_questions(self, [question], partial(self._set_tested_lines, enabled=True))

    def _set_tested_lines(self, *, enabled: bool) -> None:
        from patchpilot.sending.build_proof import set_tested_lines

        try:
            with self.session.open_repository() as repository:
                request = self.session.make_send_request(repository)
                lines = set_tested_lines(repository, request, enabled=enabled)
        except PatchpilotError as error:
            self.notify(
                f"{error.message}; press o at stage {Stage.CHECKS.number} to build them",
            )
            return
        self.notify(lines or "the lines about tests were removed")
        self.rerun_stage("draft")
