# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the Commit stage, where the TUI starts.

It shows the open steps with their keys, and each commit with its diff.
"""

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Container

from patchpilot.model.patch import add_subject_prefix
from patchpilot.model.printable import format_count, width
from patchpilot.tui.screens.commit_rows import (
    OpenStep,
    TopicCommits,
    commit_summary,
    format_open_step,
    list_open_steps,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import ShownKeys, bind_keys, key_binding, more_key
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from patchpilot.sending.questions import PreSendQuestions


SUBJECT = 75
"""Maximum columns of a subject, according to Documentation/process/submitting-patches.rst."""


class CommitScreen(StageScreen[TopicCommits]):
    """The screen with the topic, its open steps and its commits."""

    stage = Stage.COMMIT
    LIST = "#commits"
    BINDINGS = bind_keys(
        key_binding("e", "edit", "edit message", "amend the commit's message in your editor"),
        key_binding("a", "answer", "answer questions", "answer the pre-send questions"),
        more_key(
            "g",
            "reload",
            "refresh",
            "refresh, and ask the archive for patches of others",
        ),
    )

    _questions: "PreSendQuestions | None" = None
    _asked_for = _mark = ""
    _asks_archive = _has_moved = False
    _next_look: tuple[Any, ...] = ()

    def compose_body(self) -> ComposeResult:
        with Container(id="commit-columns"):
            yield Panel(
                RowList(ident="next-list", enter="do it"),
                title="Commit",
                id="next-panel",
                classes="main",
            )
            yield Panel(RowList(ident="commits"), title="Commits", id="commit-list")
            yield Panel(DiffView(ident="commit"), title="Commit", id="commit-text")

    def show_result(self, result: TopicCommits) -> None:
        self.set_class(len(result.patches) > 1, "-several")
        self.refill_list(self.session.position)
        if self.focused is None:
            self.query_one("#next-list").focus()
        self._check_questions()

    def build_rows(self) -> list[Row]:
        patches = enumerate(self.shown_result.patches)
        return [Row(commit_summary(patch), index, index) for index, patch in patches]

    def show_selected_row(self) -> None:
        patch = self.shown_result.patches[self.selected_item]
        self._mark = self.session.subject_prefix
        rows = [row for row in patch.lines if not row.startswith("From ")]
        self.query_one("#commit", DiffView).set_rows(add_subject_prefix(rows, self._mark))
        panel, files = self.query_one("#commit-text", Panel), patch.files
        added = sum(change.added for change in files)
        removed = sum(change.removed for change in files)
        columns = f"{width(patch.subject.title)}/{SUBJECT}"
        panel.heading = f"{(patch.commit or '')[:12]}  subject {columns}"
        panel.count = f"{format_count(len(files), 'file')} +{added} -{removed}"
        self.list_panel.count = self.row_list.position

    def handle_cursor_move(self, row_list: RowList) -> None:
        if row_list.id == "next-list":
            self._has_moved = True
        elif self.current_result is not None:
            self.session.at = self.selected_item
            self.show_selected_row()
            self.update_titles()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_open_steps)

    def handle_commit_change(self) -> None:
        self.row_list.select_row(self.session.at)
        super().handle_commit_change()

    def update_titles(self) -> None:
        # leave out the note, because the heading may already contain the same text
        self._show_open_steps()
        super().update_titles()
        is_known = self.has_all_widgets and self.current_result is not None
        if is_known and self.session.subject_prefix != self._mark:
            self.show_selected_row()

    def _show_open_steps(self) -> None:
        if not self.has_all_widgets:
            return
        questions, row_list = self._questions, self.query_one("#next-list", RowList)
        steps = list_open_steps(self._shown, questions)
        if questions and not steps:
            steps = [OpenStep("done", "", "nothing to do")]
        elif not steps and self.stage not in self.session.errors:
            steps = [OpenStep("busy", "", "checking the target tree …")]
        row_state = steps, row_list.scrollable_content_region.width
        if row_state == self._next_look:
            return
        self._next_look = row_state
        # until the user moves it, keep the cursor on the first row
        row_list.set_rows(
            (
                Row(format_open_step(step, row_state[1]), step, (step.does, step.name))
                for step in steps
            ),
            None if self._has_moved else "",
        )
        count = sum(bool(step.does) for step in steps)
        question_text = f": press a to answer {format_count(count, 'question')}" if count else ""
        self.query_one("#next-panel", Panel).heading = f"Commit{question_text}"

    def open_selected_row(self, row_list: RowList) -> None:
        step = row_list.selected_item
        if isinstance(step, OpenStep) and step.does:
            self._ask_questions(step.name if step.does == "answer" else "")

    def on_screen_resume(self) -> None:
        """Refresh information that other stages may have changed, such as answers, the tree or a
        canceled check.
        """
        is_known = self._questions and self._asked_for == self._question_key()
        if self._shown is not None and not self._doing and not is_known:
            self._check_questions()

    def action_reload(self) -> None:
        self._asks_archive = True
        super().action_reload()

    def _question_key(self) -> str:
        versions, topic = self.session.versions, self.session.topic
        return f"{topic.key if topic else ''} {versions['answers']} {versions['draft']}"

    def _check_questions(self) -> None:
        from patchpilot.sending.questions import find_pre_send_questions

        session = self.session
        self._asked_for = self._question_key()
        base, asks_archive = session.topic_base, self._asks_archive
        self.run_in_thread(
            "checking the target tree",
            lambda repository, progress: find_pre_send_questions(
                repository,
                session.target,
                base=base,
                asks_archive=asks_archive,
                progress=progress,
            ),
            self._handle_questions,
        )

    def _handle_questions(self, questions: "PreSendQuestions") -> None:
        from patchpilot.tui.actions.questions import TREE

        self._questions = questions
        tree = [TREE] if questions.missing_tree else []
        names = (question.name for question in questions.open)
        self.session.open_questions = frozenset([*names, *tree])
        self.tui.save_progress()
        self.redraw_keys()

    def action_answer(self) -> None:
        self._ask_questions()

    def _ask_questions(self, name: str | None = None) -> None:
        """Ask the question with this name.

        For "", ask which tree the subject should name. For None, ask all open questions or, if none
        is open, all questions.
        """
        from patchpilot.tui.actions.questions import ask_questions, ask_target_tree

        questions = self._questions
        if questions is None:
            self.notify("not ready yet: still checking the target tree", severity="warning")
            return
        if not self._has_questions:
            self.notify("No question is asked about these commits")
            return

        def ask_tree() -> None:
            if questions.missing_tree and not name:
                ask_target_tree(self, questions.missing_tree, self._check_questions)
            else:
                self._check_questions()

        pending = questions.open or (() if questions.missing_tree else questions.questions)
        ask_questions(
            self,
            [question for question in pending if name in (None, question.name)],
            ask_tree,
        )

    @property
    def _has_questions(self) -> bool:
        questions = self._questions
        return questions is not None and bool(questions.questions or questions.missing_tree)

    @property
    def shown_keys(self) -> ShownKeys:
        """Return the changes to the key line.

        If all questions are answered, the label of `a` is "change answers". Enter is hidden on rows
        that it does not act on.
        """
        step, hidden = self.query_one("#next-list", RowList).selected_item, set()
        if not step or not step.does:
            hidden.add("select")
        if not self._has_questions:
            hidden.add("answer")
        labels = {} if self.session.open_questions else {"answer": "change answers"}
        return ShownKeys(hidden=hidden, labels=labels)

    def action_edit(self) -> None:
        from patchpilot.tui.actions.editing import edit_commit_message

        edit_commit_message(self)
