# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the preview stage.

It lists the messages to send, and shows the selected one (formatted or byte for byte) and its
changes.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType

from patchpilot.errors import PatchpilotError
from patchpilot.model.printable import format_count, width
from patchpilot.tui.screens.repair_keys import (
    choose_prefix,
    edit_draft,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.view.rich_text import fit_text, plain
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Option, ask_which
from patchpilot.tui.widgets.diff_view import DiffView, Note
from patchpilot.tui.widgets.keyline import JUMP, NEXT
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Columns, Panel

if TYPE_CHECKING:
    from patchpilot.services.send.mail_changes import MailChange, MailChanges
    from patchpilot.services.send.sending import Sending

SIGNS = {"new": "+", "changed": "~", "same": "="}
"""Signs that show how a message differs from the last version."""
TO_SEND = f"go to {Stage.SEND.label}"
NARROW = 60
"""Columns below which a list shows no sizes next to subjects that they would cut."""
"""The effect of `n` here; its label alone would suggest that it sends the messages."""


def _run(change: "MailChange", end: int) -> str:
    start = end
    while start - 1 in change.lines:
        start -= 1
    return format_count(end - start + 1, "line")


def mail_name(result: "Sending", at: int) -> tuple[str, str]:
    """Return a message's name in a list ("cover", "2/5" or "patch") and its title."""
    from patchpilot.model.patch import parse_subject

    number = result.send.entries[at].number
    patches = sum(mail.number > 0 for mail in result.send.entries)
    name = "cover" if number == 0 else f"{number}/{patches}" if patches > 1 else "patch"
    return name, parse_subject(result.send.entries[at].subject).title


class PreviewScreen(StageScreen["Sending"]):
    """The screen with the messages to send."""

    stage = Stage.PREVIEW
    LIST = "#mails"
    AUTO_FOCUS = "#mail"
    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "e",
            "edit",
            "edit cover",
            "edit cover letter, changelog and notes in your editor",
        ),
        key(
            "o",
            "options",
            "options",
            "set the subject prefix ([PATCH net]), the transport, or the line about the build",
        ),
        key(
            "x",
            "raw",
            "show raw",
            "switch between the raw message and the message as its readers see it",
        ),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._raw = False
        self._changes: MailChanges | None = None
        self._at = 0

    def body(self) -> ComposeResult:
        with Columns():
            yield Panel(RowList(ident="mails"), title="Messages", id="mail-list")
            yield Panel(
                DiffView(ident="mail"), title="Message", id="mail-panel", classes="main"
            )

    @property
    def shown_keys(self) -> ShownKeys:
        result = self._shown
        labels = {NEXT: TO_SEND, "raw": "show text" if self._raw else "show raw"}
        if result is None:
            return ShownKeys(labels=labels)
        if len(result.send.entries) <= 1:
            labels["edit"] = (
                "edit changelog" if result.send.version > 1 else "edit notes"
            )
        labels[JUMP] = "next change" if self._changes else "next hunk"
        return ShownKeys(labels=labels)

    def show(self, result: "Sending") -> None:
        from patchpilot.services.send.mail_changes import compare_with_last_version

        self._changes = compare_with_last_version(result)
        self.fill(min(self._at, len(result.send.entries) - 1))
        panel = self.list_panel
        panel.heading = format_count(len(result.send.entries), "message")
        dropped = len(self._changes.dropped) if self._changes else 0
        panel.count = (
            (
                f"compared with v{self._changes.version}"
                + (f", {dropped} dropped" if dropped else "")
            )
            if self._changes
            else ""
        )
        self.keys_changed()
        # a list with one entry offers no choice
        self.list_panel.display = len(result.send.entries) > 1
        (
            self.listed if len(result.send.entries) > 1 else self.query_one("#mail")
        ).focus()

    def place(self) -> None:
        super().place()
        topic = self.session.topic
        if not self.is_whole or self._shown is not None or topic is None:
            return
        count = len(topic.commits)
        self.list_panel.heading = (
            f"{format_count(count, 'patch', 'patches')}:"
            " preparing the messages, Esc stops"
        )
        if not self.listed.rows:
            self.listed.fill(
                Row(plain(f" {at}/{count} {commit.subject}"))
                for at, commit in enumerate(topic.commits, 1)
            )

    def rows(self) -> list[Row]:
        result = self.shown
        return [
            Row(self._row(result, at), at, at) for at in range(len(result.send.entries))
        ]

    def _facts(self, result: "Sending", at: int) -> str:
        mail, change = result.send.entries[at], self._change(at)
        facts = f"{len(mail.raw) / 1024:.1f} kB"
        return f"{SIGNS[change.state]} {change.state}, {facts}" if change else facts

    def _row(self, result: "Sending", at: int) -> Text:
        (name, title), facts = mail_name(result, at), self._facts(result, at)
        wide = self.listed.scrollable_content_region.width or 78
        if wide < min(NARROW, width(title) + width(facts)):
            facts = ""
        left = fit_text(f" {name:5} {title}", wide - width(facts) - 2)
        return Text.assemble(plain(left), "  ", plain(facts, "dim"))

    def _change(self, at: int) -> "MailChange | None":
        return (
            self._changes.mails[at]
            if self._changes and at < len(self._changes.mails)
            else None
        )

    def detail(self) -> None:
        from patchpilot.services.send.readable_mail import (
            format_raw_mail,
            format_readable_mail,
        )

        result, at = self.shown, self.chosen
        if at is None:
            return
        self._at = at
        mail, change = result.send.entries[at], self._change(at)
        rows = format_raw_mail(mail) if self._raw else format_readable_mail(mail)
        self.query_one("#mail", DiffView).fill(rows, notes=self._notes(change))
        panel = self.query_one("#mail-panel", Panel)
        panel.heading = (
            f"{mail.subject} {glyph('dot')} raw" if self._raw else mail.subject
        )
        # a single message needs no list
        than = (
            f", compared with v{self._changes.version}"
            if change and self._changes
            else ""
        )
        panel.count = (
            self.listed.position
            if len(result.send.entries) > 1
            else f"{self._facts(result, at)}{than}"
        )

    def _notes(self, change: "MailChange | None") -> list[Note]:
        if change is None or self._changes is None or self._raw:
            return []
        ends = [line for line in sorted(change.lines) if line + 1 not in change.lines]
        return [
            Note(
                line,
                SIGNS["changed"],
                "info",
                f"new since v{self._changes.version}: {_run(change, line)}",
            )
            for line in ends
        ]

    def moved(self, listed: RowList) -> None:
        if self.chosen != self._at:
            self.detail()

    def redraw_resized(self) -> None:
        self.listed.fill(self.rows())

    def action_raw(self) -> None:
        self._raw = not self._raw
        if self._shown:
            self.detail()
            self.keys_changed()

    def action_edit(self) -> None:
        edit_draft(self, partial(self.begin_after, "draft"))

    def action_options(self) -> None:
        result = self._shown
        via = f"now {result.request.via}" if result else ""
        options = [
            Option(
                "Target tree",
                f"the subject prefix: now [{self.session.mark}]",
                partial(
                    choose_prefix, self, result, partial(self.begin_after, "draft")
                ),
            ),
            Option("Switch transport", via, self._switch_transport),
            Option(
                "Compile-tested",
                "adds or removes the line that lists the configurations that were built",
                self._tested,
            ),
        ]
        ask_which(self.app, "What do you want to set?", options, "Options")

    def _switch_transport(self) -> None:
        from patchpilot.services.send.transport_names import next_transport

        before = self._shown.request.via if self._shown else ""
        self.session.via = next_transport(before)
        instead = f" instead of {before}" if before else ""
        via = f"{self.session.via}{instead}"
        self.notify(f"transport: {via}; press o to switch again")
        self.begin_after("via")

    def _tested(self) -> None:
        from patchpilot.model.draft import COMPILE_TESTED
        from patchpilot.services.send.build_proof import set_compile_tested_line

        result = self.current
        if result is None:
            return
        wanted = result.draft.answers.get(COMPILE_TESTED) != "yes"
        try:
            with self.session.repository() as repository:
                request = self.session.request(repository)
                words = set_compile_tested_line(repository, request, enabled=wanted)
        except PatchpilotError as error:
            self.notify(
                f"{error.message}; press o at {Stage.CHECKS.number} {Stage.CHECKS.label}"
                " to build them",
            )
            return
        self.notify(
            f"Compile-tested: {words}"
            if words
            else "the line about the build was removed",
        )
        self.begin_after("draft")
