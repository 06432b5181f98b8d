# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the tags stage.

It shows the location of the bug, the commit that introduced it (with confidence and evidence), and
the message with the resulting tags.
"""

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import getters
from textual.app import ComposeResult
from textual.containers import Container

from patchpilot.model.bug_range import NOWHERE
from patchpilot.model.printable import format_count, join_words
from patchpilot.tui.screens.tags_rows import (
    A_FIX,
    NOT_A_FIX,
    OTHER,
    candidate_rows,
    evidence_rows,
    existing_tag_rows,
    offer_note,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import ALL_KEYS, ShownKeys, bind_keys, key_binding
from patchpilot.tui.view.rich_text import color_word_diff, join_lines, plain_text
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import (
    LineDialog,
    ask_for_answer,
)
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import TALL, WIDE, Panel, TextPanel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.ruler import ReleaseRuler

if TYPE_CHECKING:
    from patchpilot.tags.candidate_impact import CandidateImpact
    from patchpilot.tags.find_culprits import FixesResult
    from patchpilot.tags.prepare_commits import PrepareRequest
    from patchpilot.tags.rank_culprits import Candidate
    from patchpilot.topic.message_changes import Preparation


class TagsScreen(StageScreen["FixesResult"]):
    """The screen for choosing the commit that introduced the bug."""

    stage = Stage.TAGS
    LIST = "#candidates"
    RESTS = True
    BINDINGS = bind_keys(
        key_binding(
            "w",
            "write",
            "write tags",
            "add Fixes:, Cc: stable, your sign-off, links and other tags, after showing the"
            " message",
        ),
        key_binding(
            "space",
            "tick",
            "tick",
            "tick a candidate, if more than one commit introduced the bug",
        ),
        key_binding(
            "x",
            "view",
            "show patch",
            "show the candidate's changes to the files of the fix, then the fix",
        ),
    )

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._impacts: dict[tuple[str, ...], CandidateImpact] = {}
        self._named: dict[str, dict[str, Candidate]] = defaultdict(dict)
        self._ticked: dict[str, frozenset[str]] = {}
        self._tagged: tuple[str, ...] = ()

    @property
    def _fix_commit(self) -> str:
        return self._shown.commit if self._shown else ""

    @property
    def _candidates(self) -> "tuple[Candidate, ...]":
        result = self._shown
        if result is None:
            return ()
        # leave out candidates at 0 % if there are better ones
        likely_candidates = [
            candidate for candidate in result.candidates if candidate.confidence >= 0.005
        ]
        named = dict(self._named[self._fix_commit])
        for candidate in result.candidates:
            named.pop(candidate.commit, None)
        return (*(likely_candidates or result.candidates[:1]), *named.values())

    @property
    def _selected_candidate(self) -> "Candidate | None":
        return None if isinstance(self.selected_item, str) else self.selected_item

    @property
    def _ticked_commits(self) -> frozenset[str]:
        return self._ticked.get(self._fix_commit, frozenset())

    @property
    def _chosen_candidates(self) -> "list[Candidate]":
        ticked_candidates = [
            candidate for candidate in self._candidates if candidate.commit in self._ticked_commits
        ]
        return ticked_candidates or list(filter(None, [self._selected_candidate]))

    @property
    def _untagged_candidates(self) -> "list[Candidate]":
        """Return the chosen candidates that no tag of the message names."""
        tagged = self._present_culprits
        return [chosen for chosen in self._chosen_candidates if chosen.commit not in tagged]

    @property
    def _present_culprits(self) -> tuple[str, ...]:
        judged_tags = self._shown.present if self._shown else ()
        causes = (judged_tag.introduced_by for judged_tag in judged_tags)
        return tuple(cause.id for cause in causes if cause)

    @property
    def _others(self) -> str:
        """Return the Fixes: tags in the message that the chosen candidates can replace, or ""."""
        chosen = {candidate.commit for candidate in self._chosen_candidates}
        others = self._shown.list_other_tags(chosen) if self._shown else ()
        return format_count(len(others), "Fixes: tag") if others[1:] else "".join(others)

    @property
    def _shown_culprits(self) -> tuple[str, ...]:
        """Return the commits that introduced the displayed bug.

        These are the selected commits or, if the message's tags name them, all commits in its tags.
        """
        if not self._untagged_candidates:
            return self._present_culprits
        return tuple(candidate.commit for candidate in self._chosen_candidates)

    @property
    def _is_signed(self) -> bool:
        commit = self.session.commit
        return commit is not None and any(
            line.lower().startswith("signed-off-by:") for line in commit.lines
        )

    def compose_body(self) -> ComposeResult:
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
            with Panel(title="Candidate", id="introduced"):
                yield DiffView(ident="introducing")
            with Panel(title="Your fix", id="fixing"):
                yield DiffView(ident="fix")

    def show_result(self, result: "FixesResult") -> None:
        if len(result.tags) > 1 and result.commit not in self._ticked:
            self._ticked[result.commit] = frozenset(
                candidate.commit for candidate in result.candidates if candidate.tag in result.tags
            )
        self.show_rows("#present", existing_tag_rows(result))
        # start with the commit in the tag when it was written
        tagged, self._tagged = self._tagged, self._present_culprits
        self.refill_list(None if tagged == self._tagged else next(iter(self._tagged), None))
        self.row_list.focus()

    def build_rows(self) -> list[Row]:
        is_fix = self.shown_result.is_fix
        return candidate_rows(
            self._candidates, self.size.width, self._ticked_commits, is_fix=is_fix
        )

    @property
    def shown_keys(self) -> ShownKeys:
        """Show the key for the next stage first if the commit already has its tags."""
        result = self._shown
        if result is None or not result.present or result.has_problem:
            return ALL_KEYS
        return ShownKeys(("n",), labels={"write": "add tags"})

    @property
    def can_write(self) -> bool:
        """Return whether tags can be written: the message of a merged commit cannot change."""
        return not (self.session.topic and self.session.topic.is_merged)

    @property
    def can_view(self) -> bool:
        return self._selected_candidate is not None

    @property
    def can_tick(self) -> bool:
        return self.can_view and (len(self._candidates) > 1 or not self.can_write)

    def on_mount(self) -> None:
        self.add_class("-nowhere")

    def on_resize(self) -> None:
        if self._shown is not None:
            self._scroll_to_tags()

    @property
    def _doubt(self) -> str:
        """Return why the candidates whose tags `w` adds are only a guess, or ""."""
        doubts = map(self.shown_result.explain_doubt, self._untagged_candidates)
        return "; ".join(dict.fromkeys(filter(None, doubts)))

    def format_note(self, status: StageStatus) -> str:
        """Name the tags of the chosen candidates, once these are offered or chosen by the user."""
        result = self._shown
        if result is not None and result.is_fix and not self.can_write:
            chosen = self.session.chosen_culprit
            words = f"you chose {chosen[:12]}" if chosen else "press Enter on a commit"
            return f"{words}: LTS uses it as the commit that introduced the bug"
        if result is None or result.present or not result.is_fix:
            return super().format_note(status)
        is_chosen = self._ticked_commits or self._named[self._fix_commit]
        if not is_chosen and status.state is not StageState.OFFERED:
            return super().format_note(status)
        return offer_note(result, self._chosen_candidates)

    def show_selected_row(self) -> None:
        self._show_evidence()
        self.update_titles()
        candidate, culprits = self._selected_candidate, self._shown_culprits
        if culprits and (self._fix_commit, *culprits) not in self._impacts:
            self._find_impact((self._fix_commit, *culprits))
        is_roomy = self.size.width >= WIDE and self.size.height >= TALL
        if candidate and (is_roomy or self.has_class("-detail")):
            self._show_patches(candidate)

    def _find_impact(self, commits: tuple[str, ...]) -> None:
        from patchpilot.tags.candidate_impact import compute_candidate_impact

        settings = self.session.known_settings
        profile = settings.get("profile") if settings else ""
        signoff = self.session.signs_off and not self._is_signed
        doubt = self._doubt

        def store_impact(impact: "CandidateImpact") -> None:
            self._impacts[commits] = impact
            self._show_evidence()

        self.run_in_thread(
            "finding affected branches",
            lambda repository, progress: compute_candidate_impact(
                repository,
                commits[0],
                commits[1:],
                profile=profile,
                signoff=signoff,
                doubt=doubt,
                progress=progress,
            ),
            store_impact,
        )

    def _show_evidence(self) -> None:
        result, candidate = self.shown_result, self._selected_candidate
        impact = self._impacts.get((self._fix_commit, *self._shown_culprits))
        self.list_panel.count = format_count(len(self._candidates), "candidate")
        ruler_panel, heading = self.query_one("#where", Panel), "Where the bug is"
        self.set_class(not self._shown_culprits, "-nowhere")
        if untagged := [candidate.commit[:12] for candidate in self._untagged_candidates]:
            heading += f", if {join_words(untagged)} introduced it"
        ruler_panel.heading = heading
        self.query_one("#ruler", ReleaseRuler).show_bug(impact.bug if impact else NOWHERE)
        evidence = self.query_one("#why", TextPanel).text
        columns = evidence.content_size.width or self.size.width
        rows = evidence_rows(result, candidate, impact, columns, can_write=self.can_write)
        evidence.update(join_lines(rows))
        self._message_panel.display = self.can_write
        if impact and impact.message and self.can_write:
            message = color_word_diff(impact.message, keep_marks=self.app.no_color)
            self._message_panel.text.update(message)
            self._scroll_to_tags()
        elif (commit := self.session.commit) and not self._shown_culprits:
            self._message_panel.text.update(plain_text(commit.message))

    _message_panel = getters.query_one("#rewording", TextPanel)

    def _scroll_to_tags(self) -> None:
        self.call_after_refresh(self._message_panel.reader.scroll_end, animate=False)

    def _show_patches(self, candidate: "Candidate") -> None:
        from patchpilot.tags.topic_culprits import compare_culprit_and_fix

        commits = candidate.commit, self._fix_commit

        def show_patches(patches: tuple[list[str], list[str], int]) -> None:
            if candidate is not self._selected_candidate:
                return
            heading = f"Candidate {candidate.commit[:12]}"
            self.query_one("#introduced", Panel).heading = heading
            introduced_rows, fix_rows, hunk_line = patches
            for selector, rows, line in (
                ("#introducing", introduced_rows, hunk_line),
                ("#fix", fix_rows, 0),
            ):
                view = self.query_one(selector, DiffView)
                if list(view.rows) != rows:
                    view.set_rows(rows)
                    # the view has its size after the next refresh
                    self.call_after_refresh(view.show_from_line, line)

        self.run_in_thread(
            "reading the candidate",
            lambda repository, _: compare_culprit_and_fix(repository, *commits),
            show_patches,
        )

    def action_view(self) -> None:
        self.open_detail()
        self.show_selected_row()
        self.query_one("#introducing").focus()

    def open_selected_row(self, row_list: RowList) -> None:
        if self.selected_item in (NOT_A_FIX, A_FIX):
            self._save_fix_answer(is_fix=self.selected_item == A_FIX)
        elif self.selected_item == OTHER:
            text = "Commit that introduced the bug (an id, or a tag with ~ or ^):"
            ask_for_answer(self, LineDialog(text), self._find_named_commit)
        elif self.can_write:
            if self.selected_item.commit not in self._ticked_commits:
                self._ticked.pop(self._fix_commit, None)
                self.refill_list()
            self.action_write()
        else:
            self._choose_culprit(self.selected_item)

    def _choose_culprit(self, candidate: "Candidate") -> None:
        """Record which commit introduced the bug of a merged fix, or forget it if it was chosen.

        The message of the fix cannot change; the LTS stage uses the answer.
        """
        session, fix = self.session, self._fix_commit
        is_new = session.introduced_by.pop(fix, "") != candidate.commit
        if is_new:
            session.introduced_by[fix] = candidate.commit
        self._ticked[fix] = frozenset([candidate.commit] if is_new else [])
        self.refill_list(candidate.commit)
        words = f"introduced by {candidate.commit[:12]}" if is_new else "no commit is chosen"
        self.notify(f"{words}; press {Stage.BACKPORTS.number} for the stable branches")
        self.update_titles()

    def _save_fix_answer(self, *, is_fix: bool) -> None:
        from patchpilot.tags.fix_claims import record_fix_answer

        session = self.session
        if session.commit is None:
            return
        commits = [session.commit]
        message = (
            "Marked as a fix. To undo, press Enter on the last line."
            if is_fix
            else "Marked as not a fix: no Fixes: tag, no Cc: stable, no backports."
            " Press Enter to undo."
        )

        def report_saved(_: object) -> None:
            self.notify(message)
            self.rerun_stage("waivers", "draft", "claims")

        self.run_in_thread(
            "saving the answer",
            lambda repository, _: record_fix_answer(
                repository,
                commits,
                is_fix,
                target=session.target,
                base=session.topic_base,
            ),
            report_saved,
        )

    def _find_named_commit(self, revision: str) -> None:
        from patchpilot.tags.topic_culprits import find_named_culprit

        fix = self._fix_commit

        def add_candidate(candidate: "Candidate") -> None:
            self._named[fix][candidate.commit] = candidate
            if not self.can_write and self._fix_commit == fix:
                if self.session.chosen_culprit != candidate.commit:
                    self._choose_culprit(candidate)
                return
            # select the new candidate only if it belongs to the displayed commit
            self.refill_list(candidate.commit if candidate in self._candidates else None)

        self.run_in_thread(
            "looking up the commit",
            lambda repository, _: find_named_culprit(repository, revision, fix),
            add_candidate,
        )

    def action_tick(self) -> None:
        if not self.can_write:
            self._choose_culprit(self.selected_item)
            return
        self._ticked[self._fix_commit] = self._ticked_commits ^ {self.selected_item.commit}
        self.refill_list()

    def action_write(self) -> None:
        """Ask which tags to write, show the resulting message, and write it.

        These are the tags for the ticked candidates or, if none is ticked, for the selected
        candidate. The selected candidate is not proposed if a tag is already valid, or if it is the
        first one and the evidence for it is weak.
        """
        from patchpilot.tui.screens.write_tags_dialog import WriteTags

        result = self._shown
        if result is None:
            return
        chosen = self._untagged_candidates
        tag, is_proposed = "", True
        fixes = tuple(candidate.commit for candidate in chosen)
        if chosen:
            tag = format_count(len(chosen), "Fixes: tag") if chosen[1:] else chosen[0].tag
            is_named = fixes[0] in self._named[self._fix_commit]
            is_best = chosen[0] == result.best_candidate
            is_moved_to = not result.present and chosen[0] not in result.candidates[:1]
            is_proposed = bool(self._ticked_commits) or is_named or is_best or is_moved_to
        dialog = WriteTags(
            self.session,
            fixes or (("auto",) if result.present else ("none",)),
            tag,
            is_proposed=is_proposed,
            # tags that the user ticked are no guess
            doubt="" if self._ticked_commits else self._doubt,
            others=self._others,
            signed=self._is_signed,
        )
        self.app.push_screen(dialog, self._write_tags)

    def _write_tags(self, request: "PrepareRequest | None") -> None:
        from patchpilot.tags.prepare_commits import prepare_commit_tags
        from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite

        session = self.session
        if request is None or session.commit is None:
            return
        commit_request = replace(request, target=session.commit.id)

        def report_written(preparation: "Preparation") -> None:
            if preparation.written:
                self.notify("; ".join(("tags written; press u to undo", *preparation.costs)))
                self.reread_topic()
            else:
                self.notify("nothing to write")

        def write_in_thread(repository: Any, progress: Any, overrides: tuple[str, ...]) -> Any:
            profile = session.read_settings(repository).get("profile")
            full_request = replace(commit_request, profile=profile, overrides=overrides)
            return prepare_commit_tags(repository, full_request, progress=progress)

        confirm_rewrite(self, "writing the tags", write_in_thread, report_written)
