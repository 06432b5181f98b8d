# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the backports stage.

It shows a row for each stable branch, and details on the selected verdict.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from patchpilot.model.printable import format_count
from patchpilot.tui.screens.backports_rows import (
    DRAFTED,
    EDGE,
    REQUEST,
    BranchTexts,
    first_to_look_at,
    need_row,
    page_rows,
    resolving_rows,
    texts_of,
    written_rows,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.empty import empty_text
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.view.rich_text import lines
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import (
    Choose,
    LineDialog,
    Option,
    Reader,
    ask_answer,
    ask_which,
    show_draft,
)
from patchpilot.tui.widgets.keyline import NEXT
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import WIDE, Panel, TextPanel
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        Adaptation,
        BackportResult,
        BranchResult,
    )
    from patchpilot.services.backport.prerequisite_queue import PrerequisiteNeed
    from patchpilot.services.backport.topic_backports import ConflictOptions
    from patchpilot.services.backport.work_clone import ConflictResolution
    from patchpilot.services.backport.write_backports import WrittenBackport
    from patchpilot.topic.open_repository import Repository


BINDINGS: list[BindingType] = [
    key(
        "r",
        "request",
        "ask the stable team",
        "write the message that asks the stable team to apply the mainline commit",
    ),
    key(
        "w",
        "write",
        "write patches",
        "write the patches for the branches that need them, with the ticked prerequisites"
        " (only once the fix is in mainline)",
    ),
    key(
        "a",
        "resolve",
        "resolve",
        "adapt the fix to this branch, or resolve its conflict in a separate clone",
    ),
    key(
        "space",
        "tick",
        "tick",
        "tick or untick a prerequisite; w writes the ticked ones",
    ),
    key(
        "g",
        "refresh",
        "refresh",
        "judge the branches again; after confirmation, fetch the missing branches, or all remotes"
        " once the fix is merged",
    ),
]


SIGN = (
    "Sign off the patches?\n\nThe stable maintainers take no patch without the Signed-off-by of"
    " its sender. With it you certify the Developer Certificate of Origin."
)


def proposals(
    branch: "BranchResult",
    found: "ConflictOptions",
    write: "Callable[[Adaptation], None]",
    resolve: "Callable[[Adaptation | None], None]",
) -> list[Option]:
    """Return options for resolving the conflicts on a branch.

    Uncertain adaptations come after manual resolution.
    """
    needs = 0 if branch.partial else len(branch.prerequisites)
    before = f", with {format_count(needs, 'prerequisite')} applied before it"
    manual = Option(
        "Resolve manually",
        f"a clone with git's conflict in it{before if needs else ''}",
        partial(resolve, None),
    )
    if (adapted := found.adaptation) is None:
        return [manual]
    ours = [
        Option(
            "Write adapted patch",
            "writes the patch for this branch; its message lists the decisions",
            partial(write, adapted),
        ),
        Option(
            "Edit adaptation",
            "opens a clone with the adapted files, in which you change and commit them",
            partial(resolve, adapted),
        ),
    ]
    return [*ours, manual] if adapted.is_sure else [manual, *reversed(ours)]


def proposal_text(branch: "BranchResult", found: "ConflictOptions") -> str:
    adapted = found.adaptation
    if adapted is None:
        return f"The fix as a whole cannot be adapted to {branch.branch}."
    title = f"Adapted to {branch.branch} with a confidence of {adapted.confidence:.0%}:"
    return "\n".join((title, "", *(f"- {step}" for step in adapted.steps)))


def needs_of(branch: "BranchResult") -> "tuple[PrerequisiteNeed, ...]":
    return branch.prerequisites if branch.wants_fix else ()


def empty_words(result: "BackportResult") -> tuple[str, str]:
    title, _, text = "\n\n".join(result.rules).partition("\n\n")
    return title, text.replace("`", "")


def empty_keys(result: "BackportResult") -> list[tuple[str, str]]:
    tags, following = Stage.TAGS, ("n", f"go to {Stage.PREVIEW.label}")
    if result.unfetched:
        return [("g", "run git fetch, after confirmation"), following]
    again = str(tags.number), f"go to {tags.label}, if this is a fix after all"
    return [again, following] if result.commit else [following]


class BackportsScreen(StageScreen["BackportResult"]):
    """The screen that shows which stable branches have the bug and whether the fix applies."""

    stage = Stage.BACKPORTS
    LIST = "#matrix"
    RESTS = True
    BINDINGS = BINDINGS

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._left_out: dict[str, frozenset[str]] = {}
        self._written: dict[tuple[str | None, str], WrittenBackport] = {}
        self._is_moved = False

    def body(self) -> ComposeResult:
        with Panel(title="Stable branches", id="branches", classes="main"):
            yield PlainText("matrix-titles")
            yield RowList(ident="matrix", enter="open branch")
        with Container(id="branch-answer", classes="pair"):
            yield TextPanel("Verdict", id="verdict")
            with Panel(title="Prerequisites", id="needs"):
                yield RowList(ident="queue")

    @property
    def _verdict(self) -> TextPanel:
        return self.query_one("#verdict", TextPanel)

    def on_mount(self) -> None:
        self.query_one("#needs").display = False

    def show(self, result: "BackportResult") -> None:
        likely, panel = self.session.likely, self.list_panel
        is_if = f", if {likely[:12]} introduced the bug" if likely else ""
        panel.heading = f"Stable branches{is_if}"
        panel.display = bool(result.branches)
        # until the user selects a branch, select the first one that needs attention
        self.fill(None if self._is_moved else first_to_look_at(result))
        if result.branches:
            self.listed.focus()
        else:
            self.query_one("#needs").display = False
            self._verdict.heading = "Stable branches"
            self.call_after_refresh(self._show_empty)

    def _show_empty(self) -> None:
        result = self._shown
        if result is None or result.branches:
            return
        title, text = empty_words(result)
        size = self._verdict.size
        words = empty_text(title, text, empty_keys(result), size.width - 2, size.height)
        self._verdict.text.update(words)

    def redraw_resized(self) -> None:
        super().redraw_resized()
        self._show_empty()

    @property
    def _branch_texts(self) -> BranchTexts:
        return texts_of(self.session, self.shown, self._left_out, self._written)

    @property
    def _todos(self) -> list[str]:
        result = self._shown
        return [*map(self._branch_texts.todo, result.branches)] if result else []

    def rows(self) -> list[Row]:
        result = self.shown
        titles, rows = self._branch_texts.matrix((self.size.width or 80) - EDGE)
        self.query_one("#matrix-titles", Static).update(titles)
        return [
            Row(row, branch, branch.branch)
            for row, branch in zip(rows, result.branches, strict=True)
        ]

    @property
    def shown_keys(self) -> ShownKeys:
        # do not send patches that are already in mainline
        is_merged = self._shown is not None and self._shown.upstream
        to_write = self._branch_texts.to_write if self._shown else ()
        which = format_count(len(to_write), "branch", "branches")
        if len(to_write) == 1:
            which = to_write[0].version or to_write[0].branch
        return ShownKeys(
            ("0",) if DRAFTED in self._todos else (),
            hidden=frozenset([NEXT] if is_merged else ()),
            labels={"write": f"write patches for {which}"},
        )

    def action_request(self) -> None:
        from patchpilot.services.backport.stable_request import save_stable_request

        def show(file: Path) -> None:
            self.fill()
            show_draft(self.app, file)

        if (result := self.current) is not None:
            self.in_thread(
                "writing the request",
                lambda repository, _: save_stable_request(repository, result),
                show,
            )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether any branch needs an action.

        Patches can be written only if the fix is in mainline.
        """
        if action == "request":
            return self.current is not None and REQUEST in self._todos
        is_early, branch = not (self._shown and self._shown.upstream), self.chosen
        if action == "resolve":
            return bool(branch and branch.verdict == "conflict" and not is_early)
        if action == "tick":
            return bool(branch and needs_of(branch))
        if action == "write":
            return not is_early and bool(self._branch_texts.to_write)
        return super().check_action(action, parameters)

    def action_refresh(self) -> None:
        """Determine the verdicts again.

        Run git fetch first if stable branches or the mainline commit are missing.
        """
        from patchpilot.tui.actions.fetch_action import fetch, fetch_stable

        result = self._shown
        if result and result.unfetched:
            fetch_stable(self)
        elif result and self._branch_texts.merged:
            fetch(self)
        else:
            self.action_reload()

    def moved(self, listed: RowList) -> None:
        self._is_moved = self._is_moved or listed is self.listed
        super().moved(listed)

    def open_selected(self, listed: RowList) -> None:
        if listed is self.listed:
            self.action_open()

    def detail(self) -> None:
        if (branch := self.chosen) is None:
            return
        self._verdict.heading = self._heading(branch)
        # beside the list of prerequisites, the details get half the width
        is_half = self.size.width >= WIDE and needs_of(branch)
        wide = self.size.width // (2 if is_half else 1) - EDGE
        rows = page_rows(self._branch_texts, branch, wide)
        self._verdict.text.update(lines(rows))
        self._list_needs(branch)

    def _heading(self, branch: "BranchResult") -> str:
        return f"{branch.branch}: {self._branch_texts.badge(branch).word}"

    def _list_needs(self, branch: "BranchResult") -> None:
        """List a branch's prerequisites in application order, with size and risk, and queue the
        ticked ones.
        """
        from patchpilot.services.backport.prerequisite_queue import prerequisite_risk

        most, needs = self.shown.max_lines, needs_of(branch)
        panel, left_out = (
            self.query_one("#needs", Panel),
            self._branch_texts.get_unticked(branch),
        )
        panel.display = bool(needs)
        how = (
            "only their changes to the fix's files"
            if branch.partial
            else "in this order"
        )
        panel.heading = f"Prerequisites, {how}"
        panel.count = f"{self._branch_texts.ticked(branch)}/{len(needs)} ticked · Space"
        rows = []
        for number, need in enumerate(needs, 1):
            is_ticked = need.commit not in left_out
            row = need_row(need, number, str(prerequisite_risk(need, most)), is_ticked)
            rows.append(Row(row, need.commit, (branch.branch, need.commit)))
        self.query_one("#queue", RowList).fill(rows)

    def action_open(self) -> None:
        if branch := self.chosen:
            page = partial(page_rows, self._branch_texts, branch)
            self.app.push_screen(Reader(self._heading(branch), page))

    def action_tick(self) -> None:
        branch, queue = self.chosen, self.query_one("#queue", RowList)
        if self.focused is not queue:
            queue.focus()
        elif queue.chosen:
            ticks = self._branch_texts.get_unticked(branch) ^ {queue.chosen}
            self._left_out[branch.branch] = ticks
            self._written.pop((self.shown.commit, branch.branch), None)
            self.fill()

    def action_write(self) -> None:
        from patchpilot.services.backport.topic_backports import write_topic_backports

        if (result := self.current) is None:
            self.notify("not ready yet")
            return
        texts = self._branch_texts
        left_out, wanted = (
            texts.all_unticked(),
            replace(result, branches=texts.to_write),
        )
        self._write_to_folder(
            f"{texts.write_list}\n\nFolder for the patches:",
            lambda repository, folder, signs: write_topic_backports(
                repository, wanted, folder, left_out, sign_off=signs
            ),
        )

    def _write_to_folder(
        self,
        text: str,
        work: "Callable[[Repository, Path, bool], tuple[WrittenBackport, ...]]",
    ) -> None:
        """Ask whether to sign off the patches, and for a folder; then call `work` to write them.

        With patchpilot.signoff, they are signed off without asking. Nothing is written if the
        result has become outdated.
        """
        result, known = self.current, self.session.known_settings

        def write(signs: bool, folder: str) -> None:
            if self.current is not result:
                self.notify("not ready yet")
                return
            self.in_thread(
                "writing the patches",
                lambda repository, _: work(
                    repository, Path(folder).expanduser(), signs
                ),
                self._show_written,
            )

        def ask(answer: str) -> None:
            dialog = LineDialog(text, value="backports", title="Write patches")
            ask_answer(self.app, dialog, partial(write, answer == "yes"))

        if known and known.flag("signoff"):
            ask("yes")
        else:
            answers = (("yes", "Sign off"), ("no", "Without sign-off"))
            ask_answer(self.app, Choose(SIGN, answers, "Write patches"), ask)

    def _show_written(self, done: "tuple[WrittenBackport, ...]") -> None:
        some = "Patches" if any(backport.files for backport in done) else "No patches"
        self._written |= {
            (self.shown.commit, backport.branch): backport
            for backport in done
            if backport.files
        }
        self.fill()
        self.app.push_screen(Reader(f"{some} written", written_rows(done)))

    def mark_sent(self) -> None:
        self._written = {
            at: replace(written, files=()) for at, written in self._written.items()
        }
        self.fill()

    def action_resolve(self) -> None:
        from patchpilot.services.backport.topic_backports import list_conflict_options

        result, branch = self.current, self.chosen
        if result is None:
            self.notify("not ready yet")
            return

        def choose(found: "ConflictOptions") -> None:
            on = partial(self._resolve, self._branch_texts, branch)
            if found.is_started:
                on(None)
                return
            options = proposals(branch, found, partial(self._adapt, result, branch), on)
            title = f"Conflict on {branch.branch}"
            ask_which(self.app, proposal_text(branch, found), options, title)

        self.in_thread(
            "adapting the fix to the branch",
            lambda repository, _: list_conflict_options(repository, result, branch),
            choose,
        )

    def _adapt(
        self, result: "BackportResult", branch: "BranchResult", adapted: "Adaptation"
    ) -> None:
        from patchpilot.services.backport.topic_backports import write_adapted_fix

        text = f"The adapted patch for {branch.branch}; read it before you send it."
        self._write_to_folder(
            f"{text}\n\nFolder for the patch:",
            lambda repository, folder, signs: (
                write_adapted_fix(
                    repository, result, branch, adapted, folder, sign_off=signs
                ),
            ),
        )

    def _resolve(
        self, texts: BranchTexts, branch: "BranchResult", start: "Adaptation | None"
    ) -> None:
        from patchpilot.services.backport.topic_backports import resolve_conflict

        left_out = texts.get_unticked(branch)

        def ready(done: "ConflictResolution") -> None:
            rows = resolving_rows(done)
            self.app.push_screen(Reader("Resolve the conflict", rows))
            if done.files and not branch.resolved:
                self.notify(f"{branch.branch}: resolved; the patches are written")
                self.begin_after()

        self.in_thread(
            "creating a clone with the conflict",
            lambda repository, _: resolve_conflict(
                repository, texts.result, branch, left_out, start
            ),
            ready,
        )
