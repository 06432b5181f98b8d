# SPDX-License-Identifier: GPL-2.0-or-later
"""The commit stage: the topic's commits with message, trailers and diff, and the pre-send questions."""

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.model.counted import counted
from patchpilot.model.trailer import is_trailer
from patchpilot.tui.rich_text import STRONG, diff_line, plain
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import LineDialog
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.panel import Columns, Panel
from patchpilot.tui.widgets.patch_pager import Pager, patch_stops

if TYPE_CHECKING:
    from patchpilot.model.patch import Patch
    from patchpilot.services.send.questions import PreSendQuestions


def load(ask: JobRequest) -> "tuple[tuple[Patch, ...], StageStatus]":
    """The topic's commits as patches."""
    from patchpilot.services.topic.topic_patches import topic_patches

    topic = topic_patches(ask.repository, ask.topic.commits, ask.topic.target, ask.progress)
    changed = sum(change.added + change.removed for patch in topic.patches for change in patch.files)
    words = f"{counted(len(topic.patches), 'commit')}, {counted(changed, 'line')} changed"
    if topic.has_merge:
        words += ", merge commits skipped (use git rebase)"
    return topic.patches, StageStatus(StageState.DONE, words)


def message_line(row: str) -> Text:
    """A line of a commit: trailers and headers bold, the diff in its colors."""
    return plain(row, STRONG) if is_trailer(row) or row.startswith(("From: ", "Subject: ", "Date: ")) else diff_line(row)


def commit_rows(patch: "Patch") -> list[str]:
    """The lines of a commit: the mail without its envelope line, with a blank line before the trailers."""
    rows = [row for row in patch.lines if not row.startswith("From ")]
    end = next((at for at, row in enumerate(rows) if row == "---"), len(rows))
    first = end
    while first and is_trailer(rows[first - 1]):
        first -= 1
    if first < end and first and rows[first - 1].strip():
        rows.insert(first, "")
    return rows


class CommitScreen(StageScreen):
    """The commit stage: the commits to send."""

    stage = Stage.COMMIT
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "edit message", tooltip="amend the commit's message in your editor"),
        Binding("t", "target", "choose commits", tooltip="choose another commit or range"),
        Binding("a", "answer", "answer questions", show=False, tooltip="answer the pre-send questions"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._questions: PreSendQuestions | None = None
        self._asked = False

    def body(self) -> ComposeResult:
        """A list of commits where there are several, notes about the target tree, and the commit."""
        with Columns():
            yield Panel(List(ident="commits"), title="Commits", id="commit-list")
            yield Panel(Pager(ident="commit", styler=message_line), title="Commit", classes="main")
        yield Panel(Static(id="early", markup=False), title="Before sending", id="before-sending")

    def show(self, result: "tuple[Patch, ...]") -> None:
        """Fill the list and the commit, then check the target tree and the questions."""
        chosen = self.query_one("#commits", List)
        with self.prevent(OptionList.OptionHighlighted):
            chosen.clear_options()
            chosen.add_options(Option(plain(f"{patch.commit[:12] if patch.commit else ''} {patch.subject.title}")) for patch in result)
            self.query_one("#commit-list").display = len(result) > 1
            at = self.session.at % len(result)
            if len(result) > 1:
                chosen.highlighted = at
        self._show_one(result[at])
        self.query_one("#before-sending").display = False
        (chosen if len(result) > 1 else self.query_one("#commit")).focus()
        self._look()

    def _show_one(self, patch: "Patch") -> None:
        rows = commit_rows(patch)
        self.query_one("#commit", Pager).fill(rows, stops=patch_stops(rows))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show and select the commit under the cursor."""
        result = self.session.fresh(self.stage)
        if result and event.option_index < len(result):
            self.session.at = event.option_index
            self._show_one(result[event.option_index])
            self.place()

    def commit_changed(self) -> None:
        """J and K move the list's cursor."""
        chosen = self.query_one("#commits", List)
        if chosen.option_count > 1:
            chosen.highlighted = self.session.at
        super().commit_changed()

    def _look(self) -> None:
        from patchpilot.services.send.questions import traps

        session = self.session
        base = session.topic.base if session.topic else None
        self.in_thread("checking the target tree", lambda repository, _: traps(repository, session.target, base=base), self._looked)

    def _looked(self, questions: "PreSendQuestions") -> None:
        self._questions = questions
        self.session.open_questions = len(questions.open)
        rows = []
        if questions.open:
            rows.append(f"{counted(len(questions.open), 'question')} to answer before sending: press a")
        if questions.target and questions.standing:
            name = questions.target.label
            rows += [f"already in {name}: {commit.subject} ({commit.how})" for commit in questions.standing.already[:2]]
            if questions.standing.fails:
                rows.append(f"does not apply to {name}: {', '.join(questions.standing.paths[:2])}; run git rebase {name}")
            elif not questions.standing.already:
                rows.append(f"applies to {name} ({questions.standing.applies}); not merged there yet")
        self.query_one("#early", Static).update(plain("\n".join(rows)))
        self.query_one("#before-sending").display = bool(rows)

    def may_leave(self, to: Stage) -> bool:
        """Ask the open questions once, when the user goes on to another stage."""
        if self._asked or self._questions is None or not self._questions.open or to is Stage.FOLLOW:
            return True
        self._answer(lambda: self.tui.action_stage(str(to)))
        return False

    def action_answer(self) -> None:
        """Ask the questions again, so that answers can be changed."""
        if self._questions is None:
            self.notify("not ready yet: still checking the target tree", timeout=2)
        else:
            self._answer(lambda: None, everything=not self._questions.open)

    def _answer(self, then: Any, everything: bool = False) -> None:
        from patchpilot.tui.questions import ask

        self._asked = True
        assert self._questions is not None

        def done() -> None:
            self._look()
            then()

        ask(self, self._questions.questions if everything else self._questions.open, done)

    def action_edit(self) -> None:
        """Edit the commit message, then read the topic again."""
        from patchpilot.tui.editing import amend

        amend(self)

    def action_target(self) -> None:
        """Choose other commits."""

        def answered(value: str | None) -> None:
            if value is not None:
                self.session.target = value or None
                self.session.at, self.session.topic, self._asked = -1, None, False
                self.reread()

        text = "Commit or range (such as HEAD~2 or A..B; leave empty for all commits of your branch since its base):"
        self.app.push_screen(LineDialog(text, lambda _: (True, ""), value=self.session.target or ""), answered)
