# SPDX-License-Identifier: GPL-2.0-or-later
"""The tags stage: where the bug is, which commit introduced it, with confidence and evidence, and
the message with the resulting tags.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.model.bug_range import NOWHERE
from patchpilot.model.counted import counted
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import fitted, lines, plain, word_diff_line, word_diff_rows
from patchpilot.tui.view.session import LIKELY
from patchpilot.tui.view.shown_keys import NextKey, ShownKeys
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.choose import LineDialog, Reader
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import NEXT
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.meter import Meter
from patchpilot.tui.widgets.pager import Pager, patch_stops
from patchpilot.tui.widgets.panel import TALL, WIDE, Panel
from patchpilot.tui.widgets.ruler import ReleaseRuler

if TYPE_CHECKING:
    from patchpilot.services.candidate_impact import CandidateImpact
    from patchpilot.services.tags.find_culprits import CulpritAnswer, FixesResult
    from patchpilot.services.tags.prepare_commits import PrepareRequest
    from patchpilot.topic.message_changes import Preparation

OTHER, NOT_A_FIX, A_FIX = "other", "not-a-fix", "a-fix"
"""The choices below the candidates."""
CHOICES = {
    OTHER: "Another commit introduced it …",
    NOT_A_FIX: "This is not a fix: no Fixes: tag, no Cc: stable, no backports",
    A_FIX: "This is a fix: find the commit that introduced the bug",
}
SURE = 0.8
"""The confidence from which a meter is green; it is yellow from that of a likely candidate."""
METER = (4, 20)
"""Columns of a meter, at least and at most."""
WORDS = 24
"""Columns of a subject that come before a longer meter."""
BORDERS = 3
FIXED_COLUMNS = 4 + 4 + 1 + 2 + 12 + 2 + 10 + 2
"""Columns of a candidate's row without meter and subject."""


class TagsScreen(StageScreen):
    """The tags stage: the commit that introduced the bug."""

    stage = Stage.TAGS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w",
            "write",
            "write tags",
            tooltip=(
                "write Fixes:, Cc: stable, sign-off, links and other tags; the message is shown"
                " first"
            ),
        ),
        Binding(
            "space",
            "tick",
            "tick",
            key_display="Space",
            tooltip="tick a candidate, where more than one commit introduced the bug",
        ),
        Binding(
            "x",
            "view",
            "show patch",
            tooltip="show the fix, and the candidate's changes to the files it touches",
        ),
        Binding("u", "app.undo", "undo", tooltip="undo the last rewrite of your commits"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._impacts: dict[tuple[str, ...], CandidateImpact] = {}
        self._patches: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
        self._named: dict[str, tuple[CulpritAnswer, ...]] = {}
        self._ticked: dict[str, frozenset[str]] = {}

    def body(self) -> ComposeResult:
        """The ruler.

        The candidates and the evidence for the selected one; its change, the fix and the message as
        they will be.
        """
        with Panel(title="Where the bug is", id="where"):
            yield ReleaseRuler(ident="ruler")
        with Container(id="case"):
            with Panel(title="Candidates", id="suspects", classes="main"):
                yield Static(id="present", markup=False, classes="row")
                yield List(ident="candidates", enter="choose")
            with Panel(title="Evidence", id="why"), VerticalScroll(can_focus=False):
                yield Static(id="evidence", markup=False)
            with Panel(title="Message with tags added", id="rewording"):
                yield Pager(
                    ident="wording", styler=partial(word_diff_line, marked=self.app.no_color)
                )
        with Container(id="proof", classes="pair"):
            with Panel(title="Introduced by", id="introduced"):
                yield DiffView(ident="introducing")
            with Panel(title="Your fix", id="fixing"):
                yield DiffView(ident="fix")

    def show(self, result: "FixesResult") -> None:
        """Fill all; the cursor stays on its candidate."""
        if len(result.tags) > 1 and result.commit not in self._ticked:
            self._ticked[result.commit] = frozenset(
                one.commit for one in result.candidates if one.tag in result.tags
            )
        self._present(result)
        self._list(result)
        self.query_one("#candidates", List).focus()
        self.keys_changed()
        self._selected()

    @property
    def shown_keys(self) -> ShownKeys:
        """Where the tags are there, the next stage comes first."""
        result: FixesResult | None = self._shown
        if result is None or not result.present or result.troubled:
            return super().shown_keys
        return ShownKeys(NEXT, hidden=frozenset({"write"}))

    def _present(self, result: "FixesResult") -> None:
        """The tags that are there, each with its problems, and the notes."""
        rows = []
        for judged in result.present:
            problems = "; ".join(problem.message for problem in judged.problems)
            rows.append(
                plain(
                    f"{glyph('blocked' if problems else 'done')} {judged.tag.text}",
                    "red" if problems else "green",
                )
            )
            rows += [plain(f"  {problems}")] if problems else []
        rows += [plain(f"note: {note}") for note in result.notes]
        if not result.is_fix:
            rows.append(
                plain(f"{glyph('nothing')} {result.reason}: no Fixes: tag and no Cc: stable needed")
            )
        elif not rows and not result.candidates:
            rows.append(plain(f"{glyph('unknown')} {result.reason or 'no candidates'}"))
        present = self.query_one("#present", Static)
        present.display = bool(rows)
        present.update(lines(rows))

    def _list(self, result: "FixesResult", at: int | None = None) -> None:
        chosen = self.query_one("#candidates", List)
        candidates = self._candidates()
        chosen.clear_options()
        chosen.add_options([Option(self._row(candidate)) for candidate in candidates])
        choices = (OTHER, NOT_A_FIX) if result.is_fix else (A_FIX,)
        chosen.add_options(
            [Option(plain(f"    {CHOICES[choice]}", "dim"), id=choice) for choice in choices]
        )
        picked = self.session.introduced_by
        chosen.highlighted = (
            at
            if at is not None
            else next((at for at, one in enumerate(candidates) if one.commit == picked), 0)
        )

    def _row(self, candidate: "CulpritAnswer") -> Text:
        """A candidate: ticked or chosen, confidence, id, first release, subject."""
        room = self.size.width - BORDERS - FIXED_COLUMNS
        meter = max(METER[0], min(METER[1], (room - WORDS) // 2))
        style = (
            "green"
            if candidate.confidence >= SURE
            else "yellow"
            if candidate.confidence >= LIKELY
            else "dim"
        )
        ticked, picked = (
            candidate.commit in self._ticks(),
            candidate.commit == self.session.introduced_by,
        )
        mark = f"[{glyph('ticked')}]" if ticked else f" {glyph('cursor')} " if picked else "   "
        row = Text(f"{mark:<4}{candidate.confidence:4.0%} ", no_wrap=True) + Meter(
            candidate.confidence, style
        ).bar(meter)
        release = fitted((candidate.first_release or "unreleased").removeprefix("v"), 10)
        return row.append(
            plain(
                f"  {candidate.commit[:12]}  {release} "
                f" {fitted(candidate.subject, max(8, room - meter))}"
            )
        )

    @property
    def _is_large(self) -> bool:
        """Whether the panels are next to each other, with the patches and the message."""
        return self.size.width >= WIDE and self.size.height >= TALL

    def on_mount(self) -> None:
        """The ruler appears with the first bug."""
        super().on_mount()
        self.query_one("#where").display = False

    def on_resize(self) -> None:
        """The rows follow the width."""
        super().on_resize()
        result: FixesResult | None = self._shown
        if result is not None:
            self._list(result, self.query_one("#candidates", List).highlighted)
            self._selected()
            self._show_tags()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what speaks for it, and find out where the bug is, once the cursor rests."""
        self.at_rest(self._selected)

    def _selected(self) -> None:
        """Show what is known of the selection; find out the rest."""
        commit, candidate = self.session.commit, self._chosen()
        self._explain()
        self._show_patches()
        culprits = self._culprits()
        if commit is None:
            return
        if culprits and (commit.id, *culprits) not in self._impacts:
            self._examine(commit.id, culprits)
        if candidate and (commit.id, candidate.commit) not in self._patches and self._is_large:
            self._read_patches(candidate, lambda _: self._show_patches())

    def _examine(self, fix: str, culprits: tuple[str, ...]) -> None:
        from patchpilot.services.candidate_impact import candidate_impact

        known = self.session.known_settings
        profile, signoff = (known.get("profile"), known.flag("signoff")) if known else ("", False)

        def looked(impact: "CandidateImpact") -> None:
            self._impacts[(fix, *culprits)] = impact
            self._explain()

        self.in_thread(
            "finding affected branches",
            lambda repository, progress: candidate_impact(
                repository,
                fix,
                culprits,
                profile=profile,
                signoff=signoff and not self._is_signed(),
                progress=progress,
            ),
            looked,
            lambda: self.query_one("#ruler", ReleaseRuler).show(NOWHERE),
        )

    def _explain(self) -> None:
        """The evidence for the selected candidate, the ruler and the message, as far as they are
        known.
        """
        result: FixesResult | None = self._shown
        commit, candidate = self.session.commit, self._chosen()
        if result is None or commit is None:
            return
        impact = self._impacts.get((commit.id, *self._culprits()))
        self.query_one("#suspects", Panel).count = counted(len(self._candidates()), "candidate")
        where = self.query_one("#where", Panel)
        where.display = bool(self._culprits())
        is_guess = not (result.present or self._ticks() or self.session.introduced_by)
        where.heading = (
            f"Where the bug is, if {candidate.commit[:12]} introduced it"
            if candidate and is_guess
            else "Where the bug is"
        )
        if impact:
            # that of another candidate stays for the moment in which this one is looked at
            self.query_one("#ruler", ReleaseRuler).show(impact.bug)
        self.query_one("#evidence", Static).update(lines(evidence_rows(result, candidate, impact)))
        wording, message = (
            self.query_one("#wording", Pager),
            word_diff_rows(impact.message) if impact else [],
        )
        if message and list(wording.rows) != message:
            wording.fill(message)
            self._show_tags()

    def _show_tags(self) -> None:
        """Scroll the message to the tags, which are its last lines, once it has its place."""
        self.call_after_refresh(self.query_one("#wording", Pager).scroll_end, animate=False)

    def _read_patches(self, candidate: "CulpritAnswer", then: Any) -> None:
        commit = self.session.commit
        if commit is None:
            return
        key = (commit.id, candidate.commit)

        def read(repository: Any, _: Any) -> tuple[list[str], list[str]]:
            from patchpilot.services.tags.topic_culprits import culprit_and_fix

            return culprit_and_fix(repository, candidate.commit, commit.id)

        def kept(patches: tuple[list[str], list[str]]) -> None:
            self._patches[key] = patches
            then(patches)

        if key in self._patches:
            then(self._patches[key])
        else:
            self.in_thread("reading the candidate", read, kept)

    def _show_patches(self) -> None:
        """The candidate's hunk that has most of the fix's lines, next to the fix's hunks.

        `x` shows the whole patches.
        """
        commit, candidate = self.session.commit, self._chosen()
        introduced, fix = (
            self._patches.get((commit.id, candidate.commit), ([], []))
            if commit and candidate
            else ([], [])
        )
        self.query_one("#introduced", Panel).heading = (
            f"Introduced by {candidate.commit[:12]}" if candidate else "Introduced by"
        )
        if not fix:
            return
        for name, rows in (
            ("#introducing", from_hunk(introduced, related_hunk(introduced, fix))),
            ("#fix", from_hunk(fix, first_hunk(fix))),
        ):
            view = self.query_one(name, DiffView)
            if list(view.rows) != rows:
                view.fill(rows)

    @property
    def next_key(self) -> NextKey | None:
        """The tags, while none is there."""
        is_open = self.session.status(self.stage).state in (
            StageState.TODO,
            StageState.OFFERED,
        ) and bool(self._candidates())
        return NextKey("w", "see the tags to write") if is_open else None

    def action_view(self) -> None:
        """Show the candidate's patch, and the fix below it, on the whole screen."""
        candidate = self._chosen()
        if candidate is None:
            return

        def then(patches: tuple[list[str], list[str]]) -> None:
            rows = [*patches[0], "", "The fix:", "", *patches[1]]
            self.app.push_screen(
                Reader(
                    f"{candidate.commit[:12]}: changes to the files of the fix",
                    rows,
                    pager=DiffView(ident="text"),
                    stops=patch_stops(rows),
                )
            )

        self._read_patches(candidate, then)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter writes the candidate's tag, or takes the choice."""
        if event.option.id in (NOT_A_FIX, A_FIX):
            self._claim(is_fix=event.option.id == A_FIX)
        elif event.option.id == OTHER:
            self._ask_for_commit()
        else:
            self.action_write()

    def action_tick(self) -> None:
        """Tick the candidate, or untick it: every ticked one gets a Fixes: tag."""
        commit, candidate = self.session.commit, self._chosen()
        result: FixesResult | None = self._shown
        if commit is None or candidate is None or result is None:
            self.notify("select a candidate first", timeout=2)
            return
        self._ticked[commit.id] = self._ticks() ^ {candidate.commit}
        self._list(result, self.query_one("#candidates", List).highlighted)
        self._selected()

    def action_write(self) -> None:
        """Choose the ticked candidates, else the selected one, which backports use from now on.

        Then show the tags to write.
        """
        commit = self.session.commit
        chosen = self._to_write()
        if commit is None:
            return
        if not chosen:
            result: FixesResult | None = self._shown
            self._dialog(("auto",) if result and result.present else ("none",), "")
            return
        self.session.chosen[commit.subject] = chosen[0].commit
        if self.tui.place:
            self.tui.memory.keep(self.tui.place, chosen=self.session.chosen)
        tag = chosen[0].tag if len(chosen) == 1 else counted(len(chosen), "Fixes: tag")
        self._dialog(tuple(one.commit for one in chosen), tag)

    def _to_write(self) -> "list[CulpritAnswer]":
        """The candidates that get a tag: the ticked ones, else the selected one unless its tag is
        there.
        """
        result: FixesResult | None = self._shown
        there = (
            {judged.target.id for judged in result.present if judged.target} if result else set()
        )
        ticked = [one for one in self._candidates() if one.commit in self._ticks()]
        candidate = self._chosen()
        return [
            one for one in ticked or ([candidate] if candidate else []) if one.commit not in there
        ]

    def _ask_for_commit(self) -> None:
        """Let the user name the commit that introduced the bug; it becomes a candidate."""
        commit = self.session.commit
        if commit is None:
            return

        def named(candidate: "CulpritAnswer") -> None:
            others = [
                one for one in self._named.get(commit.id, ()) if one.commit != candidate.commit
            ]
            self._named[commit.id] = (*others, candidate)
            if self._shown is not None:
                # another commit may be on screen by now
                ids = [one.commit for one in self._candidates()]
                self._list(
                    self._shown, ids.index(candidate.commit) if candidate.commit in ids else None
                )
                self._selected()

        def answered(word: str | None) -> None:
            from patchpilot.services.tags.topic_culprits import named_culprit

            if word:
                self.in_thread(
                    "looking up the commit",
                    lambda repository, _: named_culprit(repository, word, commit.id),
                    named,
                )

        text = "Commit that introduced the bug (an id, or a tag with ~ or ^):"
        self.app.push_screen(LineDialog(text, lambda value: (bool(value.strip()), "")), answered)

    def _claim(self, *, is_fix: bool) -> None:
        """Keep the answer whether the commit is a fix with the topic; the other stages go by it."""
        from patchpilot.topic.fix_claims import answer_fix

        commit = self.session.commit
        if commit is None:
            return
        base = self.session.topic.base if self.session.topic else None

        def answered(_: object) -> None:
            self.notify(
                (
                    "Marked as a fix. To undo, press Enter on the last line."
                    if is_fix
                    else (
                        "Marked as not a fix: no Fixes: tag, no Cc: stable, no backports. Press"
                        " Enter to undo."
                    )
                ),
                timeout=6,
            )
            self.session.changed("waivers", "draft", "claims")
            self.tui.jobs.begin(self.stage)

        self.in_thread(
            "saving the answer",
            lambda repository, _: answer_fix(
                repository, [commit], is_fix, target=self.session.target, base=base
            ),
            answered,
        )

    def _dialog(self, fixes: tuple[str, ...], tag: str) -> None:
        from patchpilot.tui.screens.write_tags_dialog import WriteTags

        if self.session.commit is None:
            return

        def answered(request: "PrepareRequest | None") -> None:
            if request is not None:
                self._write(request)

        known = self.session.known_settings
        signs = bool(known and known.flag("signoff"))
        self.app.push_screen(
            WriteTags(self.session, fixes, tag, signed=self._is_signed(), signs=signs), answered
        )

    def _is_signed(self) -> bool:
        commit = self.session.commit
        return commit is not None and any(
            line.lower().startswith("signed-off-by:") for line in commit.lines
        )

    def _write(self, request: "PrepareRequest") -> None:
        from patchpilot.services.tags.prepare_commits import prepare
        from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite

        commit = self.session.commit
        if commit is None:
            return

        def written(done: "Preparation") -> None:
            if done.written:
                message = "; ".join(("tags written; press u to undo", *done.costs))
                self.notify(message, markup=False, timeout=6)
                self.reread()
            else:
                self.notify("nothing to write", timeout=3)

        confirm_rewrite(
            self,
            "writing the tags",
            lambda repository, progress, given: prepare(
                repository,
                replace(
                    request,
                    target=commit.id,
                    profile=self.session.settings(repository).get("profile"),
                    overrides=given,
                ),
                progress=progress,
            ),
            written,
        )

    def _candidates(self) -> "tuple[CulpritAnswer, ...]":
        """The candidates found, and those that the user named."""
        result: FixesResult | None = self._shown
        if result is None:
            return ()
        found = {one.commit for one in result.candidates}
        return (
            *result.candidates,
            *(one for one in self._named.get(result.commit, ()) if one.commit not in found),
        )

    def _ticks(self) -> frozenset[str]:
        commit = self.session.commit
        return self._ticked.get(commit.id, frozenset()) if commit else frozenset()

    def _culprits(self) -> tuple[str, ...]:
        """The commits to show the bug of: the ticked ones, else the selected one, else those that
        the present tags name.
        """
        ticked = tuple(one.commit for one in self._candidates() if one.commit in self._ticks())
        candidate = self._chosen()
        result: FixesResult | None = self._shown
        present = (
            tuple(judged.target.id for judged in result.present if judged.target) if result else ()
        )
        return ticked or ((candidate.commit,) if candidate else ()) or present

    def _chosen(self) -> "CulpritAnswer | None":
        at, candidates = self.query_one("#candidates", List).highlighted, self._candidates()
        return candidates[at] if at is not None and at < len(candidates) else None


def evidence_rows(
    result: "FixesResult", candidate: "CulpritAnswer | None", impact: "CandidateImpact | None"
) -> list[Text]:
    """What speaks for a candidate, what does not, and what the tags will be."""
    rows: list[Text] = []
    if candidate:
        rows += [plain(f"{glyph('done')} {reason}", "green") for reason in candidate.evidence]
        rows += [plain(f"{glyph('nothing')} {reason}", "dim") for reason in candidate.lacks]
        if result.reason:
            rows.append(plain(f"{glyph('stale')} uncertain: {result.reason}", "yellow"))
        rows += [
            plain(""),
            plain(candidate.tag),
            plain(f"first release: {candidate.first_release or 'none yet'}"),
        ]
    if impact:
        have = [branch.version for branch in impact.stable.branches if branch.affected]
        lack = [branch.version for branch in impact.stable.branches if branch.affected is False]
        if impact.stable.branches:
            rows.append(
                plain(
                    f"affected LTS: {', '.join(have) or 'none'}"
                    + (f"; not affected: {', '.join(lack)}" if lack else "")
                )
            )
        advice = impact.stable.advice
        rows += [plain(f"adds: {line}") for line in advice.lines] or [
            plain(f"no Cc: stable: {'; '.join(advice.reasons)}")
        ]
    if not rows and not result.is_fix:
        rows.append(
            plain(
                "If it is a fix, press Enter to list the commits that may have introduced the bug."
            )
        )
    return rows


def first_hunk(rows: Sequence[str]) -> int:
    """The line of the first hunk of a patch, 0 where there is none."""
    return next((at for at in patch_stops(rows) if rows[at].startswith("@@ ")), 0)


def from_hunk(rows: Sequence[str], at: int) -> list[str]:
    """The patch from the hunk at a line on, with the header of its file."""
    file = (
        next((line for line in range(at, -1, -1) if rows[line].startswith("diff --git ")), at)
        if rows
        else 0
    )
    header = next((line for line in range(file, at) if rows[line].startswith("@@ ")), at)
    return [*rows[file:header], *rows[at:]]


def related_hunk(rows: Sequence[str], fix: Sequence[str]) -> int:
    """The first line to show of a candidate's patch: its hunk that added most of the lines that the
    fix removes or has around its change.
    """
    touched = {row[1:].strip() for row in fix if row[:1] in (" ", "-") and row[1:].strip()}
    hunks = [at for at in patch_stops(rows) if rows[at].startswith("@@ ")]
    ends = [*hunks[1:], len(rows)]
    shared = [
        sum(row[:1] == "+" and row[1:].strip() in touched for row in rows[at:end])
        for at, end in zip(hunks, ends, strict=False)
    ]
    return hunks[shared.index(max(shared))] if shared else 0
