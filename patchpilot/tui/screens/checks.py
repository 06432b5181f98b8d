# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 2, checks: findings beside the lines they are about, with the why and the way out."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from patchpilot.commits.repository import Repository
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.progress import Progress
from patchpilot.services.check import CheckedPatch, CheckResult, check
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Topic
from patchpilot.tui.stages import Stage, Standing, State
from patchpilot.tui.text import plain
from patchpilot.tui.widgets.pager import Pager, PatchPager

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.CHECK: "cyan", Severity.NOTE: "dim"}


def load(repository: Repository, topic: Topic, progress: Progress) -> tuple[CheckResult, Standing]:
    """Check the topic's commits."""
    result = check(topic.targets, repository=repository, progress=progress)
    counts = result.counts
    words = ", ".join(f"{counts[severity]} {severity}{'s' if counts[severity] > 1 else ''}" for severity in Severity if counts[severity])
    graver = counts[Severity.ERROR] + counts[Severity.WARNING]
    return result, Standing(State.TODO if graver else State.DONE, words or "nothing to complain about")


class ChecksScreen(StageScreen):
    """What maintainers and bots would say."""

    stage = Stage.CHECKS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "finding(1)", "next finding"),
        Binding("F", "finding(-1)", "last finding", show=False),
        Binding("c", "names", "checkpatch names", show=False, tooltip="show checkpatch.pl's names beside ours"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._findings: dict[int, list[Finding]] = {}
        self._why: dict[str, tuple[str, str, str]] = {}
        self._checkpatch_names = False

    def body(self) -> ComposeResult:
        """The patch, and what is said of the line under the cursor."""
        yield PatchPager(ident="patch")
        with VerticalScroll(classes="side", id="why"):
            yield Static(id="finding", markup=False)

    def show(self, result: CheckResult) -> None:
        """Findings in the margin; the first one under the cursor."""
        self._why = {rule.name: (rule.why, rule.remedy.text, rule.reference) for rule in result.rules}
        rows: list[str] = []
        self._findings = {}
        for checked in result.patches:
            self._lay(rows, checked)
        for finding in result.series:
            self._findings.setdefault(0, []).append(finding)
        worst = {at: min(found, key=lambda one: one.severity.rank) for at, found in self._findings.items()}
        marks = {at: (str(one.severity), STYLES[one.severity]) for at, one in worst.items()}
        pager = self.query_one("#patch", PatchPager)
        pager.fill(rows, marks=marks, stops=sorted(marks))
        pager.focus()
        pager.go(min(marks, default=0))

    def _lay(self, rows: list[str], checked: CheckedPatch) -> None:
        first = len(rows)
        rows.extend(checked.patch.lines)
        for finding in checked.findings:
            self._findings.setdefault(first + (finding.patch_line or 1) - 1, []).append(finding)

    def on_pager_moved(self, event: Pager.Moved) -> None:
        """Say what is known of the line."""
        self.query_one("#finding", Static).update(
            plain("\n\n".join(self._said(one) for one in self._findings.get(event.line, ())) or "no finding here: f goes to the next")
        )

    def _said(self, finding: Finding) -> str:
        why, how, reference = self._why.get(finding.name, ("", "", ""))
        name = f"{finding.checkpatch or finding.rule}" if self._checkpatch_names else finding.name
        fix = finding.fix.text if finding.fix and finding.fix.text else how
        parts = [f"{finding.severity}: {finding.message} [{name}]", " ".join(why.split()), f"mend: {fix}" if fix else "", reference]
        return "\n".join(part for part in parts if part)

    def action_finding(self, by: int) -> None:
        """To the next finding, or the last."""
        self.query_one("#patch", PatchPager).action_stop(by)

    def action_names(self) -> None:
        """checkpatch.pl's names, or ours."""
        self._checkpatch_names = not self._checkpatch_names
        pager = self.query_one("#patch", PatchPager)
        pager.go(pager.cursor)
