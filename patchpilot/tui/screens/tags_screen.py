# SPDX-License-Identifier: GPL-2.0-or-later
"""The tags stage: which commit introduced the bug, with confidence and evidence, which branches have it, and the resulting tags."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.model.counted import counted
from patchpilot.tui.rich_text import fitted, plain
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import Reader
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.panel import Columns, Panel
from patchpilot.tui.widgets.patch_pager import patch_stops

if TYPE_CHECKING:
    from patchpilot.services.tags.find_culprits import CulpritAnswer, FixesResult
    from patchpilot.services.tags.prepare_commits import Preparation, PrepareRequest
    from patchpilot.services.tags.stable_request_tag import StableResult


def load(ask: JobRequest) -> "tuple[FixesResult, StageStatus]":
    """The result of `patchpilot fixes` for the selected commit."""
    from patchpilot.services.tags.topic_culprits import topic_culprits

    assert ask.session.commit
    settings = ask.session.settings(ask.repository)
    result = topic_culprits(ask.repository, settings, ask.session.commit, ask.topic.base, ask.progress)
    if not result.is_fix:
        return result, StageStatus(StageState.DONE, f"{result.reason}; press f if it is a fix")
    if result.present and not result.troubled:
        return result, StageStatus(StageState.DONE, counted(len(result.present), "valid Fixes: tag"))
    if result.troubled:
        return result, StageStatus(StageState.TODO, "invalid Fixes: tag; w fixes its format")
    if result.candidates:
        best = result.candidates[0]
        return result, StageStatus(StageState.TODO, f"likely introduced by {best.commit[:12]} ({best.confidence:.0%}); Enter adds the tag")
    return result, StageStatus(StageState.TODO, result.reason or "no candidates")


class TagsScreen(StageScreen):
    """The tags stage: the commit that introduced the bug."""

    stage = Stage.TAGS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "others", "write other tags", tooltip="write sign-off, links and other tags, without a new Fixes: tag"),
        Binding("f", "claim", "toggle fix", tooltip="mark this commit as a fix, or as not a fix"),
        Binding("v", "view", "show candidate", tooltip="show the candidate's change to the same files, and the fix"),
        Binding("u", "app.undo", "undo", tooltip="undo the last rewrite of your commits"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._stable: dict[tuple[str, str], StableResult] = {}

    def body(self) -> ComposeResult:
        """The present tags, the candidates, the evidence for the selected one, and (if there is space) its patch next to the fix."""
        yield Panel(Static(id="present", markup=False), title="Tags", id="tags-present")
        with Columns(id="culprits"):
            yield Panel(List(ident="candidates", enter="add tag"), title="Commits that may have introduced the bug", classes="main")
            with Panel(title="Evidence"), VerticalScroll(can_focus=False):
                yield Static(id="evidence", markup=False)
        with Columns(id="compare"):
            yield Panel(DiffView(ident="introducing"), title="Introducing commit")
            yield Panel(DiffView(ident="fix"), title="Your fix")

    def show(self, result: "FixesResult") -> None:
        """Fill all."""
        rows = [
            f"{judged.tag.text}\n   {'; '.join(problem.message for problem in judged.problems) or 'valid'}" for judged in result.present
        ]
        rows += [f"note: {note}" for note in result.notes]
        none = (
            "No Fixes: tag yet. Commits that most likely introduced the bug:"
            if result.is_fix
            else "No Fixes: tag and no Cc: stable needed."
        )
        self.query_one("#present", Static).update(plain("\n".join(rows) or none))
        chosen = self.query_one("#candidates", List)
        picked = self.session.introduced_by
        chosen.clear_options()
        for candidate in result.candidates:
            mark = "*" if candidate.commit == picked else " "
            release = fitted(candidate.first_release or "unreleased", 11)
            row = f"{mark}{candidate.confidence:4.0%}  {candidate.commit[:12]}  {release}  {candidate.subject}"
            chosen.add_option(Option(plain(row)))
        chosen.display = bool(result.candidates)
        if result.candidates:
            chosen.highlighted = next((at for at, candidate in enumerate(result.candidates) if candidate.commit == picked), 0)
            chosen.focus()
        elif result.is_fix:
            self.query_one("#evidence", Static).update(plain(f"no candidates: {result.reason}"))
        else:
            reason = f"{result.reason[:1].upper()}{result.reason[1:]}."
            self.query_one("#evidence", Static).update(
                plain(f"{reason}\nIf it is a fix, press f: then the commits that may have introduced the bug are listed.")
            )

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the evidence, and find the branches that have the bug."""
        candidate = self._chosen()
        if candidate is None:
            return
        self._explain(candidate)
        commit = self.session.commit
        if commit and (commit.id, candidate.commit) not in self._stable:
            from patchpilot.services.tags.stable_request_tag import StableRequest, stable_lines

            key = (commit.id, candidate.commit)
            request = StableRequest(commit.id, fixes=[candidate.commit], assume_tag=True)

            def looked(result: "StableResult") -> None:
                self._stable[key] = result
                self._explain(candidate)

            self.in_thread(
                "finding affected branches",
                lambda repository, progress: stable_lines(repository, request, progress=progress),
                looked,
            )
        if self.size.width >= 120 or self.size.height >= 36:
            self._patches(candidate, self._show_patches)

    def _explain(self, candidate: "CulpritAnswer") -> None:
        result: FixesResult | None = self.session.last(self.stage)
        commit = self.session.commit
        if self._chosen() != candidate or result is None or commit is None:
            return
        rows = [candidate.tag, *(f"- {reason}" for reason in candidate.evidence)]
        if result.reason:
            rows.append(f"uncertain: {result.reason}")
        rows.append(f"first release: {candidate.first_release or 'none yet'}")
        stable = self._stable.get((commit.id, candidate.commit))
        if stable:
            have = [branch.version for branch in stable.branches if branch.affected]
            lack = [branch.version for branch in stable.branches if branch.affected is False]
            if stable.branches:
                rows.append(f"affected LTS: {', '.join(have) or 'none'}" + (f"; not affected: {', '.join(lack)}" if lack else ""))
            rows += [f"adds: {line}" for line in stable.advice.lines] or [f"no Cc: stable: {'; '.join(stable.advice.reasons)}"]
        self.query_one("#evidence", Static).update(plain("\n".join(rows)))

    def _patches(self, candidate: "CulpritAnswer", then: Any) -> None:
        commit = self.session.commit
        if commit is None:
            return

        def read(repository: Any, _: Any) -> tuple[list[str], list[str]]:
            from patchpilot.services.tags.topic_culprits import culprit_and_fix

            return culprit_and_fix(repository, candidate.commit, commit.id)

        self.in_thread("reading the candidate", read, then)

    def _show_patches(self, patches: tuple[list[str], list[str]]) -> None:
        for name, rows in zip(("#introducing", "#fix"), patches, strict=True):
            pager = self.query_one(name, DiffView)
            stops = patch_stops(rows)
            pager.fill(rows, stops=stops)
            first = next((at for at in stops if rows[at].startswith("@@ ")), 0)
            pager.scroll_to(y=max(0, first - 1), animate=False)

    def action_view(self) -> None:
        """Show the candidate's patch, and the fix below it, on the whole screen."""
        candidate = self._chosen()
        if candidate is None:
            return

        def then(patches: tuple[list[str], list[str]]) -> None:
            from patchpilot.tui.rich_text import diff_line

            rows = [*patches[0], "", "The fix:", "", *patches[1]]
            self.app.push_screen(
                Reader(f"{candidate.commit[:12]}: changes to the files of the fix", rows, styler=diff_line, stops=patch_stops(rows))
            )

        self._patches(candidate, then)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter chooses the candidate."""
        self.action_write()

    def action_write(self) -> None:
        """Choose the candidate, which backports use from now on; then show the tags to write."""
        candidate = self._chosen()
        commit = self.session.commit
        if candidate is None or commit is None:
            self.action_others()
            return
        self.session.chosen[commit.subject] = candidate.commit
        if self.tui.place:
            self.tui.memory.keep(self.tui.place, chosen=self.session.chosen)
        self._dialog((candidate.commit,), candidate.tag)

    def action_claim(self) -> None:
        """Mark the commit as a fix or as not a fix; stored with the topic."""
        from patchpilot.services.tags.fix_claims import answer_fix

        result: FixesResult | None = self.session.fresh(self.stage)
        commit = self.session.commit
        if result is None or commit is None:
            self.notify("not ready yet", timeout=2)
            return
        is_fix, base = not result.is_fix, self.session.topic.base if self.session.topic else None

        def answered(_: object) -> None:
            self.notify(
                "marked as a fix; f changes it" if is_fix else "marked as not a fix: no Fixes: tag, no Cc: stable; f changes it", timeout=4
            )
            self.session.changed("waivers", "draft")
            self.tui.jobs.begin(self.stage)

        self.in_thread(
            "saving the answer",
            lambda repository, _: answer_fix(repository, [commit], is_fix, target=self.session.target, base=base),
            answered,
        )

    def action_others(self) -> None:
        """Write other tags; Fixes: tags stay, with their format fixed."""
        result: FixesResult | None = self.session.last(self.stage)
        self._dialog(("auto",) if result and result.present else ("none",), "")

    def _dialog(self, fixes: tuple[str, ...], tag: str) -> None:
        from patchpilot.tui.screens.write_tags_dialog import WriteTags

        commit = self.session.commit
        if commit is None:
            return
        signed = any(line.lower().startswith("signed-off-by:") for line in commit.lines)

        def answered(request: "PrepareRequest | None") -> None:
            if request is not None:
                self._write(request)

        known = self.session.known_settings
        self.app.push_screen(WriteTags(self.session, fixes, tag, signed=signed, signs=bool(known and known.flag("signoff"))), answered)

    def _write(self, request: "PrepareRequest") -> None:
        from patchpilot.services.tags.prepare_commits import prepare
        from patchpilot.tui.confirm_rewrite import confirm_rewrite

        commit = self.session.commit
        if commit is None:
            return

        def written(done: "Preparation") -> None:
            if done.written:
                message = "; ".join(("tags written; u undoes it", *done.costs))
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
                    published="published" in given,
                    shared="shared" in given,
                ),
                progress=progress,
            ),
            written,
        )

    def _chosen(self) -> "CulpritAnswer | None":
        result: FixesResult | None = self.session.last(self.stage)
        at = self.query_one("#candidates", List).highlighted
        return result.candidates[at] if result and at is not None and at < len(result.candidates) else None
