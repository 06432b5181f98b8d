# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the tags stage.

It shows the location of the bug, the commit that introduced it (with confidence and evidence), and
the message with the resulting tags.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from patchpilot.model.bug_range import NOWHERE
from patchpilot.model.printable import format_count
from patchpilot.tui.screens.tags_rows import (
    A_FIX,
    NOT_A_FIX,
    OTHER,
    candidate_rows,
    evidence_rows,
    present_rows,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.view.rich_text import lines, word_diff
from patchpilot.tui.view.shown_keys import ALL_KEYS, ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import (
    LineDialog,
    ask_answer,
)
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import TALL, WIDE, Panel, TextPanel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.ruler import ReleaseRuler

if TYPE_CHECKING:
    from patchpilot.services.candidate_impact import CandidateImpact
    from patchpilot.services.tags.find_culprits import Candidate, FixesResult
    from patchpilot.services.tags.prepare_commits import PrepareRequest
    from patchpilot.topic.message_changes import Preparation


BINDINGS: list[BindingType] = [
    key(
        "w",
        "write",
        "write tags",
        (
            "add Fixes:, Cc: stable, your sign-off, links and other tags, after showing the"
            " message"
        ),
    ),
    key(
        "space",
        "tick",
        "tick",
        "tick a candidate, if more than one commit introduced the bug",
    ),
    key(
        "x",
        "view",
        "show patch",
        "show the candidate's changes to the files of the fix, then the fix",
    ),
]


class TagsScreen(StageScreen["FixesResult"]):
    """The screen for choosing the commit that introduced the bug."""

    stage = Stage.TAGS
    LIST = "#candidates"
    RESTS = True
    BINDINGS = BINDINGS

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._impacts: dict[tuple[str, ...], CandidateImpact] = {}
        self._named: dict[str, tuple[Candidate, ...]] = {}
        self._ticked: dict[str, frozenset[str]] = {}

    @property
    def _fix(self) -> str:
        return self._shown.commit if self._shown else ""

    @property
    def _candidates(self) -> "tuple[Candidate, ...]":
        result = self._shown
        if result is None:
            return ()
        known = {candidate.commit for candidate in result.candidates}
        # leave out candidates at 0 % if there are better ones
        likely = [
            candidate
            for candidate in result.candidates
            if candidate.confidence >= 0.005
        ]
        named = (
            candidate
            for candidate in self._named.get(self._fix, ())
            if candidate.commit not in known
        )
        return (*(likely or result.candidates[:1]), *named)

    @property
    def _candidate(self) -> "Candidate | None":
        return None if isinstance(self.chosen, str) else self.chosen

    @property
    def _ticks(self) -> frozenset[str]:
        return self._ticked.get(self._fix, frozenset())

    @property
    def _selected(self) -> "list[Candidate]":
        ticked = [
            candidate
            for candidate in self._candidates
            if candidate.commit in self._ticks
        ]
        return ticked or [candidate for candidate in (self._candidate,) if candidate]

    @property
    def _present(self) -> tuple[str, ...]:
        present = self._shown.present if self._shown else ()
        return tuple(judged.target.id for judged in present if judged.target)

    @property
    def _culprits(self) -> tuple[str, ...]:
        """Return the commits that introduced the displayed bug: the selected ones or, if none,
        those in tags.
        """
        return tuple(candidate.commit for candidate in self._selected) or self._present

    @property
    def _is_signed(self) -> bool:
        commit = self.session.commit
        return commit is not None and any(
            line.lower().startswith("signed-off-by:") for line in commit.lines
        )

    def body(self) -> ComposeResult:
        """Yield the ruler and the panels: the candidates, the evidence for the selected one, its
        change, the fix, and the resulting message.
        """
        with Panel(title="Where the bug is", id="where"):
            yield ReleaseRuler(ident="ruler")
        with Container(id="case"):
            with Panel(title="Candidates", id="suspects", classes="main"):
                yield PlainText("present", classes="row")
                yield RowList(ident="candidates", enter="choose")
            yield TextPanel("Evidence", id="why")
            yield TextPanel("Message with tags added", id="rewording", focusable=True)
        with Container(id="proof", classes="pair"):
            with Panel(title="Introduced by", id="introduced"):
                yield DiffView(ident="introducing")
            with Panel(title="Your fix", id="fixing"):
                yield DiffView(ident="fix")

    def show(self, result: "FixesResult") -> None:
        if len(result.tags) > 1 and result.commit not in self._ticked:
            self._ticked[result.commit] = frozenset(
                candidate.commit
                for candidate in result.candidates
                if candidate.tag in result.tags
            )
        present, rows = self.query_one("#present", Static), present_rows(result)
        present.display = bool(rows)
        present.update(lines(rows))
        self.fill()
        self.listed.focus()

    def rows(self) -> list[Row]:
        is_fix = self.shown.is_fix
        return candidate_rows(
            self._candidates, self.size.width, self._ticks, is_fix=is_fix
        )

    @property
    def shown_keys(self) -> ShownKeys:
        """Show the next stage first if the commit has its tags."""
        result = self._shown
        if result is None or not result.present or result.has_problem:
            return ALL_KEYS
        return ShownKeys(("n",), hidden=frozenset(("write",)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("tick", "view") and self._candidate is None:
            return False
        if action == "tick" and len(self._candidates) == 1:
            return False
        return super().check_action(action, parameters)

    def on_mount(self) -> None:
        self.add_class("-nowhere")

    def on_resize(self) -> None:
        if self._shown is not None:
            self._show_tags()

    def detail(self) -> None:
        self._explain()
        candidate, culprits = self._candidate, self._culprits
        if culprits and (self._fix, *culprits) not in self._impacts:
            self._examine((self._fix, *culprits))
        is_roomy = self.size.width >= WIDE and self.size.height >= TALL
        if candidate and (is_roomy or self.has_class("-detail")):
            self._show_patches(candidate)

    def _examine(self, commits: tuple[str, ...]) -> None:
        from patchpilot.services.candidate_impact import compute_candidate_impact

        known = self.session.known_settings
        profile = known.get("profile") if known else ""
        signoff = bool(known and known.flag("signoff")) and not self._is_signed

        def handle_looked(impact: "CandidateImpact") -> None:
            self._impacts[commits] = impact
            self._explain()

        self.in_thread(
            "finding affected branches",
            lambda repository, progress: compute_candidate_impact(
                repository,
                commits[0],
                commits[1:],
                profile=profile,
                signoff=signoff,
                progress=progress,
            ),
            handle_looked,
        )

    def _explain(self) -> None:
        result, candidate = self.shown, self._candidate
        impact = self._impacts.get((self._fix, *self._culprits))
        self.list_panel.count = format_count(len(self._candidates), "candidate")
        where, heading = self.query_one("#where", Panel), "Where the bug is"
        self.set_class(not self._culprits, "-nowhere")
        if candidate and not (result.present or self._ticks):
            heading += f", if {candidate.commit[:12]} introduced it"
        where.heading = heading
        self.query_one("#ruler", ReleaseRuler).show(impact.bug if impact else NOWHERE)
        evidence = self.query_one("#why", TextPanel).text
        columns = evidence.content_size.width or self.size.width
        evidence.update(lines(evidence_rows(result, candidate, impact, columns)))
        if impact and impact.message:
            message = word_diff(impact.message, marked=self.app.no_color)
            self._message.text.update(message)
            self._show_tags()

    @property
    def _message(self) -> TextPanel:
        return self.query_one("#rewording", TextPanel)

    def _show_tags(self) -> None:
        self.call_after_refresh(self._message.reader.scroll_end, animate=False)

    def _show_patches(self, candidate: "Candidate") -> None:
        from patchpilot.services.tags.topic_culprits import compare_culprit_and_fix

        commits = candidate.commit, self._fix

        def show(patches: tuple[list[str], list[str], int]) -> None:
            if candidate is not self._candidate:
                return
            heading = f"Introduced by {candidate.commit[:12]}"
            self.query_one("#introduced", Panel).heading = heading
            introduced, fix, hunk = patches
            for name, rows, at in (
                ("#introducing", introduced, hunk),
                ("#fix", fix, 0),
            ):
                view = self.query_one(name, DiffView)
                if list(view.rows) != rows:
                    view.fill(rows)
                    view.scroll_to(y=view.place_of(at), animate=False, immediate=True)

        self.in_thread(
            "reading the candidate",
            lambda repository, _: compare_culprit_and_fix(repository, *commits),
            show,
        )

    def action_view(self) -> None:
        self.open_detail()
        self.detail()
        self.query_one("#introducing").focus()

    def open_selected(self, listed: RowList) -> None:
        if self.chosen in (NOT_A_FIX, A_FIX):
            self._claim(is_fix=self.chosen == A_FIX)
        elif self.chosen == OTHER:
            text = "Commit that introduced the bug (an id, or a tag with ~ or ^):"
            ask_answer(self.app, LineDialog(text), self._look_up)
        else:
            self.action_write()

    def _claim(self, *, is_fix: bool) -> None:
        from patchpilot.topic.fix_claims import answer_fix

        session = self.session
        if session.commit is None:
            return
        commits = [session.commit]
        words = (
            "Marked as a fix. To undo, press Enter on the last line."
            if is_fix
            else "Marked as not a fix: no Fixes: tag, no Cc: stable, no backports."
            " Press Enter to undo."
        )

        def handle_answer(_: object) -> None:
            self.notify(words)
            self.begin_after("waivers", "draft", "claims")

        self.in_thread(
            "saving the answer",
            lambda repository, _: answer_fix(
                repository,
                commits,
                is_fix,
                target=session.target,
                base=session.topic_base,
            ),
            handle_answer,
        )

    def _look_up(self, word: str) -> None:
        from patchpilot.services.tags.topic_culprits import find_named_culprit

        fix = self._fix

        def add(candidate: "Candidate") -> None:
            others = self._named.get(fix, ())
            others = tuple(
                other for other in others if other.commit != candidate.commit
            )
            self._named[fix] = (*others, candidate)
            # another commit may be displayed by now
            self.fill(candidate.commit if candidate in self._candidates else None)

        self.in_thread(
            "looking up the commit",
            lambda repository, _: find_named_culprit(repository, word, fix),
            add,
        )

    def action_tick(self) -> None:
        self._ticked[self._fix] = self._ticks ^ {self.chosen.commit}
        self.fill()

    def action_write(self) -> None:
        """Ask which tags to write, show the resulting message, and write it.

        The tags are those of the ticked candidates, otherwise of the selected one. The latter is
        not proposed if a tag is already valid or its evidence is weak.
        """
        from patchpilot.tui.screens.write_tags_dialog import WriteTags

        result = self._shown
        if result is None:
            return
        chosen = [
            candidate
            for candidate in self._selected
            if candidate.commit not in self._present
        ]
        tag, is_proposed = "", True
        fixes = tuple(candidate.commit for candidate in chosen)
        if chosen:
            tag = (
                format_count(len(chosen), "Fixes: tag") if chosen[1:] else chosen[0].tag
            )
            named = self._named.get(self._fix, ())
            is_proposed = bool(self._ticks) or chosen[0] in (
                result.best_candidate,
                *named,
            )
        known = self.session.known_settings
        dialog = WriteTags(
            self.session,
            fixes or (("auto",) if result.present else ("none",)),
            tag,
            is_proposed=is_proposed,
            signed=self._is_signed,
            signs=bool(known and known.flag("signoff")),
        )
        self.app.push_screen(dialog, self._write)

    def _write(self, request: "PrepareRequest | None") -> None:
        from patchpilot.services.tags.prepare_commits import prepare_commit_tags
        from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite

        session = self.session
        if request is None or session.commit is None:
            return
        wanted = replace(request, target=session.commit.id)

        def handle_written(done: "Preparation") -> None:
            if done.written:
                self.notify("; ".join(("tags written; press u to undo", *done.costs)))
                self.reread()
            else:
                self.notify("nothing to write")

        def write(repository: Any, progress: Any, given: tuple[str, ...]) -> Any:
            profile = session.settings(repository).get("profile")
            asked = replace(wanted, profile=profile, overrides=given)
            return prepare_commit_tags(repository, asked, progress=progress)

        confirm_rewrite(self, "writing the tags", write, handle_written)
