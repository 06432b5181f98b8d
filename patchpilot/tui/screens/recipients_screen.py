# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the To/Cc stage: who gets the patch, in which header, and why.

Recipients can be excluded, added and moved, and some notes can be resolved here.
"""

from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType

from patchpilot.model.recipient import RemedyKind
from patchpilot.tui.screens.recipients_rows import (
    OUT,
    group_recipients,
    note_rows,
    recipient_rows,
    why_text,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import LineDialog, ask_answer
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel, TextPanel

if TYPE_CHECKING:
    from patchpilot.services.maintainers.recipient_history import FileHistory
    from patchpilot.services.send.counted_recipients import CountedRecipients


BINDINGS: list[BindingType] = [
    key("space", "include", "exclude", "include or exclude the recipient"),
    key("t", "move", "move to To", "move the recipient from Cc to To, or back"),
    key("w", "add", "add recipient", "write the address of another recipient"),
    key("a", "settle", "resolve note", "apply the suggestion of the marked note"),
    key(
        "o",
        "view",
        "one patch",
        "switch between the recipients of one patch and of the whole series",
    ),
]


class RecipientsScreen(StageScreen["CountedRecipients"]):
    """The screen with the recipients of the topic's messages."""

    stage = Stage.RECIPIENTS
    LIST = "#people"
    AUTO_FOCUS = LIST
    BINDINGS = BINDINGS
    jump_label = "next note"

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._history: FileHistory | None = None
        self._history_of = ""

    def body(self) -> ComposeResult:
        with Columns(id="recipient-columns"):
            yield Panel(
                RowList(ident="people", enter="why"),
                title="Recipients",
                id="recipient-list",
                classes="main",
            )
            yield Panel(RowList(ident="advice"), title="Notes", id="recipient-notes")
            yield TextPanel("Why", id="recipient-why", classes="detail", focusable=True)

    @property
    def _notes(self) -> RowList:
        return self.query_one("#advice", RowList)

    def show(self, result: "CountedRecipients") -> None:
        super().show(result)
        self._notes.fill(note_rows(result.advice, self._columns("#recipient-notes")))
        self._show_note()
        self._read_history()

    def rows(self) -> list[Row]:
        known = self.shown
        room = (self.listed.scrollable_content_region.width or self.size.width - 4) - 1
        return recipient_rows(group_recipients(known.rows, known.planned.plan), room)

    @property
    def shown_keys(self) -> ShownKeys:
        """Show Enter only if the details have no panel, and update the labels of other keys."""
        is_out = self.chosen and self.chosen[0] == OUT
        view = "one patch" if self.session.view == "series" else "series"
        labels = {
            "include": "include" if is_out else "exclude",
            "view": view,
            "move": f"move to {self._other_header}",
        }
        return ShownKeys(
            hidden=frozenset(() if self.has_card else ("select",)), labels=labels
        )

    @property
    def _other_header(self) -> str:
        return "Cc" if self.chosen and self.chosen[0] == "To" else "To"

    def detail(self) -> None:
        known, panel, topic = self.shown, self.list_panel, self.session.topic
        whole = "the series" if topic and len(topic.commits) > 1 else "the patch"
        about = f"patch: {known.patch}" if known.patch else whole
        panel.heading, panel.count = f"Recipients of {about}", self.listed.position
        self.refresh_bindings()
        text = Text()
        if self.chosen:
            header, recipient = self.chosen
            columns = self._columns("#recipient-why")
            text = why_text(
                known.planned.plan, header, recipient, self._history, columns
            )
        self.query_one("#recipient-why", TextPanel).text.update(text)

    def _read_history(self) -> None:
        from patchpilot.services.maintainers.recipient_history import (
            find_recipient_history,
        )

        session = self.session
        patch = session.at if session.view == "patch" else None
        wanted = f"{session.topic.key if session.topic else ''} {patch}"
        if wanted == self._history_of:
            return
        self._history_of, self._history = wanted, None

        def handle_next(history: "FileHistory") -> None:
            self._history = history
            if self._shown is not None:
                self.detail()

        self.in_thread(
            "reading the history of the files",
            lambda repository, _: find_recipient_history(
                repository, session.request(), patch
            ),
            handle_next,
        )

    @property
    def can_jump(self) -> bool:
        """Return whether there is a note to jump to, even before the widgets exist."""
        return any(notes.rows for notes in self.query("#advice").results(RowList))

    def action_jump(self, by: int) -> None:
        notes = self._notes
        if count := notes.option_count:
            notes.highlighted = ((notes.highlighted or 0) + by) % count
            self._show_note()

    def _show_note(self) -> None:
        panel = self.query_one("#recipient-notes", Panel)
        panel.display, panel.count = bool(self._notes.rows), self._notes.position
        self.refresh_bindings()

    def moved(self, listed: RowList) -> None:
        super().moved(listed)
        if listed is self._notes:
            self._show_note()

    def open_selected(self, listed: RowList) -> None:
        super().open_selected(listed)
        if listed is self._notes:
            self.action_settle()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "settle":
            marked = self._notes.chosen if self.can_jump else None
            return bool(marked and marked.remedy)
        if action == "move":
            # a recipient must be in the same header of every message
            return not (self._shown and self._shown.patch)
        if action == "view":
            return bool(self.session.topic and len(self.session.topic.commits) > 1)
        return super().check_action(action, parameters)

    def action_settle(self) -> None:
        from patchpilot.tui.actions.questions import ask_named, ask_tree

        marked = self._notes.chosen
        remedy = marked.remedy if marked else None
        if remedy is None:
            return
        first, kind = remedy.values[0], remedy.kind
        if kind is RemedyKind.EXCLUDE:
            self._exclude(first)
        elif kind is RemedyKind.REPLACE:
            self._edit(
                f"{remedy.instead} replaces {first}. Press Space on each to undo",
                drop=[first],
                cc=[remedy.instead],
            )
        elif kind is RemedyKind.ADD:
            self._edit(f"Added {first} to Cc. Press Space on it to undo", cc=[first])
        else:
            ask = ask_tree if kind is RemedyKind.PREFIX else ask_named
            ask(self, first, self.begin_after)

    def _edit(self, words: str, **changes: Any) -> None:
        from patchpilot.topic.topic_recipients import edit

        known = self._shown
        if known is None:
            return
        edits = edit(known.planned, patch=known.patch, **changes)
        # if another key is pressed before the new plan arrives, its edit must include this one
        self._shown = known._replace(planned=known.planned._replace(edits=edits))
        # the message names the change, so compare the new plan with nothing
        self.session.found.pop(self.stage, None)
        self.notify(words)
        self.begin_after("edits")

    def _exclude(self, email: str) -> None:
        self._edit(
            f"Excluded {email}. Press Space on it to include it again", drop=[email]
        )

    def action_include(self) -> None:
        if not self.chosen:
            return
        header, recipient = self.chosen
        email = recipient.address.email
        if header == OUT:
            self._edit(f"Included {email}", restore=[email])
        elif recipient.by_hand and recipient.role == "by hand":
            words = f"Removed {email}, which you had added. Press w to add it again"
            self._edit(words, restore=[email])
        else:
            self._exclude(email)

    def action_move(self) -> None:
        if self.chosen and self._may_place():
            address, header = self.chosen[1].address, self._other_header
            self._edit(
                f"Moved {address.email} to {header}. Press t to undo",
                **{header.lower(): [address.header()]},
            )

    def _may_place(self) -> bool:
        """Return whether recipients can be added and moved in this view. If not, report why."""
        if self._shown is None or not self._shown.planned.undisclosed:
            return True
        self.notify(
            "An undisclosed fix is sent to the maintainers and the security team only."
            " To add others, use --to and --cc of patchpilot send"
        )
        return False

    def action_add(self) -> None:
        from patchpilot.services.send.counted_recipients import check_recipient_address

        def add(value: str) -> None:
            self._edit(
                f"added {value} to Cc",
                cc=[value],
            )

        question = (
            "Add to Cc (press t afterwards to move it to To): Name <name@example.org>"
        )
        if self._may_place():
            dialog = LineDialog(
                question,
                lambda text: check_recipient_address(text, self._shown),
                title="Add recipient",
            )
            ask_answer(self.app, dialog, add)

    def action_view(self) -> None:
        self.session.view = "series" if self.session.view == "patch" else "patch"
        self.begin_after()
