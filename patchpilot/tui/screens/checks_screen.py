# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks stage: findings at the lines they are about, with the reason and the fix."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from patchpilot.model.action import in_backticks
from patchpilot.model.counted import counted
from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.tui.action_keys import with_stages
from patchpilot.tui.glyphs import glyph
from patchpilot.tui.rich_text import plain
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.diff_view import DiffView, Note
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.panel import Columns, Panel
from patchpilot.tui.widgets.patch_pager import Pager

if TYPE_CHECKING:
    from patchpilot.services.check.check_result import CheckResult

WAIVED = "waived"
SIGNS = {Severity.ERROR: "blocked", Severity.WARNING: "stale", Severity.CHECK: "waiting", Severity.NOTE: "dot"}
ROLES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.CHECK: "info", Severity.NOTE: "quiet"}


def load(ask: JobRequest) -> "tuple[CheckResult, StageStatus]":
    """Check the topic's commits, as `patchpilot check` does with the same settings."""
    from patchpilot.services.check.check_topic import check_topic

    session = ask.session
    topic = session.checked_topic
    result = check_topic(ask.repository, session.settings(ask.repository), topic, strict=session.strict, progress=ask.progress)
    counts = result.counts
    words = ", ".join(counted(counts[severity], str(severity)) for severity in Severity if counts[severity])
    if result.suppressed:
        words = f"{words}, {len(result.suppressed)} waived" if words else f"no findings, {len(result.suppressed)} waived"
    serious = counts[Severity.ERROR] + counts[Severity.WARNING]
    return result, StageStatus(StageState.TODO if serious else StageState.DONE, words or "no findings")


def _row(finding: Finding, lines: Sequence[str]) -> int:
    """The 0-based line of a finding; a finding about the whole patch, such as a missing sign-off, is at the end of the message."""
    at = (finding.patch_line or 1) - 1
    ends = next((number for number, line in enumerate(lines) if line == "-- "), len(lines))
    whole = (
        finding.column is None
        and at < len(lines)
        and lines[at][:1] not in ("+", "-")
        and not any(line.strip() for line in lines[at + 1 : ends])
    )
    return next((number for number, line in enumerate(lines) if line == "---"), at) if whole else at


def _words(finding: Finding) -> str:
    return f"{finding.name}: {finding.message}"


def can_fix(result: "CheckResult") -> bool:
    """Whether there is a finding with a safe fix."""
    safe = {rule.id for rule in result.rules if rule.remedy.kind == "safe"}
    return any(finding.rule in safe for checked in result.patches for finding in checked.findings)


class ChecksScreen(StageScreen):
    """The checks stage: the findings in the patches."""

    stage = Stage.CHECKS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "finding(1)", "next finding", tooltip="go to the next finding"),
        Binding("F", "finding(-1)", "previous finding", show=False, tooltip="go to the previous finding"),
        Binding("m", "fix_safe", "apply fixes", tooltip="show the safe fixes as a diff, then apply them to your commits"),
        Binding("e,enter", "edit", "edit", key_display="e", tooltip="open the line of the finding, or the commit message, in your editor"),
        Binding("w", "waive", "waive", tooltip="waive the finding in this topic, with a reason; or remove the waiver"),
        Binding("o", "only", "filter", key_display="o", tooltip="show one severity, one rule, waived findings, or all findings"),
        Binding("s", "strict", "toggle strict", show=False, tooltip="turn strict checks on or off (as checkpatch.pl --strict)"),
        Binding("c", "names", "toggle rule names", show=False, tooltip="switch between checkpatch.pl's rule names and ours"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._findings: dict[int, list[Finding]] = {}
        self._suppressed: dict[int, list[Suppressed]] = {}
        self._why: dict[str, tuple[str, str, str]] = {}
        self._checkpatch_names = False
        self._only = ""

    def body(self) -> ComposeResult:
        """The patch, and the findings on the line under the cursor."""
        with Columns():
            yield Panel(DiffView(ident="patch"), title="Patch", classes="main")
            with Panel(title="Finding", classes="below"), VerticalScroll(id="detail", can_focus=False):
                yield Static(id="finding", markup=False)

    def show(self, result: "CheckResult") -> None:
        """Findings in the margin; the first one under the cursor."""
        self._why = {rule.name: (rule.why, rule.remedy.text, rule.reference) for rule in result.rules}
        rows = self._placed(result)
        if self._only and not self._findings and not self._suppressed:
            # the filter matches nothing any more: fixed, or no longer waived
            self._only = ""
            rows = self._placed(result)
        notes = [
            Note(at, glyph(SIGNS[one.severity]), ROLES[one.severity], _words(one)) for at, here in self._findings.items() for one in here
        ]
        notes += [
            Note(at, glyph("nothing"), "quiet", f"{WAIVED}: {_words(one.finding)}") for at, here in self._suppressed.items() for one in here
        ]
        self.quiet = frozenset() if can_fix(result) else frozenset({"fix_safe"})
        self.quiet |= frozenset() if result.all or result.suppressed else frozenset({"waive"})
        self.query_one(KeyLine).refresh()
        pager = self.query_one("#patch", DiffView)
        pager.fill(rows, notes=notes)
        pager.focus()
        pager.choose(0)

    def _placed(self, result: "CheckResult") -> list[str]:
        """Assign the findings to their lines; return the lines."""
        rows: list[str] = []
        self._findings, self._suppressed = {}, {}
        for finding in result.series:
            self._put(0, finding)
        for suppressed in result.suppressed_series:
            self._put_suppressed(0, suppressed)
        for checked in result.patches:
            for finding in checked.findings:
                self._put(len(rows) + _row(finding, checked.patch.lines), finding)
            for suppressed in checked.suppressed:
                self._put_suppressed(len(rows) + _row(suppressed.finding, checked.patch.lines), suppressed)
            rows.extend(checked.patch.lines)
        return rows

    def _put_suppressed(self, at: int, suppressed: Suppressed) -> None:
        if self._only == WAIVED:
            self._suppressed.setdefault(at, []).append(suppressed)

    def _put(self, at: int, finding: Finding) -> None:
        if self._only in ("", str(finding.severity), finding.name):
            self._findings.setdefault(at, []).append(finding)

    def on_pager_moved(self, event: Pager.Moved) -> None:
        """Show the findings on the line."""
        texts = [self._finding_text(finding) for finding in self._findings.get(event.line, ())]
        texts += [self._suppressed_text(suppressed) for suppressed in self._suppressed.get(event.line, ())]
        more = "no finding on this line; f goes to the next finding" if self._findings or self._suppressed else self._no_findings
        only = f"(filter: {self._only}; o changes it)\n" if self._only else ""
        self.query_one("#finding", Static).update(plain(only + ("\n\n".join(texts) or more)))
        self.query_one("#detail").scroll_home(animate=False)

    @property
    def _no_findings(self) -> str:
        """The text shown when there are no findings."""
        result: CheckResult | None = self.session.last(self.stage)
        suppressed = f" ({len(result.suppressed)} waived; o shows them)" if result and result.suppressed else ""
        return f"no findings{suppressed}; press n for the next stage"

    def _suppressed_text(self, suppressed: Suppressed) -> str:
        """A waived finding with the reason."""
        until = f", until {suppressed.until}" if suppressed.until else ""
        rest = self._finding_text(suppressed.finding)
        return f"waived: {suppressed.reason} ({suppressed.origin}{until}); w removes the waiver\n{rest}"

    def _finding_text(self, finding: Finding) -> str:
        why, how, reference = self._why.get(finding.name, ("", "", ""))
        name = f"{finding.checkpatch or finding.rule}" if self._checkpatch_names else finding.name
        fix = with_stages(in_backticks(finding.fix.text if finding.fix and finding.fix.text else how))
        parts = [
            f"{finding.severity}: {finding.message} [{name}]",
            f"help: {fix}" if fix else "",
            f"why: {' '.join(why.split())}",
            reference,
        ]
        return "\n".join(part for part in parts if part)

    def action_finding(self, by: int) -> None:
        """Go to the next or the previous finding."""
        view = self.query_one("#patch", DiffView)
        view.choose(view.note + by)

    def action_names(self) -> None:
        """Switch between checkpatch.pl's rule names and ours."""
        self._checkpatch_names = not self._checkpatch_names
        pager = self.query_one("#patch", DiffView)
        pager.go(pager.cursor)

    def action_only(self) -> None:
        """Choose which findings are shown."""
        result: CheckResult | None = self.session.last(self.stage)
        if result is None:
            return
        every = [*result.series, *(finding for checked in result.patches for finding in checked.findings)]
        answers = [("", f"All findings ({len(every)})")]
        answers += [
            (str(severity), f"{str(severity).capitalize()} ({count})")
            for severity in Severity
            if (count := sum(finding.severity is severity for finding in every))
        ]
        answers += [(WAIVED, f"Waived ({len(result.suppressed)})")] if result.suppressed else []
        answers += [(name, f"{name} ({count})") for name, count in sorted(Counter(finding.name for finding in every).items())]

        def chosen(choice: str | None) -> None:
            if choice is not None:
                self._only = choice
                self.show(result)

        self.app.push_screen(Choose("Show which findings?", answers), chosen)

    def action_fix_safe(self) -> None:
        """Show the safe fixes, then apply them."""
        from patchpilot.tui.screens.fix_dialog import NO_SAFE_FIX, fix_safe

        result: CheckResult | None = self.session.fresh(self.stage)
        if result is None:
            return
        if can_fix(result):
            fix_safe(self)
        else:
            self.notify(NO_SAFE_FIX if result.all else "no findings; press n for the next stage", markup=False)

    def action_waive(self) -> None:
        """Waive the finding under the cursor, or remove its waiver; with several findings the user chooses."""
        cursor = self.query_one("#patch", DiffView).cursor
        here: list[Finding | Suppressed] = [*self._findings.get(cursor, ()), *self._suppressed.get(cursor, ())]
        known = {(finding.finding if isinstance(finding, Suppressed) else finding).name: finding for finding in here}
        if not known:
            self.notify("no finding on this line; f goes to the next finding", timeout=3)
        elif len(known) == 1:
            self._waive(here[0])
        else:
            answers = [
                (name, f"{name}: {(finding.finding if isinstance(finding, Suppressed) else finding).message}")
                for name, finding in known.items()
            ]
            self.app.push_screen(Choose("Which finding?", answers), lambda name: self._waive(known[name]) if name else None)

    def _waive(self, chosen: Finding | Suppressed) -> None:
        from patchpilot.tui.waive import take_back, waive

        result: CheckResult | None = self.session.last(self.stage)
        if isinstance(chosen, Suppressed):
            take_back(self, chosen)
        elif result:
            waive(self, chosen, sum(other.name == chosen.name for other in result.all))

    def action_strict(self) -> None:
        """Turn strict checks on or off."""
        self.session.strict = not self.session.strict
        self.notify("strict on: checks are reported too" if self.session.strict else "strict off: errors and warnings only", timeout=2)
        self.tui.jobs.begin(self.stage)

    def action_edit(self) -> None:
        """Open the finding's place in the editor: a line of a file, or the commit message."""
        from patchpilot.tui.editing import amend, open_file

        cursor = self.query_one("#patch", DiffView).cursor
        place = next((finding for finding in self._findings.get(cursor, ()) if finding.path and finding.line), None)
        if place and place.path and place.line:
            open_file(self, place.path, place.line)
        else:
            amend(self)
