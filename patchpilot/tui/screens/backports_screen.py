# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the backports stage.

It shows a row for each stable branch, and details on the selected verdict.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import getters
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from patchpilot.backports.branch_choices import BranchChoices
from patchpilot.backports.branch_step import WAITING, StepKind, make_trial_action
from patchpilot.model.printable import format_count
from patchpilot.tui.actions.editing import DraftReader
from patchpilot.tui.screens.backports_rows import (
    EDGE,
    PANEL,
    STEP_KEYS,
    StepKeys,
    branch_page_rows,
    build_table,
    describe_resolution,
    first_branch_to_show,
    prerequisite_row,
    read_session_choices,
    written_patch_rows,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.empty import format_placeholder
from patchpilot.tui.view.key_bindings import ShownKeys, bind_keys, key_binding
from patchpilot.tui.view.rich_text import join_lines
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import (
    Choose,
    DialogOption,
    LineDialog,
    Reader,
    ask_for_answer,
    ask_for_option,
)
from patchpilot.tui.widgets.keyline import NEXT
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import WIDE, Panel, TextPanel
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.backports.adapted_fix import Adaptation
    from patchpilot.backports.branch_result import BranchResult
    from patchpilot.backports.result import BackportResult
    from patchpilot.backports.topic import ConflictOptions
    from patchpilot.backports.work_clone import ConflictResolution
    from patchpilot.backports.write import WrittenBackport
    from patchpilot.commits.repository import Repository


SIGN = (
    "Sign off the patches?\n\nThe stable maintainers take no patch without the Signed-off-by of"
    " its sender. With it you certify the Developer Certificate of Origin."
)


TESTED = (
    "On which stable release was the fix tested, and by whom?\n\nStable trees take only fixes that"
    " were tested there, so build the branch with the fix and try it; in a shell, `{}` lists the"
    " commands. The request names the branch, or a release of it that you tested, and the tester,"
    " for example: {} by Jane Doe"
)


def resolution_options(
    prerequisite_count: int,
    options: "ConflictOptions",
    write: "Callable[[Adaptation], None]",
    resolve: "Callable[[Adaptation | None], None]",
) -> list[DialogOption]:
    """Return options for resolving the conflicts on a branch, after this many prerequisites.

    An uncertain adaptation is only edited, after manual resolution.
    """
    prerequisites = format_count(prerequisite_count, "prerequisite")
    manual_option = DialogOption(
        "Resolve manually",
        f"a clone with {prerequisites}, the fix, and git's conflicts if any are left"
        if prerequisite_count
        else "a clone with git's conflict in it",
        partial(resolve, None),
    )
    if (adaptation := options.adaptation) is None:
        return [manual_option]
    edit_option = DialogOption(
        "Edit adaptation",
        "opens a clone with the adapted files, in which you change and commit them",
        partial(resolve, adaptation),
    )
    if not adaptation.is_sure:
        return [manual_option, edit_option]
    write_option = DialogOption(
        "Write adapted patch",
        "writes the patch for this branch; its message lists the decisions",
        partial(write, adaptation),
    )
    return [write_option, edit_option, manual_option]


def empty_result_keys(
    result: "BackportResult", *, is_series: bool = False
) -> list[tuple[str, str]]:
    tags, next_key = Stage.TAGS, ("n", f"go to {Stage.PREVIEW.label}")
    if result.unfetched:
        return [("g", "run git fetch, after confirmation"), next_key]
    tags_key = str(tags.number), f"go to {tags.label}, if this is a fix after all"
    patch_key = "< >", "go to another patch"
    return [*[patch_key] * is_series, tags_key, next_key] if result.commit else [next_key]


class BackportsScreen(StageScreen["BackportResult"]):
    """The screen that shows which stable branches have the bug and whether the fix applies."""

    stage = Stage.BACKPORTS
    LIST = "#matrix"
    RESTS = True
    BINDINGS = bind_keys(
        key_binding(
            "r",
            "request",
            "ask the stable team",
            "write the message that asks the stable team to apply the mainline commit",
        ),
        key_binding(
            "w",
            "write",
            "write patches",
            "write the patches for the branches that need them, with the ticked prerequisites"
            " (only once the fix is in mainline)",
        ),
        key_binding(
            "a",
            "resolve",
            "adapt, resolve",
            "adapt the fix to this branch, or resolve its conflict in a separate clone",
        ),
        key_binding(
            "m",
            "mark_sent",
            "mark as sent",
            "mark the branch's patches, or the request, as sent from a shell; or remove this mark",
        ),
        key_binding(
            "space",
            "tick",
            "tick",
            "tick or untick a prerequisite; w writes the ticked ones",
        ),
        key_binding(
            "g",
            "refresh",
            "refresh",
            "judge the branches again; after confirmation, fetch the missing branches, or all"
            " remotes if the merge is missing or a branch waits for the stable maintainers",
        ),
    )

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._left_out: dict[str, frozenset[str]] = {}
        self._written: dict[tuple[str | None, str], WrittenBackport | None] = {}
        self._is_moved = False

    def compose_body(self) -> ComposeResult:
        with Panel(title="Stable branches", id="branches", classes="main"):
            yield PlainText("matrix-titles")
            yield RowList(ident="matrix", enter="open branch")
        with Container(id="branch-answer", classes="pair"):
            yield TextPanel("Verdict", id="verdict")
            with Panel(title="Prerequisites", id="needs"):
                yield RowList(ident="queue")

    _verdict_panel = getters.query_one("#verdict", TextPanel)

    def on_mount(self) -> None:
        self.query_one("#needs").display = False

    def show_result(self, result: "BackportResult") -> None:
        from patchpilot.backports.write import recall_backport

        for branch in result.branches:
            key = result.commit, branch.branch
            if key not in self._written and branch.wants_fix:
                self._written[key] = recall_backport(result.short, branch)
        panel = self.list_panel
        condition = result.describe_condition(self.session.likely, self.session.seen_in)
        panel.heading = f"Stable branches{condition}"
        panel.display = bool(result.branches)
        # until the user selects a branch, select the first one that needs attention
        self.refill_list(None if self._is_moved else first_branch_to_show(result))
        if result.branches:
            self.row_list.focus()
        else:
            self.query_one("#needs").display = False
            self._verdict_panel.heading = "Stable branches"
            self.call_after_refresh(self._show_empty_result)

    def _show_empty_result(self) -> None:
        result = self._shown
        if result is None or result.branches:
            return
        size = self._verdict_panel.size
        topic = self.session.topic
        keys = empty_result_keys(result, is_series=bool(topic and topic.commits[1:]))
        placeholder = format_placeholder(
            *result.describe_rules(), keys, size.width - 2, size.height
        )
        self._verdict_panel.text.update(placeholder)

    def redraw_after_resize(self) -> None:
        super().redraw_after_resize()
        self._show_empty_result()

    @property
    def _choices(self) -> BranchChoices:
        return read_session_choices(self.session, self.shown_result, self._left_out, self._written)

    @property
    def step_keys(self) -> StepKeys:
        return STEP_KEYS

    @property
    def _step_kinds(self) -> set[StepKind]:
        return self._choices.step_kinds() if self._shown else set()

    def build_rows(self) -> list[Row]:
        result = self.shown_result
        titles, rows = build_table(self._choices, (self.size.width or 80) - EDGE, self.step_keys)
        self.query_one("#matrix-titles", Static).update(titles)
        return [
            Row(row, branch, branch.branch)
            for row, branch in zip(rows, result.branches, strict=True)
        ]

    @property
    def shown_keys(self) -> ShownKeys:
        to_write = self._choices.branches_to_write if self._shown else ()
        branches = format_count(len(to_write), "branch", "branches")
        if len(to_write) == 1:
            branches = to_write[0].name
        return ShownKeys(
            ("0",) if StepKind.SEND_REQUEST in self._step_kinds else (),
            # do not send patches that are already in mainline
            hidden=(NEXT,) if self._is_merged else (),
            labels={
                "write": f"write patches for {branches}",
                "mark_sent": "mark as not sent" if self._is_selected_sent else "mark as sent",
            },
        )

    @property
    def _is_selected_sent(self) -> bool:
        return bool(self.selected_item and self._choices.is_sent(self.selected_item))

    def action_mark_sent(self) -> None:
        is_sent = not self._is_selected_sent
        self._choices.mark_sent(self.selected_item, is_sent=is_sent)
        self.notify(f"marked as {'sent' if is_sent else 'not sent'}; press m to undo")
        self.rerun_stage("followed")

    def action_request(self) -> None:
        from patchpilot.backports.stable_request import save_stable_request, suggest_test_report

        def show_file(file: Path) -> None:
            # the draft counts as a test, and is the next step of the stage
            self.rerun_stage()
            self.app.push_screen(DraftReader(file))

        if (result := self.current_result) is None:
            return

        def write(tested: str) -> None:
            self.run_in_thread(
                "writing the request",
                lambda repository, _: save_stable_request(repository, result, (tested,)),
                show_file,
            )

        branch = self._choices.requestable[0]
        trial = make_trial_action(result.short, branch.branch)
        text = TESTED.format(trial.command, branch.name)
        with self.session.open_repository() as repository:
            value = suggest_test_report(repository, result)
        question = LineDialog(text, value=value, placeholder="VERSION by NAME")
        ask_for_answer(self, question, write)

    @property
    def can_request(self) -> bool:
        return bool(self.current_result and self._choices.requestable)

    @property
    def _is_merged(self) -> bool:
        return bool(self._shown and self._shown.upstream)

    @property
    def can_resolve(self) -> bool:
        branch = self.selected_item
        return self._is_merged and bool(branch and branch.verdict == "conflict")

    @property
    def can_mark_sent(self) -> bool:
        return bool(self.selected_item and self._choices.mark_name(self.selected_item))

    @property
    def can_tick(self) -> bool:
        return bool(self.selected_item and self.selected_item.needed_prerequisites)

    @property
    def can_write(self) -> bool:
        """Return whether patches can be written, which requires that the fix is in mainline."""
        return self._is_merged and bool(self._choices.branches_to_write)

    def action_refresh(self) -> None:
        """Determine the verdicts again.

        Offer to run git fetch if stable branches or the mainline commit are missing, or if a branch
        waits for the stable maintainers, because local refs show what they released.
        """
        from patchpilot.tui.actions.fetch_action import (
            fetch_remotes,
            fetch_stable_branches,
        )

        result = self._shown
        if result and result.unfetched:
            fetch_stable_branches(self)
        elif not self._step_kinds.isdisjoint((StepKind.FETCH, *WAITING)):
            fetch_remotes(self)
        else:
            self.action_reload()

    def handle_cursor_move(self, row_list: RowList) -> None:
        self._is_moved = self._is_moved or row_list is self.row_list
        super().handle_cursor_move(row_list)

    def open_selected_row(self, row_list: RowList) -> None:
        if row_list is self.row_list:
            self.action_open()

    def show_selected_row(self) -> None:
        if (branch := self.selected_item) is None:
            return
        self._verdict_panel.heading = self._branch_heading(branch)
        # next to the list of prerequisites, the details get half the width
        is_half_width = self.size.width >= WIDE and branch.needed_prerequisites
        columns = self.size.width // (2 if is_half_width else 1) - EDGE
        rows = branch_page_rows(self._choices, branch, columns, self.step_keys)
        self._verdict_panel.text.update(join_lines(rows))
        self._list_prerequisites(branch)

    def _branch_heading(self, branch: "BranchResult") -> str:
        verdict = next(row for row in self._choices.find_rows(branch) if row.key == "verdict")
        return f"{branch.branch}: {verdict.text}"

    def _list_prerequisites(self, branch: "BranchResult") -> None:
        """List a branch's prerequisites in application order, with size and risk, and queue the
        ticked ones.
        """
        needed = branch.needed_prerequisites
        panel = self.query_one("#needs", Panel)
        unticked = self._choices.get_unticked_commits(branch)
        panel.display = bool(needed)
        order = "only their changes to the fix's files" if branch.partial else "in this order"
        panel.heading = f"Prerequisites, {order}"
        panel.count = f"{self._choices.count_ticked(branch)}/{len(needed)} ticked · Space"
        texts = [row for row in self._choices.find_rows(branch) if row.key in PANEL]
        rows = []
        for number, (need, text) in enumerate(zip(needed, texts, strict=True), 1):
            row = prerequisite_row(text, number, need.commit not in unticked)
            rows.append(Row(row, need.commit, (branch.branch, need.commit)))
        self.query_one("#queue", RowList).set_rows(rows)

    def action_open(self) -> None:
        if branch := self.selected_item:
            # the opened page has none of the keys of the steps
            page = partial(branch_page_rows, self._choices, branch, keys={})
            self.app.push_screen(Reader(self._branch_heading(branch), page))

    def action_tick(self) -> None:
        branch, queue = self.selected_item, self.query_one("#queue", RowList)
        if self.focused is not queue:
            queue.focus()
        elif queue.selected_item:
            ticks = self._choices.get_unticked_commits(branch) ^ {queue.selected_item}
            self._left_out[branch.branch] = ticks
            self._written[self.shown_result.commit, branch.branch] = None
            self.refill_list()

    def action_write(self) -> None:
        from patchpilot.backports.topic import write_topic_backports

        if (result := self.current_result) is None:
            self.notify("not ready yet")
            return
        choices = self._choices
        unticked = {
            branch.branch: choices.get_unticked_commits(branch) for branch in result.branches
        }
        selection = replace(result, branches=choices.branches_to_write)
        self._write_to_folder(
            f"{choices.format_write_list}\n\nFolder for the patches:",
            lambda repository, folder, signs: write_topic_backports(
                repository, selection, folder, unticked, sign_off=signs
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
        from patchpilot.backports.write import suggest_backport_folder

        result = self.current_result

        def write_patches(sign_off: bool, folder: str) -> None:
            if self.current_result is not result:
                self.notify("not ready yet")
                return
            self.run_in_thread(
                "writing the patches",
                lambda repository, _: work(repository, Path(folder).expanduser(), sign_off),
                self._show_written_patches,
            )

        def ask_folder(answer: str) -> None:
            self.run_in_thread(
                "choosing a folder",
                lambda repository, _: suggest_backport_folder(
                    repository.top, self.shown_result.commit
                ),
                partial(show_folder, answer == "yes"),
            )

        def show_folder(sign_off: bool, folder: Path) -> None:
            dialog = LineDialog(text, value=str(folder), title="Write patches")
            ask_for_answer(self, dialog, partial(write_patches, sign_off))

        self._ask_sign_off(ask_folder)

    def _ask_sign_off(self, act: "Callable[[str], None]") -> None:
        if self.session.signs_off:
            act("yes")
        else:
            answers = (("yes", "Sign off"), ("no", "Without sign-off"))
            ask_for_answer(self, Choose(SIGN, answers, "Write patches"), act)

    def _show_written_patches(self, backports: "tuple[WrittenBackport, ...]") -> None:
        written = {(self.shown_result.commit, it.branch): it for it in backports if it.files}
        self._written |= written
        self.refill_list()
        title = "Patches" if written else "No patches"
        self.app.push_screen(Reader(f"{title} written", written_patch_rows(backports)))

    def mark_patches_sent(self) -> None:
        self._choices.mark_patches_sent()
        self.refill_list()

    def action_resolve(self) -> None:
        from patchpilot.backports.topic import list_conflict_options

        result, branch = self.current_result, self.selected_item
        if result is None:
            self.notify("not ready yet")
            return

        def choose_resolution(conflict_info: "ConflictOptions") -> None:
            choices = self._choices
            resolve = partial(self._resolve_conflict, choices, branch)
            if conflict_info.is_started:
                if conflict_info.is_committed:
                    self._ask_sign_off(partial(resolve, None))
                else:
                    resolve(None)
                return
            options = resolution_options(
                0 if branch.partial else choices.count_ticked(branch),
                conflict_info,
                partial(self._write_adapted_patch, result, branch),
                resolve,
            )
            title = f"Conflict on {branch.branch}"
            ask_for_option(self, conflict_info.describe(branch.branch), options, title)

        self.run_in_thread(
            "adapting the fix to the branch",
            lambda repository, _: list_conflict_options(repository, result, branch),
            choose_resolution,
        )

    def _write_adapted_patch(
        self, result: "BackportResult", branch: "BranchResult", adaptation: "Adaptation"
    ) -> None:
        from patchpilot.backports.topic import write_adapted_fix

        text = f"The adapted patch for {branch.branch}; read it before you send it."
        self._write_to_folder(
            f"{text}\n\nFolder for the patch:",
            lambda repository, folder, signs: (
                write_adapted_fix(repository, result, branch, adaptation, folder, sign_off=signs),
            ),
        )

    def _resolve_conflict(
        self,
        choices: BranchChoices,
        branch: "BranchResult",
        adaptation: "Adaptation | None",
        sign_off: str = "",
    ) -> None:
        from patchpilot.backports.topic import resolve_conflict

        unticked = choices.get_unticked_commits(branch)

        def show_resolution(resolution: "ConflictResolution") -> None:
            rows = describe_resolution(resolution)
            self.app.push_screen(Reader("Resolve the conflict", rows))
            if resolution.files and not branch.resolved:
                self.notify(f"{branch.branch}: resolved; the patches are written")
                self.rerun_stage()

        self.run_in_thread(
            "creating a clone with the conflict",
            lambda repository, _: resolve_conflict(
                repository,
                choices.result,
                branch,
                unticked,
                adaptation,
                sign_off=sign_off == "yes",
            ),
            show_resolution,
        )
