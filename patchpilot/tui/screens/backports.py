# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 5, backports: a row for each stable branch, and what stands behind the verdict under the cursor."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from patchpilot.backports.verdict import Verdict
from patchpilot.commits.repository import Repository
from patchpilot.model.progress import Progress
from patchpilot.services.backport import BackportResult, BranchResult, backport
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Topic
from patchpilot.tui.stages import Stage, Standing, State
from patchpilot.tui.text import plain

STYLES = {Verdict.FIXED: "green", Verdict.CLEAN: "green", Verdict.THREE_WAY: "cyan", Verdict.CONFLICT: "bold red"}


def load(repository: Repository, topic: Topic, progress: Progress) -> tuple[BackportResult, Standing]:
    """The verdicts for the topic's last commit."""
    result = backport(repository, topic.commits[-1].id, progress=progress)[-1]
    affected = [one for one in result.branches if one.affected is not False and one.verdict is not Verdict.FIXED]
    conflicts = [one for one in affected if one.verdict is Verdict.CONFLICT]
    words = f"{len(affected)} of {len(result.branches)} branches need it" + (f", {len(conflicts)} conflict" if conflicts else "")
    return result, Standing(State.DONE, words)


class BackportsScreen(StageScreen):
    """Which stable branches have the bug, and whether the fix fits them."""

    stage = Stage.BACKPORTS

    def body(self) -> ComposeResult:
        """The matrix, and one branch in full."""
        yield DataTable(id="matrix", cursor_type="row", zebra_stripes=True)
        with VerticalScroll(classes="side"):
            yield Static(id="branch", markup=False)

    def show(self, result: BackportResult) -> None:
        """Fill the matrix."""
        table = self.query_one("#matrix", DataTable)
        table.clear(columns=True)
        table.add_columns("branch", "verdict", "bug there", "stands on", "until")
        for one in result.branches:
            there = {True: "yes", False: "no", None: "unknown"}[one.affected]
            table.add_row(
                plain(one.branch), plain(one.verdict, STYLES.get(one.verdict, "")), there, str(len(one.prerequisites) or ""), one.ends or ""
            )
        table.focus()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say what stands behind the verdict."""
        result: BackportResult | None = self.session.fresh(self.stage)
        if result and event.cursor_row < len(result.branches):
            self.query_one("#branch", Static).update(plain(_in_words(result.branches[event.cursor_row])))


def _in_words(one: BranchResult) -> str:
    rows = [f"{one.branch}: {one.reason}"]
    rows += [f"conflict in {place.path}:{place.line}" for place in one.conflicts]
    rows += [f"stands on {need.commit[:12]} {need.subject}" for need in one.prerequisites]
    return "\n".join([*rows, *(f"  {command}" for command in one.commands)])
