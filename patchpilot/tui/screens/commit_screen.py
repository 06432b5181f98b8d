# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the Commit stage, where the TUI starts.

It shows the open steps with their keys, and each commit with its diff.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from patchpilot.model.printable import format_count, width
from patchpilot.tui.screens.commit_rows import (
    NextRow,
    TopicCommits,
    commit_line,
    commit_rows,
    next_line,
    next_rows,
    with_prefix,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from patchpilot.services.send.questions import PreSendQuestions


SUBJECT = 75
"""Maximum columns of a subject, according to Documentation/process/submitting-patches.rst."""


class CommitScreen(StageScreen[TopicCommits]):
    """The screen with the topic, its open steps and its commits."""

    stage = Stage.COMMIT
    LIST = "#commits"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("e", "edit", "edit message", "amend the commit's message in your editor"),
        key("a", "answer", "answer questions", "answer the pre-send questions"),
        more_key(
            "g",
            "reload",
            "refresh",
            "refresh, and ask the archive for patches of others",
        ),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._questions: PreSendQuestions | None = None
        self._asked_for = ""
        self._asks_archive = False
        self._next_look: tuple[Any, ...] = ()
        self._mark = ""
        self._has_moved = False

    def body(self) -> ComposeResult:
        with Container(id="commit-columns"):
            yield Panel(
                RowList(ident="next-list", enter="do it"),
                title="Commit",
                id="next-panel",
                classes="main",
            )
            yield Panel(RowList(ident="commits"), title="Commits", id="commit-list")
            yield Panel(DiffView(ident="commit"), title="Commit", id="commit-text")

    def show(self, result: TopicCommits) -> None:
        self.set_class(len(result.patches) > 1, "-several")
        self.fill(self.session.at % len(result.patches))
        if self.focused is None:
            self.query_one("#next-list").focus()
        self._look()

    def rows(self) -> list[Row]:
        result = self.shown
        lines = (commit_line(patch) for patch in result.patches)
        return [Row(line, at, at) for at, line in enumerate(lines)]

    def detail(self) -> None:
        patch = self.shown.patches[self.chosen]
        self._mark = self.session.mark
        self.query_one("#commit", DiffView).fill(
            with_prefix(commit_rows(patch), self._mark)
        )
        panel, files = self.query_one("#commit-text", Panel), patch.files
        added = sum(change.added for change in files)
        removed = sum(change.removed for change in files)
        columns = f"{width(patch.subject.title)}/{SUBJECT}"
        panel.heading = f"{(patch.commit or '')[:12]}  subject {columns}"
        panel.count = f"{format_count(len(files), 'file')} +{added} -{removed}"
        self.list_panel.count = self.listed.position

    def moved(self, listed: RowList) -> None:
        if listed.id == "next-list":
            self._has_moved = True
        elif self.current is not None:
            self.session.at = self.chosen
            self.detail()
            self.place()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_next)

    def commit_changed(self) -> None:
        self.listed.select(self.session.at)
        super().commit_changed()

    def place(self) -> None:
        # the heading may already say what the note would
        self._show_next()
        super().place()
        is_known = self.is_whole and self.current is not None
        if is_known and self.session.mark != self._mark:
            self.detail()

    def _show_next(self) -> None:
        if not self.is_whole:
            return
        asked, listed = self._questions, self.query_one("#next-list", RowList)
        rows = next_rows(self._shown, asked)
        if asked and not rows:
            rows = [NextRow("done", "", "nothing to do")]
        elif not rows and self.stage not in self.session.errors:
            rows = [NextRow("busy", "", "checking the target tree …")]
        look = rows, listed.scrollable_content_region.width
        if look == self._next_look:
            return
        self._next_look = look
        # until the user moves it, keep the cursor on the first row
        listed.fill(
            (Row(next_line(row, look[1]), row, (row.does, row.name)) for row in rows),
            None if self._has_moved else "",
        )
        count = sum(bool(row.does) for row in rows)
        asks = f": press a to answer {format_count(count, 'question')}" if count else ""
        self.query_one("#next-panel", Panel).heading = f"Commit{asks}"

    def open_selected(self, listed: RowList) -> None:
        row = listed.chosen
        if isinstance(row, NextRow) and row.does:
            self._answer(row.name if row.does == "answer" else "")

    def on_screen_resume(self) -> None:
        """Refresh information that other stages may have changed, such as answers, the tree or a
        canceled check.
        """
        is_known = self._questions and self._asked_for == self._question_key()
        if self._shown is not None and not self._doing and not is_known:
            self._look()

    def action_reload(self) -> None:
        self._asks_archive = True
        super().action_reload()

    def _question_key(self) -> str:
        versions, topic = self.session.versions, self.session.topic
        return f"{topic.key if topic else ''} {versions['answers']} {versions['draft']}"

    def _look(self) -> None:
        from patchpilot.services.send.questions import find_pre_send_questions

        session = self.session
        self._asked_for = self._question_key()
        base, asks = session.topic_base, self._asks_archive
        self.in_thread(
            "checking the target tree",
            lambda repository, progress: find_pre_send_questions(
                repository,
                session.target,
                base=base,
                asks_archive=asks,
                progress=progress,
            ),
            self._looked,
        )

    def _looked(self, questions: "PreSendQuestions") -> None:
        self._questions = questions
        self.session.open_questions = len(questions.open) + bool(questions.missing_tree)
        self.tui.remember()
        self.keys_changed()

    def action_answer(self) -> None:
        self._answer()

    def _answer(self, only: str | None = None) -> None:
        """Ask the question with this name, or the question about the tree for "".

        For None, ask all open questions or, if there are none, all questions.
        """
        from patchpilot.tui.actions.questions import ask, ask_tree

        known = self._questions
        if known is None:
            self.notify(
                "not ready yet: still checking the target tree", severity="warning"
            )
            return
        if not self._has_questions:
            self.notify("No question is asked about these commits")
            return

        def tree() -> None:
            if known.missing_tree and not only:
                ask_tree(self, known.missing_tree, self._look)
            else:
                self._look()

        asked = known.open or (() if known.missing_tree else known.questions)
        ask(
            self,
            [question for question in asked if only in (None, question.name)],
            tree,
        )

    @property
    def _has_questions(self) -> bool:
        known = self._questions
        return known is not None and bool(known.questions or known.missing_tree)

    @property
    def shown_keys(self) -> ShownKeys:
        """Return the label for `a`: ask the open questions, or review the answers.

        Hide Enter on rows that only inform.
        """
        row, hidden = self.query_one("#next-list", RowList).chosen, set()
        if not row or not row.does:
            hidden.add("select")
        if not self._has_questions:
            hidden.add("answer")
        labels = {} if self._is_open else {"answer": "change answers"}
        return ShownKeys(hidden=frozenset(hidden), labels=labels)

    @property
    def _is_open(self) -> bool:
        known = self._questions
        return known is not None and bool(known.open or known.missing_tree)

    def action_edit(self) -> None:
        from patchpilot.tui.actions.editing import amend

        amend(self)
