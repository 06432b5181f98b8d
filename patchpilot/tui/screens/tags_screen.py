# SPDX-License-Identifier: GPL-2.0-or-later
"""The screen of the tags stage.

It shows the location of the bug, the commit that introduced it with confidence and evidence, and
the message with the resulting tags.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from patchpilot.model.bug_range import NOWHERE
from patchpilot.model.counted import counted
from patchpilot.tui.screens.tags_rows import (
    A_FIX,
    NOT_A_FIX,
    OTHER,
    candidate_rows,
    evidence_rows,
    present_rows,
    related_hunk,
)
from patchpilot.tui.stage.stage_screen import AnyScreen, StageScreen
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.view.rich_text import lines, word_diff
from patchpilot.tui.view.shown_keys import NextKey, ShownKeys
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.choose import (
    LineDialog,
    Reader,
    ask_line,
)
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import NEXT
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import TALL, WIDE, Panel
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


def ask_for_commit(screen: AnyScreen, then: "Callable[[str, Candidate], None]") -> None:
    """Let the user name the commit that introduced the bug.

    `then` is called with the id of the fix and the named commit.
    """
    from patchpilot.services.tags.topic_culprits import named_culprit

    commit = screen.session.commit
    if commit is None:
        return

    def look_up(word: str) -> None:
        screen.in_thread(
            "looking up the commit",
            lambda repository, _: named_culprit(repository, word, commit.id),
            partial(then, commit.id),
        )

    text = "Commit that introduced the bug (an id, or a tag with ~ or ^):"
    ask_line(screen.app, LineDialog(text), look_up)


def claim(screen: AnyScreen, *, is_fix: bool) -> None:
    """Store with the topic whether the commit is a fix; the other stages use this answer."""
    from patchpilot.topic.fix_claims import answer_fix

    commit = screen.session.commit
    if commit is None:
        return

    def answered(_: object) -> None:
        screen.notify(
            (
                "Marked as a fix. To undo, press Enter on the last line."
                if is_fix
                else (
                    "Marked as not a fix: no Fixes: tag, no Cc: stable, no backports. Press"
                    " Enter to undo."
                )
            ),
        )
        screen.begin_after("waivers", "draft", "claims")

    screen.in_thread(
        "saving the answer",
        lambda repository, _: answer_fix(
            repository,
            [commit],
            is_fix,
            target=screen.session.target,
            base=screen.session.topic_base,
        ),
        answered,
    )


def write_tags(
    screen: AnyScreen, fixes: tuple[str, ...], tag: str, *, is_proposed: bool = True
) -> None:
    """Ask which tags to write for these commits, show the resulting message, and write it."""
    from patchpilot.tui.screens.write_tags_dialog import WriteTags

    if screen.session.commit is None:
        return

    def answered(request: "PrepareRequest | None") -> None:
        if request is not None:
            _write(screen, request)

    known = screen.session.known_settings
    signs = bool(known and known.flag("signoff"))
    screen.app.push_screen(
        WriteTags(
            screen.session,
            fixes,
            tag,
            is_proposed=is_proposed,
            signed=is_signed(screen),
            signs=signs,
        ),
        answered,
    )


def is_signed(screen: AnyScreen) -> bool:
    """Return whether the selected commit has a Signed-off-by: line."""
    commit = screen.session.commit
    return commit is not None and any(
        line.lower().startswith("signed-off-by:") for line in commit.lines
    )


def _write(screen: AnyScreen, request: "PrepareRequest") -> None:
    from patchpilot.services.tags.prepare_commits import prepare
    from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite

    commit = screen.session.commit
    if commit is None:
        return

    def written(done: "Preparation") -> None:
        if done.written:
            message = "; ".join(("tags written; press u to undo", *done.costs))
            screen.notify(message)
            screen.reread()
        else:
            screen.notify("nothing to write")

    confirm_rewrite(
        screen,
        "writing the tags",
        lambda repository, progress, given: prepare(
            repository,
            replace(
                request,
                target=commit.id,
                profile=screen.session.settings(repository).get("profile"),
                overrides=given,
            ),
            progress=progress,
        ),
        written,
    )


class TagsScreen(StageScreen["FixesResult"]):
    """The screen for choosing the commit that introduced the bug."""

    stage = Stage.TAGS
    LIST = "#candidates"
    RESTS = True
    BINDINGS = BINDINGS

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._impacts: dict[tuple[str, ...], CandidateImpact] = {}
        self._patches: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
        self._named: dict[str, tuple[Candidate, ...]] = {}
        self._ticked: dict[str, frozenset[str]] = {}

    def body(self) -> ComposeResult:
        """Return the ruler.

        The candidates and the evidence for the selected one; its change, the fix and the message as
        they will be.
        """
        with Panel(title="Where the bug is", id="where"):
            yield ReleaseRuler(ident="ruler")
        with Container(id="case"):
            with Panel(title="Candidates", id="suspects", classes="main"):
                yield PlainText("present", classes="row")
                yield RowList(ident="candidates", enter="choose")
            with Panel(title="Evidence", id="why"), VerticalScroll(can_focus=False):
                yield PlainText("evidence")
            with (
                Panel(title="Message with tags added", id="rewording"),
                VerticalScroll(id="wording"),
            ):
                yield PlainText("words")
        with Container(id="proof", classes="pair"):
            with Panel(title="Introduced by", id="introduced"):
                yield DiffView(ident="introducing")
            with Panel(title="Your fix", id="fixing"):
                yield DiffView(ident="fix")

    def show(self, result: "FixesResult") -> None:
        """Fill all; the cursor stays on its candidate."""
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
        known = self.shown
        return candidate_rows(
            self._candidates(), self.size.width, self._ticks(), is_fix=known.is_fix
        )

    @property
    def shown_keys(self) -> ShownKeys:
        """Where the tags are there, the next stage comes first; the keys of candidates are for
        candidates.
        """
        result = self._shown
        hidden = set()
        if result is None or not result.candidates or self._chosen() is None:
            hidden |= {"tick", "view"}
        elif len(result.candidates) == 1:
            hidden.add("tick")
        if result is None or not result.present or result.troubled:
            return ShownKeys(hidden=frozenset(hidden))
        return ShownKeys(NEXT, hidden=frozenset(hidden | {"write"}))

    @property
    def _is_large(self) -> bool:
        return self.size.width >= WIDE and self.size.height >= TALL

    def on_mount(self) -> None:
        self.query_one("#where").display = False

    def on_resize(self) -> None:
        if self._shown is not None:
            self._show_tags()

    def detail(self) -> None:
        """Show what speaks for the selected one and where the bug is, and find out the rest."""
        commit, candidate, culprits = (
            self.session.commit,
            self._chosen(),
            self._culprits(),
        )
        self._explain()
        self._show_patches()
        if commit is None:
            return
        if culprits and (commit.id, *culprits) not in self._impacts:
            self._examine(commit.id, culprits)
        if candidate and self._pair not in self._patches and self._is_large:
            self._read_patches(candidate, lambda _: self._show_patches())

    def _examine(self, fix: str, culprits: tuple[str, ...]) -> None:
        from patchpilot.services.candidate_impact import candidate_impact

        known = self.session.known_settings
        profile, signoff = (
            (known.get("profile"), known.flag("signoff")) if known else ("", False)
        )

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
                signoff=signoff and not is_signed(self),
                progress=progress,
            ),
            looked,
            lambda: self.query_one("#ruler", ReleaseRuler).show(NOWHERE),
        )

    def _explain(self) -> None:
        """The evidence for the selected candidate, the ruler and the message, as far as they are
        known.
        """
        result = self._shown
        commit, candidate = self.session.commit, self._chosen()
        if result is None or commit is None:
            return
        impact = self._impacts.get((commit.id, *self._culprits()))
        self.query_one("#suspects", Panel).count = counted(
            len(self._candidates()), "candidate"
        )
        where = self.query_one("#where", Panel)
        where.display = bool(self._culprits())
        is_guess = not (result.present or self._ticks())
        where.heading = (
            f"Where the bug is, if {candidate.commit[:12]} introduced it"
            if candidate and is_guess
            else "Where the bug is"
        )
        if impact:
            # that of another candidate stays for the moment in which this one is looked at
            self.query_one("#ruler", ReleaseRuler).show(impact.bug)
        evidence = self.query_one("#evidence", Static)
        columns = evidence.content_size.width or self.size.width
        evidence.update(lines(evidence_rows(result, candidate, impact, columns)))
        if impact and impact.message:
            message = word_diff(impact.message, marked=self.app.no_color)
            self.query_one("#words", Static).update(message)
            self._show_tags()

    def _show_tags(self) -> None:
        """Scroll the message to the tags, which are its last lines, once it has its place."""
        self.call_after_refresh(self.query_one("#wording").scroll_end, animate=False)

    @property
    def _pair(self) -> tuple[str, str]:
        commit, candidate = self.session.commit, self._chosen()
        return commit.id if commit else "", candidate.commit if candidate else ""

    def _read_patches(self, candidate: "Candidate", then: Any) -> None:
        commit = self.session.commit
        if commit is None:
            return
        key = self._pair

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
        candidate = self._chosen()
        introduced, fix = self._patches.get(self._pair, ([], []))
        self.query_one("#introduced", Panel).heading = (
            f"Introduced by {candidate.commit[:12]}" if candidate else "Introduced by"
        )
        if not fix:
            return
        hunk = related_hunk(introduced, fix)
        for name, rows, at in (("#introducing", introduced, hunk), ("#fix", fix, 0)):
            view = self.query_one(name, DiffView)
            if list(view.rows) != rows:
                view.fill(rows)
                view.scroll_to(y=view.place_of(at), animate=False, immediate=True)

    @property
    def next_key(self) -> NextKey | None:
        """The tags, while none is there."""
        is_open = self.session.status(self.stage).state in (
            StageState.TODO,
            StageState.OFFERED,
        )
        is_candidate = is_open and self._chosen() is not None
        return NextKey("w", "review the tags to write") if is_candidate else None

    def action_view(self) -> None:
        candidate = self._chosen()
        if candidate is None:
            return

        def then(patches: tuple[list[str], list[str]]) -> None:
            rows = [*patches[0], "", "The fix:", "", *patches[1]]
            self.app.push_screen(
                Reader(
                    f"{candidate.commit[:12]}: changes to the files of the fix",
                    rows,
                    patch=True,
                )
            )

        self._read_patches(candidate, then)

    def entered(self, listed: RowList) -> None:
        if self.chosen in (NOT_A_FIX, A_FIX):
            claim(self, is_fix=self.chosen == A_FIX)
        elif self.chosen == OTHER:
            ask_for_commit(self, self._add_candidate)
        else:
            self.action_write()

    def _add_candidate(self, fix: str, candidate: "Candidate") -> None:
        others = [
            one for one in self._named.get(fix, ()) if one.commit != candidate.commit
        ]
        self._named[fix] = (*others, candidate)
        if self._shown is not None:
            # another commit may be on screen by now
            self.fill(candidate.commit if candidate in self._candidates() else None)

    def action_tick(self) -> None:
        commit, candidate = self.session.commit, self._chosen()
        result = self._shown
        if commit is None or candidate is None or result is None:
            self.notify("select a candidate first")
            return
        self._ticked[commit.id] = self._ticks() ^ {candidate.commit}
        self.fill()

    def action_write(self) -> None:
        """Show the tags to write: of the ticked candidates, else of the selected one.

        That one is not proposed where a tag is valid or its evidence is weak.
        """
        result = self._shown
        chosen = self._to_write()
        if self.session.commit is None or result is None:
            return
        if not chosen:
            write_tags(self, ("auto",) if result.present else ("none",), "")
            return
        tag = chosen[0].tag if len(chosen) == 1 else counted(len(chosen), "Fixes: tag")
        named = self._named.get(result.commit, ())
        is_proposed = bool(self._ticks()) or chosen[0] in (result.offered, *named)
        fixes = tuple(candidate.commit for candidate in chosen)
        write_tags(self, fixes, tag, is_proposed=is_proposed)

    def _to_write(self) -> "list[Candidate]":
        """Return the candidates that get a tag: the ticked ones, else the selected one
        unless its tag is there.
        """
        result = self._shown
        there = (
            {judged.target.id for judged in result.present if judged.target}
            if result
            else set()
        )
        ticked = [
            candidate
            for candidate in self._candidates()
            if candidate.commit in self._ticks()
        ]
        candidate = self._chosen()
        return [
            one
            for one in ticked or ([candidate] if candidate else [])
            if one.commit not in there
        ]

    def _candidates(self) -> "tuple[Candidate, ...]":
        result = self._shown
        if result is None:
            return ()
        found = {candidate.commit for candidate in result.candidates}
        # a candidate of 0 % is none, unless there is no better one
        likely = [
            candidate
            for candidate in result.candidates
            if candidate.confidence >= 0.005
        ]
        return (
            *(likely or result.candidates[:1]),
            *(
                one
                for one in self._named.get(result.commit, ())
                if one.commit not in found
            ),
        )

    def _ticks(self) -> frozenset[str]:
        commit = self.session.commit
        return self._ticked.get(commit.id, frozenset()) if commit else frozenset()

    def _culprits(self) -> tuple[str, ...]:
        """Return the commits to show the bug of: the ticked ones, else the selected
        one, else those that the present tags name.
        """
        ticked = tuple(
            candidate.commit
            for candidate in self._candidates()
            if candidate.commit in self._ticks()
        )
        candidate = self._chosen()
        result = self._shown
        present = (
            tuple(judged.target.id for judged in result.present if judged.target)
            if result
            else ()
        )
        return ticked or ((candidate.commit,) if candidate else ()) or present

    def _chosen(self) -> "Candidate | None":
        return None if isinstance(self.chosen, str) else self.chosen
