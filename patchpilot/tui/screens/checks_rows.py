# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the findings of the checks stage as rows of a list, ordered by line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.action import parse_backticks
from patchpilot.model.printable import crop_text, format_count, make_one_line, width
from patchpilot.model.rule import Finding, Severity, Suppressed
from patchpilot.model.web_address import valid_web_address
from patchpilot.tui.screens.commit_rows import add_subject_prefix
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    QUIET,
    STRONG,
    color_diff_line,
    fit_text,
    highlight_code,
    plain_text,
    wrap_with_indent,
)
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.diff_colors import ROLES
from patchpilot.tui.widgets.diff_view import Note

if TYPE_CHECKING:
    from collections import Counter

    from patchpilot.checking.fix_finding import FindingChanges
    from patchpilot.checking.result import CheckResult
    from patchpilot.model.rule import Rule


LOOKS = {
    Severity.ERROR: ("blocked", "error"),
    Severity.WARNING: ("warning", "warning"),
    Severity.CHECK: ("circle", "info"),
    Severity.NOTE: ("dot", "quiet"),
}
"""Maps a finding's severity to its sign and role."""
HELP = "; help: "
"""The separator between a finding's message and the command to run."""
MOST = 12
"""Maximum number of a fix's changed lines shown in the detail."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A displayed finding.

    `line` is the 0-based line in the text of all patches, `commit` the commit id ("" for the
    series), and `number` the number of the patch if there are several. `whole` is set if the
    finding is about the patch as a whole; it is then shown at the end of the message. `remedy` is
    the method by which the TUI can fix it. Waived findings and findings about the series can only
    be fixed by editing.
    """

    line: int
    finding: Finding
    commit: str = ""
    number: int = 0
    suppressed: Suppressed | None = None
    whole: bool = False
    rule: "Rule | None" = None
    remedy: str = "edit"

    @property
    def key(self) -> tuple[str, str, int | None]:
        return self.commit, self.finding.rule, self.finding.patch_line

    @property
    def sign(self) -> str:
        return glyph("nothing" if self.suppressed else LOOKS[self.finding.severity][0])

    @property
    def role(self) -> str:
        return "quiet" if self.suppressed else LOOKS[self.finding.severity][1]

    @property
    def message(self) -> str:
        """Return the finding's message without the command in it, because the TUI has a key for
        that.
        """
        return self.finding.message.partition(HELP)[0]

    @property
    def file(self) -> str:
        """Return the file name and the number of the patch.

        Other findings have "commit message" or "series" instead of a file name.
        """
        path = "" if self.whole else self.finding.path
        name = path.rpartition("/")[2] if path else "commit message" if self.commit else "series"
        return f"{self.number}: {name}" if self.number else name


ROOMY = 60
"""Minimum number of columns to show the file in a row, not only the line."""


def finding_row(finding: ShownFinding, columns: int, is_cut: bool) -> Text:
    """Format a finding as a row of the list, fitted to a number of columns.

    The row has a symbol, the message, cut or wrapped, and, at the right, the file and line. The
    rule's name is in the detail.
    """
    sign, line = finding.sign, "" if finding.whole else str(finding.finding.line or "")
    file = finding.file if columns >= ROOMY else ""
    head = f" {sign} "
    columns_left = columns - len(head)
    location = crop_text(make_one_line(":".join(filter(None, (file, line)))), columns_left // 2)
    columns_left -= width(location) + 1
    text, below = finding.message, ""
    if not is_cut:
        wrapped = wrap_with_indent(make_one_line(text), columns_left + len(head), len(head))
        text, _, below = wrapped.partition("\n")
    row = Text.assemble((head, ROLES[finding.role]), plain_text(fit_text(text, columns_left)))
    row.append(f" {location}", QUIET)
    return row.append(f"\n{below}" if below else "")


def finding_note(finding: ShownFinding) -> Note:
    text = f"waived: {finding.message}" if finding.suppressed else finding.message
    return Note(finding.line, finding.sign, finding.role, text)


def finding_detail(finding: ShownFinding, fix: "FindingChanges | None") -> Text:
    detail_text, rule = Text.assemble(plain_text(finding.message, STRONG)), finding.rule
    if waiver := finding.suppressed:
        until_text = f", until {waiver.until}" if waiver.until else ""
        waiver_text = f"{waiver.reason} ({waiver.origin}{until_text}); press i to remove the waiver"
        detail_text.append_text(plain_text(f"\n\nwaived: {waiver_text}"))
    detail_text.append_text(_fix_text(finding, fix))
    if rule and rule.why:
        detail_text.append_text(_labeled_text("Why", " ".join(rule.why.split())))
    if rule and rule.reference:
        # terminals that support hyperlinks open the full address
        name = rule.reference.rpartition("/")[2] or rule.reference
        address = valid_web_address(rule.reference)
        style = f"{QUIET} link {address}" if address else QUIET
        detail_text.append_text(plain_text(f"\n\n{name}", style))
    return detail_text


def _labeled_text(label: str, words: str) -> Text:
    return Text.assemble(plain_text(f"\n\n{label}  ", STRONG), highlight_code(words))


def _fix_text(shown_finding: ShownFinding, applied_fix: "FindingChanges | None") -> Text:
    fix, rule = shown_finding.finding.fix, shown_finding.rule
    fix_help = (fix and fix.text) or (rule.remedy.text if rule else "")
    help_text = replace_commands(parse_backticks(fix_help), Stage.CHECKS)
    edit_text = f"{help_text}; press e to edit the line"
    if shown_finding.remedy == "edit":
        return _labeled_text("Fix", edit_text) if help_text else Text()
    if applied_fix is None:
        return _labeled_text("Fix", help_text)
    if applied_fix.reason:
        return _labeled_text("Fix", f"{edit_text}\nnot certain: {applied_fix.reason}")
    verb = {"sign-off": "sign off", "tags": "add"}.get(shown_finding.remedy, "apply")
    return _labeled_text("Fix", f"press a to {verb}").append_text(
        format_changed_lines(applied_fix.diff)
    )


def format_changed_lines(diff: Sequence[str]) -> Text:
    changed_lines = [
        line
        for line in diff
        if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
    ]
    text = Text()
    for line in changed_lines[:MOST]:
        text.append("\n").append_text(color_diff_line(line))
    if (hidden_count := len(changed_lines) - MOST) > 0:
        more_text = f"\n{glyph('ellipsis')} {format_count(hidden_count, 'more line')}"
        text.append_text(plain_text(more_text, QUIET))
    return text


def load_stage(request: JobRequest) -> "tuple[CheckResult, StageStatus]":
    from patchpilot.building.request import make_build_options
    from patchpilot.checking.topic import check_topic

    session = request.session
    topic = session.checked_topic
    is_built = bool(session.builds) and session.builds == request.topic.key
    result = check_topic(
        request.repository,
        session.read_settings(request.repository),
        topic,
        strict=session.strict,
        build=make_build_options() if is_built else None,
        progress=request.progress,
    )
    if is_built:
        session.mark_changed("built")
    counts = result.counts
    note = ", ".join(
        format_count(counts[severity], str(severity)) for severity in Severity if counts[severity]
    )
    note = note or "no findings"
    if result.suppressed:
        note += f", {len(result.suppressed)} waived"
    state = state_from_counts(counts)
    counted_findings = str(len(result.all)) if state is not StageState.DONE else ""
    return result, StageStatus(state, note, counted_findings)


def state_from_counts(counts: "Counter[Severity]") -> StageState:
    """Return the state of the stage from the number of findings per severity.

    The stage is done if there are no errors, warnings or checks.
    """
    if counts[Severity.ERROR]:
        return StageState.BLOCKED
    has_findings = counts[Severity.WARNING] or counts[Severity.CHECK]
    return StageState.TODO if has_findings else StageState.DONE


def arrange_findings(
    result: "CheckResult", subject_prefix: str
) -> tuple[tuple[str, ...], tuple[ShownFinding, ...]]:
    from patchpilot.checking.fix_finding import choose_remedy

    rows: list[str] = []
    shown_findings: list[ShownFinding] = []
    rules = {rule.id: rule for rule in result.rules}

    def add_findings(
        findings: Sequence[Finding],
        waivers: Sequence[Suppressed],
        locate: Callable[[Finding], tuple[int, bool]],
        commit: str = "",
        number: int = 0,
    ) -> None:
        waived_findings = [(waiver.finding, waiver) for waiver in waivers]
        for finding, waiver in [
            *((finding, None) for finding in findings),
            *waived_findings,
        ]:
            offset, is_whole = locate(finding)
            is_fixable = commit and not waiver
            remedy = choose_remedy(finding, result.rules) if is_fixable else "edit"
            rule, line = rules.get(finding.rule), len(rows) + offset
            shown_findings.append(
                ShownFinding(line, finding, commit, number, waiver, is_whole, rule, remedy)
            )

    add_findings(result.series, result.suppressed_series, lambda _: (0, False))
    for number, checked in enumerate(result.patches, 1):
        lines, commit = checked.patch.lines, checked.patch.commit or ""
        locate = partial(_locate_finding, lines=lines, ends=_message_and_patch_ends(lines))
        shown_number = number if len(result.patches) > 1 else 0
        add_findings(checked.findings, checked.suppressed, locate, commit, shown_number)
        rows.extend(add_subject_prefix(lines, subject_prefix))
    return tuple(rows), tuple(sorted(shown_findings, key=lambda shown: shown.line))


def no_findings_keys(result: "CheckResult", *, is_strict: bool) -> list[tuple[str, str]]:
    keys = [("n", f"go to {list(Stage)[Stage.CHECKS.number].label}")]
    if result.suppressed:
        keys.append(("o", "show the waived findings"))
    if result.left_out and not is_strict:
        keys.append(("o", f"show {result.left_out} minor"))
    return keys


def _message_and_patch_ends(lines: Sequence[str]) -> tuple[int | None, int]:
    """Return the 0-based line at which a patch's message ends (None if there is no end), and the
    last line above git's signature.
    """
    signature = lines.index("-- ") if "-- " in lines else len(lines)
    earlier_lines = range(signature - 1, -1, -1)
    last_line = next((number for number in earlier_lines if lines[number].strip()), -1)
    return lines.index("---") if "---" in lines else None, last_line


def _locate_finding(
    finding: Finding, lines: Sequence[str], ends: tuple[int | None, int]
) -> tuple[int, bool]:
    """Return a finding's 0-based line, and whether it is about the whole patch.

    For such a finding (for example, a missing sign-off), the line is the end of the message.
    """
    line, (message_end, last_line) = (finding.patch_line or 1) - 1, ends
    is_whole = (
        finding.column is None
        and last_line <= line < len(lines)
        and lines[line][:1] not in ("+", "-")
    )
    return (line if message_end is None else message_end, True) if is_whole else (line, False)
