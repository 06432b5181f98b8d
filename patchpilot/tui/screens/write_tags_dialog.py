# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the dialog for writing tags: the choices, and a word diff of the new message."""

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import events, getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Checkbox, Input, Static

from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.tags.report_trailers import find_untagged_reports
from patchpilot.tui.stage.thread_jobs import ThreadJobs
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import bind_keys
from patchpilot.tui.view.rich_text import color_word_diff, plain_text
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.errors import PatchpilotError
    from patchpilot.topic.message_changes import Preparation
    from patchpilot.tui.view.session import Session


AT_BACKPORTS = "stable branches with the bug"
"""The note on what stage 5 contains, omitted on a low terminal."""


class Tick(Checkbox):
    """A checkbox that shows its state with a tick instead of a color."""

    BUTTON_LEFT, BUTTON_RIGHT = "[", "]"

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802 (textual's name)
        return glyph("ticked") if self.value else " "


class TagInput(LineInput):
    """The line for more tags, which takes all lines of a pasted text."""

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(", ".join(filter(None, map(str.strip, event.text.splitlines()))))


class WriteTags(Choose):
    """A dialog that returns the request to write tags, or None if canceled.

    Typed or pasted text goes to the line for more tags. `fixes` is the option for `prepare`.
    `tag` is the Fixes: line ("" for none); it is ticked if `is_proposed` is set. `doubt` is why it
    is only a guess. `others` is the Fixes: line in the message that it can replace ("" for none).
    """

    BINDINGS = bind_keys(Binding("ctrl+s", "write", "write", priority=True))

    def __init__(
        self,
        session: "Session",
        fixes: tuple[str, ...],
        tag: str,
        *,
        is_proposed: bool,
        doubt: str = "",
        others: str = "",
        signed: bool,
    ) -> None:
        answers = [("write", "Write tags"), ("no", "Cancel")]
        super().__init__("", answers, "Write tags", letters=("", ""))
        self._session, self._fixes, self._tag = session, fixes, tag
        self._signed, self._is_proposed, self._others = signed, is_proposed, others if tag else ""
        self._doubt, self._ready, self._working = doubt, False, False
        self._threads = ThreadJobs(self)
        self.hints = [("Space", "tick")]

    def compose_head(self) -> ComposeResult:
        yield (
            Tick(plain_text(self._tag), value=self._is_proposed, id="fixes", compact=True)
            if self._tag
            else Static("Fixes: tags: unchanged", id="fixes-none")
        )
        if self._others:
            text = plain_text(f"Replace {self._others}")
            yield Tick(text, value=True, id="replace", compact=True)
        yield Tick(
            "Cc: stable, if the stable trees need the fix",
            value=True,
            id="stable",
            compact=True,
        )
        sign_off_text = (
            "Signed-off-by: already present"
            if self._signed
            else "Signed-off-by: I certify the Developer Certificate of Origin"
        )
        yield Tick(
            sign_off_text,
            value=self._signed or self._session.signs_off,
            disabled=self._signed,
            id="signoff",
            compact=True,
        )
        commit = self._session.commit
        yield TagInput(
            ", ".join(find_untagged_reports(commit.message)) if commit else "",
            placeholder="more tags: links, Message-IDs, or tags such as Reported-by: …",
            id="paste",
            select_on_focus=False,
            compact=True,
        )
        yield from super().compose_head()
        yield PlainText("notes")

    def compose_rest(self) -> ComposeResult:
        with VerticalScroll(id="rest", can_focus=False):
            yield PlainText("message")

    def on_mount(self) -> None:
        unticked = (tick for tick in self.query(Tick) if not tick.value)
        self.call_after_refresh(next(unticked, self._field).focus)
        self._update_preview()

    _field = getters.query_one("#paste", Input)

    def on_key(self, event: events.Key) -> None:
        if event.character and event.is_printable and event.key not in ("space", "question_mark"):
            event.stop()
            self._field.focus()
            self._field.insert_text_at_cursor(event.character)

    def on_paste(self, event: events.Paste) -> None:
        self._field.focus()
        self._field.post_message(event)

    def read_request(self) -> "PrepareRequest":
        ticked = {tick.id for tick in self.query(Tick) if tick.value}
        fixes = self._fixes if not self._tag or "fixes" in ticked else ("none",)
        doubt = self._doubt if fixes == self._fixes else ""
        text = self._field.value.strip()
        return PrepareRequest(
            fixes=fixes,
            stable="auto" if "stable" in ticked else "none",
            trailers=(text,) if text else (),
            signoff="signoff" in ticked and not self._signed,
            doubt=doubt,
            replaces={"fixes", "replace"} <= ticked,
        )

    def _update_preview(self, _changed: object = None) -> None:
        session, commit = self._session, self._session.commit
        if commit is None:
            return
        request = replace(self.read_request(), target=commit.id, dry_run=True)
        self._ready, self._working = False, True

        def prepare_in_thread(_: object) -> "Preparation":
            with session.open_repository() as repository:
                profile = session.read_settings(repository).get("profile")
                return prepare_commit_tags(repository, replace(request, profile=profile))

        self._threads.start_job("dry-run", prepare_in_thread, self._show_preview, self._show_error)

    on_checkbox_changed = on_input_changed = _update_preview

    def _show_error(self, error: "PatchpilotError") -> None:
        self._working = False
        if self.is_mounted:
            advice = replace_commands(error.advice, Stage.TAGS) if error.advice else ""
            reason = f"{error.message} ({advice})" if advice else error.message
            self.query_one("#notes", Static).update(plain_text(f"not possible: {reason}"))

    def _show_preview(self, preparation: "Preparation") -> None:
        self._working = False
        if not self.is_mounted:
            return
        change = preparation.changes[-1]
        self._ready = bool(preparation.changed)
        notes = (
            [*change.notes, *preparation.costs]
            if change.changed
            else ["no tags to add: tick what the message needs"]
        )
        if self.has_class("-low"):
            notes = [note for note in notes if not note.startswith(AT_BACKPORTS)]
        text = "\n".join(replace_commands(note, Stage.TAGS) for note in notes[:3])
        self.query_one("#notes", Static).update(plain_text(text, "dim"))
        message = color_word_diff(change.marked, keep_marks=self.app.no_color)
        self.query_one("#message", Static).update(message)
        # scroll to the end, where the tags are
        self.call_after_refresh(self.fit_rest)
        self.call_after_refresh(self.query_one("#rest").scroll_end, animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#answers").focus()

    def accept_answer(self, name: str) -> None:
        if name == "write":
            self.action_write()
        else:
            self.dismiss(None)

    def action_write(self) -> None:
        if self._ready:
            request = self.read_request()
            # a tag that the user ticked is no guess
            self.dismiss(request if self._is_proposed else replace(request, doubt=""))
        else:
            self.notify("not ready yet" if self._working else "no tags to write")
