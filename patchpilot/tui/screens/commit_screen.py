# SPDX-License-Identifier: GPL-2.0-or-later
"""The commit stage, where everybody arrives: what the topic is, what is not done and which key does
it, and each commit with its diff.
"""

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.model.counted import counted
from patchpilot.model.printable import crop, width
from patchpilot.model.trailer import is_trailer
from patchpilot.tui.screens.commit_status import TopicCommits
from patchpilot.tui.screens.file_history_text import history_text, where_of
from patchpilot.tui.screens.message_hints import SUBJECT, message_hints, with_prefix
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.glyphs import OF_STATE, glyph
from patchpilot.tui.view.rich_text import QUIET, STRONG, plain, wrapped
from patchpilot.tui.view.shown_keys import WAIT, NextKey
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.badge import Tone, ink
from patchpilot.tui.widgets.diff_view import DiffView, Note
from patchpilot.tui.widgets.lists import List, event_row
from patchpilot.tui.widgets.panel import WIDE, Columns, Panel

if TYPE_CHECKING:
    from patchpilot.model.patch import Patch
    from patchpilot.services.maintainers.recipient_history import FileHistory
    from patchpilot.services.send.counted_recipients import CountedRecipients
    from patchpilot.services.send.questions import PreSendQuestions
    from patchpilot.services.tags.find_culprits import FixesResult


def commit_rows(patch: "Patch") -> list[str]:
    """The lines of a commit: the mail without its envelope line, with a blank line before the
    trailers.
    """
    rows = [row for row in patch.lines if not row.startswith("From ")]
    end = next((at for at, row in enumerate(rows) if row == "---"), len(rows))
    first = end
    while first and is_trailer(rows[first - 1]):
        first -= 1
    if first < end and first and rows[first - 1].strip():
        rows.insert(first, "")
    return rows


class NextRow(NamedTuple):
    """A thing that is not done: what Enter does with it and with which name, its glyph's name, the
    key that does it, and words.
    """

    does: str
    name: str
    sign: str
    key: str
    title: str
    words: str


TONES = {
    "done": Tone.SUCCESS,
    "blocked": Tone.ERROR,
    "stale": Tone.WARNING,
    "todo": Tone.WARNING,
    "offered": Tone.ACCENT,
    "busy": Tone.ACCENT,
}
SIGNS, TITLE = 6, 11
"""Columns of the sign and the key, and of the name of a stage or question."""


class CommitScreen(StageScreen):
    """The commit stage: the topic, what is next, and its commits."""

    stage = Stage.COMMIT
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "edit message", tooltip="amend the commit's message in your editor"),
        Binding("a", "answer", "answer questions", tooltip="answer the pre-send questions"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._questions: PreSendQuestions | None = None
        self._asked_for = ""
        self._asked = False
        self._next: tuple[NextRow, ...] = ()
        self._next_look = (0, "")
        self._mark = ""
        self._history: tuple[str, FileHistory] | None = None
        self._told: tuple[Any, ...] = ()
        self._has_moved = False

    def body(self) -> ComposeResult:
        """What is next, the commits, what the topic is; and the selected commit."""
        with Columns(id="commit-columns"):
            with Container(id="commit-side"):
                yield Panel(
                    List(ident="next", enter="do it"),
                    title="What is next",
                    id="next-panel",
                    classes="main",
                )
                yield Panel(List(ident="commits"), title="Commits", id="commit-list")
                with Panel(title="Topic", id="commit-about", classes="detail"), VerticalScroll():
                    yield Static(id="about", markup=False)
            with Container(id="commit-main"):
                yield Panel(DiffView(ident="commit"), title="Commit", id="commit-text")
                # only where there is room for it
                with (
                    Panel(title="Last commits to these files", id="commit-history"),
                    VerticalScroll(),
                ):
                    yield Static(id="history", markup=False)

    def show(self, result: TopicCommits) -> None:
        """Fill the lists and the commit, then check the target tree and the questions."""
        chosen = self.query_one("#commits", List)
        patches = result.patches
        at = self.session.at % len(patches)
        with self.prevent(OptionList.OptionHighlighted):
            chosen.clear_options()
            chosen.add_options(Option(self._commit_line(patch)) for patch in patches)
            self.query_one("#commit-side").set_class(len(patches) > 1, "-several")
            chosen.highlighted = at
        self._show_one(patches, at)
        if self.focused is None:
            self.query_one("#next").focus()
        self._look()
        self._show_about()
        self._show_history()

    def _show_history(self) -> None:
        """The last commits to the files of the topic, read once for each topic and only where they
        are shown.
        """
        shown, topic = self.query_one("#history", Static), self.session.topic
        if topic is None or not shown.is_on_screen:
            return
        if self._history is not None and self._history[0] == topic.key:
            history = self._history[1]
            panel = self.query_one("#commit-history", Panel)
            panel.heading = f"Last commits to {where_of(history)}"
            panel.count = f"{len(history.newest)}/{history.total}"
            shown.update(history_text(history, shown.content_size.width))
            return
        from patchpilot.services.maintainers.recipient_history import recipient_history

        key, session = topic.key, self.session

        def read(history: "FileHistory") -> None:
            self._history = (key, history)
            self._show_history()

        self.in_thread(
            "reading the history of the files",
            lambda repository, _: recipient_history(repository, session.request()),
            read,
        )

    def _commit_line(self, patch: "Patch") -> Text:
        is_long = any(message_hints(commit_rows(patch), patch.subject.title))
        line = Text(no_wrap=True).append(
            f"{glyph('stale') if is_long else '':<2}", ink(self.app, Tone.WARNING)
        )
        return line.append(plain(f"{(patch.commit or '')[:12]} {patch.subject.title}"))

    def _show_one(self, patches: "tuple[Patch, ...]", at: int) -> None:
        patch = patches[at]
        self._mark = self.session.mark
        rows = with_prefix(commit_rows(patch), self._mark)
        hints = [
            Note(hint.line, glyph("stale"), "warning", hint.text)
            for hint in message_hints(rows, patch.subject.title)
        ]
        self.query_one("#commit", DiffView).fill(rows, notes=hints)
        added, removed = (
            sum(change.added for change in patch.files),
            sum(change.removed for change in patch.files),
        )
        panel = self.query_one("#commit-text", Panel)
        panel.heading = (
            f"{(patch.commit or '')[:12]}  subject {width(patch.subject.title)}/{SUBJECT}"
        )
        panel.count = f"{counted(len(patch.files), 'file')} +{added} -{removed}"
        self.query_one("#commit-list", Panel).count = f"{at + 1}/{len(patches)}"

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show and select the commit under the cursor."""
        self._has_moved = self._has_moved or event.option_list.id == "next"
        result: TopicCommits | None = self.current
        at = event_row(event)
        if event.option_list.id == "commits" and result and 0 <= at < len(result.patches):
            self.session.at = at
            self._show_one(result.patches, at)
            self.place()

    def on_resize(self) -> None:
        """What the topic is follows the width."""
        super().on_resize()
        self.call_after_refresh(self._show_about)
        self.call_after_refresh(self._show_next)
        self.call_after_refresh(self._show_history)

    def commit_changed(self) -> None:
        """J and K move the list's cursor."""
        chosen = self.query_one("#commits", List)
        if chosen.option_count > 1:
            chosen.highlighted = self.session.at
        super().commit_changed()

    # what the topic is

    def _show_about(self) -> None:
        result: TopicCommits | None = self.session.fresh(self.stage)
        topic = self.session.topic
        if result is None or topic is None:
            return
        self._told = self._about
        added = sum(change.added for patch in result.patches for change in patch.files)
        removed = sum(change.removed for patch in result.patches for change in patch.files)
        paths = list(
            dict.fromkeys(change.path for patch in result.patches for change in patch.files)
        )
        facts = [
            ("Branch", topic.branch or "detached HEAD"),
            (
                "Commits",
                f"{len(result.patches)}, {counted(len(paths), 'file')}, +{added} -{removed}",
            ),
        ]
        if topic.target:
            facts.append(("Range", f"{topic.target} (chosen; press b to change)"))
        elif result.base:
            base = result.base
            reason = base.reason if base.guessed or not self.session.base else "chosen here"
            facts += [
                ("Base", f"{base.name} {base.start[:12]}"),
                ("", f"{reason} (press b to change)"),
                *(("", note) for note in base.notes),
            ]
        asked = self._questions
        if asked and asked.target and asked.standing:
            fit, name = asked.standing, asked.target.label
            words = {"conflict": "does not apply to", "clean": "applies cleanly to"}.get(
                fit.applies, "applies with a 3-way merge to"
            )
            facts.append(("Target", f"{words} {name}"))
            facts += [("", f"{one.subject}: already there, {one.how}") for one in fit.already[:2]]
        if asked:
            facts.append(("Mails", f"[{self.session.mark}]"))
            facts += [
                (question.name.capitalize(), f"{question.answer or 'not answered'}")
                for question in asked.questions
            ]
        facts += self._found_by_others()
        text = Text()
        room = self.query_one("#about").content_size.width or self.size.width
        for label, words in facts:
            for at, part in enumerate(wrapped(words, room - TITLE - 1)):
                text.append(f"{'' if at else label:<{TITLE}}", QUIET).append(
                    plain(crop(part, room - TITLE))
                ).append("\n")
        text.rstrip()
        self.query_one("#about", Static).update(text)

    def _found_by_others(self) -> list[tuple[str, str]]:
        """What other stages found of the topic, as far as they ran: the recipients, and which
        commit introduced the bug.
        """
        rows: list[tuple[str, str]] = []
        counted_recipients: CountedRecipients | None = self.session.fresh(Stage.RECIPIENTS)
        for header in ("to", "cc"):
            named = (
                [one for one in counted_recipients.recipients if one.header == header]
                if counted_recipients
                else []
            )
            rows += [
                ("" if at else header.title(), f"{one.address.called} ({one.role})")
                for at, one in enumerate(named)
            ]
        fixes: FixesResult | None = self.session.fresh(Stage.TAGS)
        if fixes and fixes.is_fix:
            rows += [
                ("Fixes", f"{judged.target.id[:12]} {judged.target.subject}")
                for judged in fixes.present
                if judged.target
            ]
            if not fixes.present and fixes.candidates:
                best = fixes.candidates[0]
                rows.append(
                    ("Fixes", f"{best.commit[:12]} {best.subject} (likely, {best.confidence:.0%})")
                )
        return rows

    # what is next

    def place(self) -> None:
        """Draw what changes with the states of the stages, too."""
        super().place()
        if self.is_whole:
            self._show_next()
            result: TopicCommits | None = self.session.fresh(self.stage)
            if result is not None and result is self._shown and self.session.mark != self._mark:
                self._show_one(result.patches, self.session.at % len(result.patches))
            if self._told != self._about:
                self._show_about()

    @property
    def _about(self) -> tuple[Any, ...]:
        """What the topic's panel is made of."""
        session = self.session
        return (
            self._questions,
            session.mark,
            session.fresh(self.stage),
            session.fresh(Stage.RECIPIENTS),
            session.fresh(Stage.TAGS),
        )

    def _rows(self) -> tuple[NextRow, ...]:
        """What is not done, in the order of doing: the base, the questions, the stages, with the
        tree after the tags.
        """
        from patchpilot.services.send.propose_prefix import tree_choice

        rows: list[NextRow] = []
        asked = self._questions
        if self._shown is not None and self._shown.has_merge:
            rows.append(
                NextRow(
                    "", "merge", "stale", "", "merges", "merge commits skipped (use git rebase)"
                )
            )
        if asked and asked.target and asked.standing:
            name = asked.target.label
            rows += [
                NextRow(
                    "",
                    commit.subject,
                    "stale",
                    "",
                    "merged",
                    f"already in {name}: {commit.subject} ({commit.how})",
                )
                for commit in asked.standing.already[:2]
            ]
            if asked.standing.fails:
                files = ", ".join(asked.standing.paths[:2])
                rows.append(
                    NextRow(
                        "rebase",
                        name,
                        "blocked",
                        "",
                        "rebase",
                        f"does not apply to {name}: {files}",
                    )
                )
        rows += [
            NextRow("answer", question.name, "todo", "a", question.name, question.text)
            for question in (asked.open if asked else ())
        ]
        was_sent = self.session.status(Stage.SEND).state is StageState.DONE
        for stage in Stage:
            status = self.session.status(stage)
            if stage is Stage.BACKPORTS and asked and asked.missing_tree:
                # which tree it is depends on the Fixes: tag
                rows.append(
                    NextRow(
                        "tree",
                        asked.missing_tree,
                        "todo",
                        "a",
                        "tree",
                        tree_choice(asked.missing_tree),
                    )
                )
            if stage is Stage.FOLLOW and not was_sent:
                continue
            if stage is not Stage.COMMIT and status.state not in (
                StageState.DONE,
                StageState.NOTHING,
            ):
                rows.append(
                    NextRow(
                        "stage",
                        str(stage),
                        OF_STATE[status.state],
                        str(stage.number),
                        stage.label,
                        status.note or str(status.state),
                    )
                )
        return tuple(rows)

    def _show_next(self) -> None:
        if not self.is_whole:
            return
        rows, listed = self._rows(), self.query_one("#next", List)
        room = listed.scrollable_content_region.width
        look = room, self.app.theme
        if (rows, look) == (self._next, self._next_look):
            return
        at = listed.highlighted
        before = (
            self._next[at][:2]
            if self._has_moved and at is not None and at < len(self._next)
            else None
        )
        self._next, self._next_look = rows, look
        with self.prevent(OptionList.OptionHighlighted):
            listed.clear_options()
            listed.add_options(
                Option(self._next_line(row, room))
                for row in rows or (NextRow("", "", "done", "", "all done", ""),)
            )
            names = [row[:2] for row in rows]
            listed.highlighted = names.index(before) if before in names else 0
        stages = sum(
            self.session.status(stage).state in (StageState.DONE, StageState.NOTHING)
            for stage in Stage
        )
        self.query_one("#next-panel", Panel).count = f"{stages}/{len(Stage)} done"

    def _next_line(self, row: NextRow, room: int) -> Text:
        """In so many columns.

        Next to the commit the words are below the name where they are too long for its line.
        """
        line = Text(no_wrap=True).append(
            f"{glyph(row.sign):<2}", ink(self.app, TONES.get(row.sign, Tone.QUIET))
        )
        line.append(f"{f'[{row.key}]' if row.key else '':<4}", STRONG).append(
            plain(f"{row.title:<{TITLE}}", STRONG)
        )
        if self.app.size.width < WIDE or width(row.words) <= room - SIGNS - TITLE:
            return line.append(plain(row.words))
        first, *more = wrapped(row.words, room - SIGNS)
        words = (first, crop(" ".join(more), room - SIGNS)) if more else (first,)
        return line.append(plain("".join(f"\n{' ' * SIGNS}{part}" for part in words)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do what is next."""
        at = event_row(event)
        if event.option_list.id != "next" or not 0 <= at < len(self._next):
            return
        row = self._next[at]
        if row.does == "stage":
            self.tui.action_stage(row.name)
        elif row.does == "rebase":
            from patchpilot.tui.actions.rebase_action import rebase

            rebase(self, (row.name,))
        elif row.does in ("answer", "tree"):
            self._answer(row.name if row.does == "answer" else "")

    # questions

    def on_screen_resume(self) -> None:
        """Other stages may have answered a question or named the tree, or the look at the target
        tree was canceled.
        """
        super().on_screen_resume()
        if (
            self._shown is not None
            and not self._doing
            and (self._questions is None or self._asked_for != self._question_key())
        ):
            self._look()

    def _question_key(self) -> str:
        versions = self.session.versions
        topic = self.session.topic
        return f"{topic.key if topic else ''} {versions['answers']} {versions['draft']}"

    def _look(self) -> None:
        from patchpilot.services.send.questions import traps

        session = self.session
        self._asked_for = self._question_key()
        base = session.topic_base
        self.in_thread(
            "checking the target tree",
            lambda repository, _: traps(repository, session.target, base=base),
            self._looked,
        )

    def _looked(self, questions: "PreSendQuestions") -> None:
        self._questions = questions
        self.session.open_questions = len(questions.open)
        self.tui.remember()
        self._show_about()

    def may_leave(self, to: Stage) -> bool:
        """Once, mention the questions that are open; none is asked on the way."""
        names = [question.name for question in self._questions.open] if self._questions else []
        if names and not self._asked and to is not Stage.FOLLOW:
            self._asked = True
            self.notify(
                f"Not answered yet: {', '.join(names)}. Press a here or at stage"
                f" {Stage.RECIPIENTS.number} to answer",
                markup=False,
                timeout=6,
            )
        return True

    def action_answer(self) -> None:
        """Ask the open questions, or all of them again so that answers can be changed."""
        self._answer()

    def _answer(self, only: str | None = None) -> None:
        """Ask the question of that name, "" the one about the tree.

        None all that are open, or all.
        """
        from patchpilot.tui.actions.questions import ask, ask_tree

        known = self._questions
        if known is None:
            self.notify("Not ready yet: still checking the target tree", timeout=2)
            return

        def tree() -> None:
            if known.missing_tree and not only:
                ask_tree(self, known.missing_tree, self._look)
            else:
                self._look()

        asked = known.open or (() if known.missing_tree else known.questions)
        ask(self, [question for question in asked if only in (None, question.name)], tree)

    @property
    def next_key(self) -> NextKey | None:
        """The questions that are open, once they are known."""
        asked = self._questions
        if asked is None or self._doing:
            return WAIT
        return (
            NextKey("a", "answer the open questions") if asked.open or asked.missing_tree else None
        )

    def action_edit(self) -> None:
        """Edit the commit message, then read the topic again."""
        from patchpilot.tui.actions.editing import amend

        amend(self)
