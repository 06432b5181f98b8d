# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the To/Cc stage: who gets the patch, in which header, and why.

Recipients can be excluded, added and moved, and some notes can be resolved here.
"""

from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import getters
from textual.app import ComposeResult

from patchpilot.model.recipient import RemedyKind
from patchpilot.tui.screens.recipients_rows import (
    OUT,
    explain_recipient,
    note_rows,
    recipient_rows,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import ShownKeys, bind_keys, key_binding
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import LineDialog, ask_for_answer
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel, TextPanel

if TYPE_CHECKING:
    from patchpilot.recipients.contact_history import FileHistory
    from patchpilot.sending.counted_recipients import CountedRecipients


class RecipientsScreen(StageScreen["CountedRecipients"]):
    """The screen with the recipients of the topic's messages."""

    stage = Stage.RECIPIENTS
    LIST = "#people"
    AUTO_FOCUS = LIST
    BINDINGS = bind_keys(
        key_binding("space", "include", "exclude", "include or exclude the recipient"),
        key_binding("t", "move", "move to To", "move the recipient from Cc to To, or back"),
        key_binding("w", "add", "add recipient", "write the address of another recipient"),
        key_binding("a", "settle", "resolve note", "apply the suggestion of the marked note"),
        key_binding(
            "o",
            "view",
            "one patch",
            "switch between the recipients of one patch and of the whole series",
        ),
    )
    jump_label = "next note"

    _history: "FileHistory | None" = None
    _history_of = ""

    def compose_body(self) -> ComposeResult:
        with Columns(id="recipient-columns"):
            yield Panel(
                RowList(ident="people", enter="why"),
                title="Recipients",
                id="recipient-list",
                classes="main",
            )
            yield Panel(RowList(ident="advice"), title="Notes", id="recipient-notes")
            yield TextPanel("Why", id="recipient-why", classes="detail", focusable=True)

    _note_list = getters.query_one("#advice", RowList)

    def show_result(self, result: "CountedRecipients") -> None:
        super().show_result(result)
        self._note_list.set_rows(
            note_rows(result.advice, self._panel_text_width("#recipient-notes"))
        )
        self._show_note_position()
        self._read_history()

    def build_rows(self) -> list[Row]:
        from patchpilot.recipients.groups import group_recipients

        result = self.shown_result
        columns = (self.row_list.scrollable_content_region.width or self.size.width - 4) - 1
        return recipient_rows(group_recipients(result.rows, result.planned.plan), columns)

    @property
    def shown_keys(self) -> ShownKeys:
        """Show Enter only if the details have no panel, and update the labels of other keys."""
        is_excluded = self.selected_item and self.selected_item[0] == OUT
        view_label = "one patch" if self.session.view == "series" else "series"
        labels = {
            "include": "include" if is_excluded else "exclude",
            "view": view_label,
            "move": f"move to {self._other_header}",
        }
        return ShownKeys(hidden=() if self.has_detail_card else ("select",), labels=labels)

    @property
    def _other_header(self) -> str:
        return "Cc" if self.selected_item and self.selected_item[0] == "To" else "To"

    def show_selected_row(self) -> None:
        result, panel, topic = self.shown_result, self.list_panel, self.session.topic
        topic_text = "the series" if topic and len(topic.commits) > 1 else "the patch"
        scope = f"patch: {result.patch}" if result.patch else topic_text
        panel.heading, panel.count = f"Recipients of {scope}", self.row_list.position
        self.refresh_bindings()
        text = Text()
        if self.selected_item:
            header, recipient = self.selected_item
            columns = self._panel_text_width("#recipient-why")
            text = explain_recipient(result.planned.plan, header, recipient, self._history, columns)
        self.query_one("#recipient-why", TextPanel).text.update(text)

    def _read_history(self) -> None:
        from patchpilot.recipients.history import (
            find_recipient_history,
        )

        session = self.session
        patch = session.position if session.view == "patch" else None
        history_key = f"{session.topic.key if session.topic else ''} {patch}"
        if history_key == self._history_of:
            return
        self._history_of, self._history = history_key, None

        def show_history(history: "FileHistory") -> None:
            self._history = history
            if self._shown is not None:
                self.show_selected_row()

        self.run_in_thread(
            "reading the history of the files",
            lambda repository, _: find_recipient_history(
                repository, session.make_send_request(), patch
            ),
            show_history,
        )

    @property
    def can_jump(self) -> bool:
        """Return whether there is another note to jump to, even before the widgets exist."""
        return any(len(notes.rows) > 1 for notes in self.query("#advice").results(RowList))

    def action_jump(self, direction: int) -> None:
        notes = self._note_list
        if count := notes.option_count:
            notes.highlighted = ((notes.highlighted or 0) + direction) % count
            # the cursor is only visible in the list that has the focus
            notes.focus()
            self._show_note_position()

    def _show_note_position(self) -> None:
        panel = self.query_one("#recipient-notes", Panel)
        panel.display, panel.count = (
            bool(self._note_list.rows),
            self._note_list.position,
        )
        self.refresh_bindings()

    def handle_cursor_move(self, row_list: RowList) -> None:
        super().handle_cursor_move(row_list)
        if row_list is self._note_list:
            self._show_note_position()

    def open_selected_row(self, row_list: RowList) -> None:
        super().open_selected_row(row_list)
        if row_list is self._note_list:
            self.action_settle()

    @property
    def can_settle(self) -> bool:
        selected_notes = [row.selected_item for row in self.query("#advice").results(RowList)]
        return any(note and note.remedy for note in selected_notes)

    @property
    def can_move(self) -> bool:
        # do not move recipients of one patch, because they must be in the same header of every
        # message
        return not (self._shown and self._shown.patch)

    @property
    def can_view(self) -> bool:
        return bool(self.session.topic and len(self.session.topic.commits) > 1)

    def action_settle(self) -> None:
        from patchpilot.tui.actions.questions import (
            ask_named_questions,
            ask_target_tree,
        )

        selected_note = self._note_list.selected_item
        remedy = selected_note.remedy if selected_note else None
        if remedy is None:
            return
        first_value, kind = remedy.values[0], remedy.kind
        if kind is RemedyKind.EXCLUDE:
            self._exclude_recipient(first_value)
        elif kind is RemedyKind.REPLACE:
            self._edit_recipients(
                f"{remedy.instead} replaces {first_value}. Press Space on each to undo",
                drop=[first_value],
                cc=[remedy.instead],
            )
        elif kind is RemedyKind.ADD:
            self._edit_recipients(
                f"Added {first_value} to Cc. Press Space on it to undo",
                cc=[first_value],
            )
        else:
            ask_question = ask_target_tree if kind is RemedyKind.PREFIX else ask_named_questions
            ask_question(self, first_value, self.rerun_stage)

    def _edit_recipients(self, message: str, **changes: Any) -> None:
        from patchpilot.recipients.topic import edit_recipients

        result = self._shown
        if result is None:
            return
        edits = edit_recipients(result.planned, patch=result.patch, **changes)
        # if another key is pressed before the new plan arrives, its edit must include this one
        self._shown = result._replace(planned=result.planned._replace(edits=edits))
        # forget the old plan, so that the message about this change is not replaced with a
        # comparison
        self.session.results.pop(self.stage, None)
        self.notify(message)
        self.rerun_stage("edits")

    def _exclude_recipient(self, email: str) -> None:
        self._edit_recipients(
            f"Excluded {email}. Press Space on it to include it again", drop=[email]
        )

    def action_include(self) -> None:
        if not self.selected_item:
            return
        header, recipient = self.selected_item
        email = recipient.address.email
        if header == OUT:
            self._edit_recipients(f"Included {email}", restore=[email])
        elif recipient.by_hand and recipient.role == "by hand":
            message = f"Removed {email}, which you had added. Press w to add it again"
            self._edit_recipients(message, restore=[email])
        else:
            self._exclude_recipient(email)

    def action_move(self) -> None:
        if self.selected_item and self._can_edit_recipients():
            address, header = self.selected_item[1].address, self._other_header
            self._edit_recipients(
                f"Moved {address.email} to {header}. Press t to undo",
                **{header.lower(): [address.header()]},
            )

    def _can_edit_recipients(self) -> bool:
        if self._shown is None or not self._shown.planned.undisclosed:
            return True
        self.notify(
            "An undisclosed fix is sent to the maintainers and the security team only."
            " To add others, use --to and --cc of patchpilot send"
        )
        return False

    def action_add(self) -> None:
        from patchpilot.sending.counted_recipients import check_recipient_address

        def add_recipient(value: str) -> None:
            self._edit_recipients(
                f"added {value} to Cc",
                cc=[value],
            )

        question = "Add to Cc (press t afterwards to move it to To): Name <name@example.org>"
        if self._can_edit_recipients():
            dialog = LineDialog(
                question,
                lambda text: check_recipient_address(text, self._shown),
                title="Add recipient",
            )
            ask_for_answer(self, dialog, add_recipient)

    def action_view(self) -> None:
        self.session.view = "series" if self.session.view == "patch" else "patch"
        self.rerun_stage()
