# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage checks: findings beside the lines they are about, with the reason and the fix."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from patchpilot.model.action import in_backticks
from patchpilot.model.counted import counted
from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.tui.action_keys import with_stages
from patchpilot.tui.rich_text import plain
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageStanding, StageState
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.patch_pager import Pager, PatchPager

if TYPE_CHECKING:
    from patchpilot.services.check.check_result import CheckResult

WAIVED = "waived"
NARROW = {Severity.WARNING: "warn"}
"""A shorter word for the margin where there are 80 columns: what messages are broken at fits beside it."""
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.CHECK: "cyan", Severity.NOTE: "dim"}


def load(ask: JobRequest) -> "tuple[CheckResult, StageStanding]":
    """Check the topic's commits, as `patchpilot check` does with the same settings."""
    from patchpilot.services.check.check_topic import check_topic

    session = ask.session
    topic = session.checked_topic
    result = check_topic(ask.repository, session.settings(ask.repository), topic, strict=session.strict, progress=ask.progress)
    counts = result.counts
    words = ", ".join(counted(counts[severity], str(severity)) for severity in Severity if counts[severity])
    if result.suppressed:
        words = f"{words}, {len(result.suppressed)} waived" if words else f"{len(result.suppressed)} waived, nothing else"
    graver = counts[Severity.ERROR] + counts[Severity.WARNING]
    return result, StageStanding(StageState.TODO if graver else StageState.DONE, words or "nothing to complain about")


def _row(finding: Finding, lines: Sequence[str]) -> int:
    """The line (0-based) a finding is about; one of the patch as a whole, such as a missing sign-off, where the message ends."""
    at = (finding.patch_line or 1) - 1
    ends = next((number for number, line in enumerate(lines) if line == "-- "), len(lines))
    whole = (
        finding.column is None
        and at < len(lines)
        and lines[at][:1] not in ("+", "-")
        and not any(line.strip() for line in lines[at + 1 : ends])
    )
    return next((number for number, line in enumerate(lines) if line == "---"), at) if whole else at


def can_fix(result: "CheckResult") -> bool:
    """Whether a check found something whose rule says that it is safe to fix."""
    safe = {rule.id for rule in result.rules if rule.remedy.kind == "safe"}
    return any(finding.rule in safe for checked in result.patches for finding in checked.findings)


class ChecksScreen(StageScreen):
    """What maintainers and bots would say."""

    stage = Stage.CHECKS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "finding(1)", "next finding"),
        Binding("F", "finding(-1)", "last finding", show=False),
        Binding("m", "fix_safe", "mend", tooltip="show what is safe to mend as a diff, and write it into your commits"),
        Binding("e,enter", "edit", "edit", key_display="e", tooltip="open the finding's line, or the message, in your editor"),
        Binding("w", "waive", "waive", tooltip="waive the finding for this topic, with a reason; or take that back"),
        Binding("o", "only", "only …", key_display="o", tooltip="show only one severity, one rule or what is waived, or all again"),
        Binding("s", "strict", "strict", show=False, tooltip="also what checkpatch.pl --strict says, or not"),
        Binding("c", "names", "names", show=False, tooltip="checkpatch.pl's names, or ours"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._findings: dict[int, list[Finding]] = {}
        self._suppressed: dict[int, list[Suppressed]] = {}
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
        rows = self._placed(result)
        if self._only and not self._findings and not self._suppressed:
            # what was asked for is gone: fixed, or no longer waived
            self._only = ""
            rows = self._placed(result)
        worst = {at: min(here, key=lambda finding: finding.severity.rank) for at, here in self._findings.items()}
        short = NARROW if self.size.width < 100 else {}
        marks = {
            at: (short.get(finding.severity, str(finding.severity)), STYLES[finding.severity]) for at, finding in worst.items()
        } | dict.fromkeys(self._suppressed, (WAIVED, "dim"))
        shown = self._findings | {at: [suppressed.finding for suppressed in here] for at, here in self._suppressed.items()}
        words = {
            at: " ".join(f"{finding.message} {finding.name} {finding.checkpatch or ''}" for finding in here) for at, here in shown.items()
        }
        self.quiet = frozenset() if can_fix(result) else frozenset({"fix_safe"})
        self.quiet |= frozenset() if result.all or result.suppressed else frozenset({"waive"})
        self.query_one(KeyLine).refresh()
        pager = self.query_one("#patch", PatchPager)
        pager.fill(rows, marks=marks, stops=sorted(marks), beside=words)
        pager.focus()
        pager.go(min(marks, default=0))

    def _placed(self, result: "CheckResult") -> list[str]:
        """Put what is to be shown beside its lines; these lines."""
        rows: list[str] = []
        self._findings, self._suppressed = {}, {}
        for finding in result.series:
            self._put(0, finding)
        for suppressed in result.suppressed_series:
            self._put_aside(0, suppressed)
        for checked in result.patches:
            for finding in checked.findings:
                self._put(len(rows) + _row(finding, checked.patch.lines), finding)
            for suppressed in checked.suppressed:
                self._put_aside(len(rows) + _row(suppressed.finding, checked.patch.lines), suppressed)
            rows.extend(checked.patch.lines)
        return rows

    def _put_aside(self, at: int, suppressed: Suppressed) -> None:
        if self._only == WAIVED:
            self._suppressed.setdefault(at, []).append(suppressed)

    def _put(self, at: int, finding: Finding) -> None:
        if self._only in ("", str(finding.severity), finding.name):
            self._findings.setdefault(at, []).append(finding)

    def on_pager_moved(self, event: Pager.Moved) -> None:
        """Say what is known of the line."""
        texts = [self._said(finding) for finding in self._findings.get(event.line, ())]
        texts += [self._told(suppressed) for suppressed in self._suppressed.get(event.line, ())]
        more = "no finding on this line: f goes to the next" if self._findings or self._suppressed else self._good
        only = f"(only {self._only}: o shows others)\n" if self._only else ""
        self.query_one("#finding", Static).update(plain(only + ("\n\n".join(texts) or more)))
        self.query_one("#said").scroll_home(animate=False)

    @property
    def _good(self) -> str:
        """What is said where nothing is shown."""
        result: CheckResult | None = self.session.last(self.stage)
        aside = f" ({len(result.suppressed)} waived: o shows them)" if result and result.suppressed else ""
        return f"nothing to complain about{aside}: n goes on"

    def _told(self, suppressed: Suppressed) -> str:
        """A waived finding, with the reason."""
        until = f", until {suppressed.until}" if suppressed.until else ""
        rest = self._said(suppressed.finding)
        return f"waived: {suppressed.reason} ({suppressed.origin}{until}); w takes it back\n{rest}"

    def _said(self, finding: Finding) -> str:
        why, how, reference = self._why.get(finding.name, ("", "", ""))
        name = f"{finding.checkpatch or finding.rule}" if self._checkpatch_names else finding.name
        fix = with_stages(in_backticks(finding.fix.text if finding.fix and finding.fix.text else how))
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
        every = [*result.series, *(finding for checked in result.patches for finding in checked.findings)]
        answers = [("", f"all {counted(len(every), 'finding')}")]
        answers += [
            (str(severity), f"only {severity} ({count})")
            for severity in Severity
            if (count := sum(finding.severity is severity for finding in every))
        ]
        answers += [(WAIVED, f"what is waived ({len(result.suppressed)})")] if result.suppressed else []
        answers += [(name, f"only {name} ({count})") for name, count in sorted(Counter(finding.name for finding in every).items())]

        def chosen(choice: str | None) -> None:
            if choice is not None:
                self._only = choice
                self.show(result)

        self.app.push_screen(Choose("Which findings?", answers), chosen)

    def action_fix_safe(self) -> None:
        """What is safe to fix: shown, then written."""
        from patchpilot.tui.screens.fix_dialog import NOTHING, fix_safe

        result: CheckResult | None = self.session.fresh(self.stage)
        if result is None:
            return
        if can_fix(result):
            fix_safe(self)
        else:
            self.notify(NOTHING if result.all else "there is nothing to mend: n goes on", markup=False)

    def action_waive(self) -> None:
        """The finding under the cursor waived, or its waiver taken back; of several the user chooses."""
        cursor = self.query_one("#patch", PatchPager).cursor
        here: list[Finding | Suppressed] = [*self._findings.get(cursor, ()), *self._suppressed.get(cursor, ())]
        known = {(finding.finding if isinstance(finding, Suppressed) else finding).name: finding for finding in here}
        if not known:
            self.notify("no finding on this line: f goes to the next", timeout=3)
        elif len(known) == 1:
            self._waive(here[0])
        else:
            answers = [
                (name, f"{name}: {(finding.finding if isinstance(finding, Suppressed) else finding).message}")
                for name, finding in known.items()
            ]
            self.app.push_screen(Choose("Which of them?", answers), lambda name: self._waive(known[name]) if name else None)

    def _waive(self, chosen: Finding | Suppressed) -> None:
        from patchpilot.tui.waive import take_back, waive

        result: CheckResult | None = self.session.last(self.stage)
        if isinstance(chosen, Suppressed):
            take_back(self, chosen)
        elif result:
            waive(self, chosen, sum(other.name == chosen.name for other in result.all))

    def action_strict(self) -> None:
        """With what --strict says, or without."""
        self.session.strict = not self.session.strict
        self.notify("strict: checks are shown too" if self.session.strict else "not strict: errors and warnings", timeout=2)
        self.tui.jobs.begin(self.stage)

    def action_edit(self) -> None:
        """The finding's place in the editor: a file's line, or the message."""
        from patchpilot.tui.editing import amend, open_file

        cursor = self.query_one("#patch", PatchPager).cursor
        place = next((finding for finding in self._findings.get(cursor, ()) if finding.path and finding.line), None)
        if place and place.path and place.line:
            open_file(self, place.path, place.line)
        else:
            amend(self)
