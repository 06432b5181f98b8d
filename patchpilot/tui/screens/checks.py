# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 2, checks: findings beside the lines they are about, with the why and the way out."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from patchpilot.model.finding import Finding, Severity
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Ask
from patchpilot.tui.stages import Stage, Standing, State
from patchpilot.tui.text import plain, several
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.pager import Pager, PatchPager

if TYPE_CHECKING:
    from patchpilot.services.check import CheckResult

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.CHECK: "cyan", Severity.NOTE: "dim"}

STAGES = {"fixes": Stage.TAGS, "prepare": Stage.TAGS, "maintainers": Stage.RECIPIENTS, "backport": Stage.BACKPORTS, "draft": Stage.PREVIEW}
"""The stage that does what a verb does."""
_VERB = re.compile(rf"\bpatchpilot ({'|'.join(STAGES)})\b")


def load(ask: Ask) -> "tuple[CheckResult, Standing]":
    """Check the topic's commits, as `patchpilot check` does with the same settings."""
    from patchpilot.services.check import Wanted, check
    from patchpilot.services.topic_waivers import excuses_here

    settings = ask.session.settings(ask.repository)
    result = check(
        ask.topic.targets,
        Wanted(
            profile=settings.get("profile"),
            strict=ask.session.strict or settings.flag("strict"),
            select=settings.words("select"),
            ignore=settings.words("ignore"),
            fail_on=settings.get("fail-on"),
            max_line_length=int(settings.get("max-line-length")),
            excuses=excuses_here(ask.repository, settings, ask.topic.targets, ask.topic.base),
        ),
        repository=ask.repository,
        packs=[ask.repository.top / one for one in settings.words("packs")],
        progress=ask.progress,
    )
    counts = result.counts
    words = ", ".join(several(counts[severity], str(severity)) for severity in Severity if counts[severity])
    if result.excused:
        words = f"{words}, {len(result.excused)} waived" if words else f"{len(result.excused)} waived, nothing else"
    graver = counts[Severity.ERROR] + counts[Severity.WARNING]
    return result, Standing(State.TODO if graver else State.DONE, words or "nothing to complain about")


def _row(finding: Finding, lines: Sequence[str]) -> int:
    """The line (0-based) a finding stands beside; one of the patch as a whole, such as a missing sign-off, where the message ends."""
    at = (finding.patch_line or 1) - 1
    ends = next((number for number, line in enumerate(lines) if line == "-- "), len(lines))
    whole = (
        finding.column is None
        and at < len(lines)
        and lines[at][:1] not in ("+", "-")
        and not any(one.strip() for one in lines[at + 1 : ends])
    )
    return next((number for number, line in enumerate(lines) if line == "---"), at) if whole else at


def by_stage(text: str) -> str:
    """A remedy with the stage of the walk beside each verb that has one."""
    return _VERB.sub(lambda found: f"stage {STAGES[found[1]].number} ({found[0]})", text)


class ChecksScreen(StageScreen):
    """What maintainers and bots would say."""

    stage = Stage.CHECKS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "finding(1)", "next finding"),
        Binding("F", "finding(-1)", "last finding", show=False),
        Binding("e,enter", "edit", "edit", key_display="e", tooltip="open the finding's line, or the message, in your editor"),
        Binding("o", "only", "only …", key_display="o", tooltip="show only the findings of one severity or one rule, or all again"),
        Binding("s", "strict", "strict", show=False, tooltip="also what checkpatch.pl --strict says, or not"),
        Binding("c", "names", "names", show=False, tooltip="checkpatch.pl's names, or ours"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._findings: dict[int, list[Finding]] = {}
        self._why: dict[str, tuple[str, str, str]] = {}
        self._checkpatch_names = False
        self._only = ""

    def body(self) -> ComposeResult:
        """The patch, and what is said of the line under the cursor."""
        with Container(classes="split"):
            yield PatchPager(ident="patch")
            with VerticalScroll(classes="side", id="said", can_focus=False):
                yield Static(id="finding", markup=False)

    def show(self, result: "CheckResult") -> None:
        """Findings in the margin; the first one under the cursor."""
        self._why = {rule.name: (rule.why, rule.remedy.text, rule.reference) for rule in result.rules}
        rows: list[str] = []
        self._findings = {}
        for finding in result.series:
            self._put(0, finding)
        for checked in result.patches:
            for finding in checked.findings:
                self._put(len(rows) + _row(finding, checked.patch.lines), finding)
            rows.extend(checked.patch.lines)
        worst = {at: min(found, key=lambda one: one.severity.rank) for at, found in self._findings.items()}
        marks = {at: (str(one.severity), STYLES[one.severity]) for at, one in worst.items()}
        words = {at: " ".join(f"{one.message} {one.name} {one.checkpatch or ''}" for one in found) for at, found in self._findings.items()}
        pager = self.query_one("#patch", PatchPager)
        pager.fill(rows, marks=marks, stops=sorted(marks), beside=words)
        pager.focus()
        pager.go(min(marks, default=0))

    def _put(self, at: int, finding: Finding) -> None:
        if self._only in ("", str(finding.severity), finding.name):
            self._findings.setdefault(at, []).append(finding)

    def on_pager_moved(self, event: Pager.Moved) -> None:
        """Say what is known of the line."""
        found = self._findings.get(event.line, ())
        more = "no finding on this line: f goes to the next" if self._findings else "nothing to complain about: n goes on"
        only = f"(only {self._only}: o shows others)\n" if self._only else ""
        self.query_one("#finding", Static).update(plain(only + ("\n\n".join(self._said(one) for one in found) or more)))
        self.query_one("#said").scroll_home(animate=False)

    def _said(self, finding: Finding) -> str:
        why, how, reference = self._why.get(finding.name, ("", "", ""))
        name = f"{finding.checkpatch or finding.rule}" if self._checkpatch_names else finding.name
        fix = by_stage(finding.fix.text if finding.fix and finding.fix.text else how)
        parts = [
            f"{finding.severity}: {finding.message} [{name}]",
            f"mend: {fix}" if fix else "",
            f"why: {' '.join(why.split())}",
            reference,
        ]
        return "\n".join(part for part in parts if part)

    def action_finding(self, by: int) -> None:
        """To the next finding, or the last."""
        self.query_one("#patch", PatchPager).action_stop(by)

    def action_names(self) -> None:
        """checkpatch.pl's names, or ours."""
        self._checkpatch_names = not self._checkpatch_names
        pager = self.query_one("#patch", PatchPager)
        pager.go(pager.cursor)

    def action_only(self) -> None:
        """Choose what is shown, from what was found."""
        result: CheckResult | None = self.session.last(self.stage)
        if result is None:
            return
        every = [*result.series, *(one for checked in result.patches for one in checked.findings)]
        answers = [("", f"all {several(len(every), 'finding')}")]
        answers += [(str(one), f"only {one} ({count})") for one in Severity if (count := sum(finding.severity is one for finding in every))]
        answers += [(name, f"only {name} ({count})") for name, count in sorted(Counter(one.name for one in every).items())]

        def chosen(choice: str | None) -> None:
            if choice is not None:
                self._only = choice
                self.show(result)

        self.app.push_screen(Choose("Which findings?", answers), chosen)

    def action_strict(self) -> None:
        """With what --strict says, or without."""
        self.session.strict = not self.session.strict
        self.notify("strict: checks are shown too" if self.session.strict else "not strict: errors and warnings", timeout=2)
        self.walk.jobs.begin(self.stage)

    def action_edit(self) -> None:
        """The finding's place in the editor: a file's line, or the message."""
        from patchpilot.tui.editing import amend, open_file

        cursor = self.query_one("#patch", PatchPager).cursor
        place = next((one for one in self._findings.get(cursor, ()) if one.path and one.line), None)
        if place and place.path and place.line:
            open_file(self, place.path, place.line)
        else:
            amend(self)
