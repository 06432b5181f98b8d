# SPDX-License-Identifier: GPL-2.0-or-later
"""The findings of the checks stage, ordered by line, and the rows of their list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.action import in_backticks
from patchpilot.model.counted import counted
from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.model.printable import crop, one_line, width
from patchpilot.model.web_address import web_address
from patchpilot.tui.screens.commit_rows import with_prefix
from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    QUIET,
    STRONG,
    diff_line,
    fitted,
    plain,
    with_code,
)
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.diff_view import Note

if TYPE_CHECKING:
    from collections import Counter

    from patchpilot.checking.check_result import CheckResult
    from patchpilot.model.rule import Rule
    from patchpilot.services.fix_finding import FindingFixed, Remedy


SIGNS = {
    Severity.ERROR: "blocked",
    Severity.WARNING: "warning",
    Severity.CHECK: "circle",
    Severity.NOTE: "dot",
}
ROLES = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.CHECK: "info",
    Severity.NOTE: "quiet",
}
STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.CHECK: "cyan",
    Severity.NOTE: QUIET,
}
HELP = "; help: "
"""What separates the message of a finding from what to run."""
MOST = 12
"""Changed lines of a fix that the detail shows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding as it appears on screen.

    It has the 0-based line in the text of all patches, the commit id ("" for the series), and the
    number of its patch if there are several. `whole`: the finding is about the patch as a whole
    and appears at the end of the message.
    """

    line: int
    finding: Finding
    commit: str = ""
    number: int = 0
    suppressed: Suppressed | None = None
    whole: bool = False

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What identifies it: commit, rule and line."""
        return self.commit, self.finding.rule, self.finding.patch_line

    @property
    def sign(self) -> str:
        """The sign of its severity, or of a waiver."""
        return glyph("nothing" if self.suppressed else SIGNS[self.finding.severity])

    @property
    def message(self) -> str:
        """Its message without the command to run, which is a key here."""
        return self.finding.message.partition(HELP)[0]

    @property
    def file(self) -> str:
        """The name of its file, with the number of the patch.

        For a message and a series what it is.
        """
        path = "" if self.whole else self.finding.path
        name = (
            path.rpartition("/")[2]
            if path
            else "commit message"
            if self.commit
            else "series"
        )
        return f"{self.number}: {name}" if self.number else name


ROOMY = 60
"""Columns from which a row names the file, and not its line alone."""


def row_of(shown: Shown, columns: int) -> Text:
    """Return the finding as a row of the list, in so many columns.

    The row has a symbol, the message, and at the right the file and the line. The rule's name is
    in the detail.
    """
    sign, line = shown.sign, "" if shown.whole else str(shown.finding.line or "")
    file = shown.file if columns >= ROOMY else ""
    place = ":".join(filter(None, (file, line)))
    left = columns - len(sign) - 1
    place = crop(one_line(place), left // 2)
    row = Text.assemble(
        (f"{sign} ", QUIET if shown.suppressed else STYLES[shown.finding.severity])
    )
    row.append(plain(fitted(shown.message, left - width(place) - 1)))
    return row.append(f" {place}", QUIET)


def note_of(shown: Shown) -> Note:
    """Return the finding as a note to show below its line."""
    text = shown.message
    if shown.suppressed:
        return Note(shown.line, shown.sign, "quiet", f"waived: {text}")
    return Note(shown.line, shown.sign, ROLES[shown.finding.severity], text)


def detail_of(
    shown: Shown,
    rule: "Rule | None",
    remedy: "Remedy",
    fixed: "FindingFixed | None",
) -> Text:
    """Return the finding in detail: message, the lines that its fix changes, reason, reference."""
    text = Text.assemble(plain(shown.message, STRONG))
    if shown.suppressed:
        until = f", until {shown.suppressed.until}" if shown.suppressed.until else ""
        text.append_text(
            plain(
                f"\n\nwaived: {shown.suppressed.reason} ({shown.suppressed.origin}{until}); press i"
                " to remove the waiver"
            )
        )
    text.append_text(_fix(shown, rule, remedy, fixed))
    if rule and rule.why:
        text.append_text(_part("Why", " ".join(rule.why.split())))
    if rule and rule.reference:
        # the whole address is the target of the link, where the terminal has links
        name = rule.reference.rpartition("/")[2] or rule.reference
        address = web_address(rule.reference)
        text.append_text(
            plain(f"\n\n{name}", f"{QUIET} link {address}" if address else QUIET)
        )
    return text


def _part(heading: str, words: str) -> Text:
    return Text.assemble(plain(f"\n\n{heading}  ", STRONG), with_code(words))


def _fix(
    shown: Shown,
    rule: "Rule | None",
    remedy: "Remedy",
    fixed: "FindingFixed | None",
) -> Text:
    finding = shown.finding
    how = (
        finding.fix.text
        if finding.fix and finding.fix.text
        else rule.remedy.text
        if rule
        else ""
    )
    words = in_keys(in_backticks(how), Stage.CHECKS)
    if remedy == "edit" or shown.suppressed:
        return _part("Fix", f"{words}; press e to edit the line") if words else Text()
    if fixed is None:
        return _part("Fix", words)
    if fixed.reason:
        return _part(
            "Fix", f"{words}; press e to edit the line\nnot certain: {fixed.reason}"
        )
    verb = {"sign-off": "press a to sign off", "tags": "press a to add"}.get(
        remedy, "press a to apply"
    )
    return _part("Fix", verb).append_text(change_text(fixed.diff))


def change_text(diff: Sequence[str]) -> Text:
    """Return the changed lines of a diff as text, the first ones of a long one."""
    changed = [
        line
        for line in diff
        if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
    ]
    text = Text()
    for line in changed[:MOST]:
        text.append("\n").append_text(diff_line(line))
    if (left := len(changed) - MOST) > 0:
        words = f"\n{glyph('ellipsis')} {counted(left, 'more line')}"
        text.append_text(plain(words, QUIET))
    return text


def load(ask: JobRequest) -> "tuple[CheckResult, StageStatus]":
    """Check the topic's commits with the same settings as `patchpilot check`."""
    from patchpilot.services.build.build_request import build_options
    from patchpilot.services.check.check_topic import check_topic

    session = ask.session
    topic = session.checked_topic
    is_built = bool(session.builds) and session.builds == ask.topic.key
    result = check_topic(
        ask.repository,
        session.settings(ask.repository),
        topic,
        strict=session.strict,
        build=build_options() if is_built else None,
        progress=ask.progress,
    )
    if is_built:
        session.changed("built")
    counts = result.counts
    words = ", ".join(
        counted(counts[severity], str(severity))
        for severity in Severity
        if counts[severity]
    )
    words = words or "no findings"
    if result.suppressed:
        words += f", {len(result.suppressed)} waived"
    state = state_of(counts)
    count = str(len(result.all)) if state is not StageState.DONE else ""
    return result, StageStatus(state, words, count)


def state_of(counts: "Counter[Severity]") -> StageState:
    """Return the state of the stage, given the number of findings per severity.

    It is done if there are no errors, warnings or checks.
    """
    if counts[Severity.ERROR]:
        return StageState.BLOCKED
    is_listed = counts[Severity.WARNING] or counts[Severity.CHECK]
    return StageState.TODO if is_listed else StageState.DONE


WAIVED = "waived"
"""The filter that shows the waived findings only."""


def placed(
    result: "CheckResult", mark: str, only: str = ""
) -> tuple[tuple[str, ...], tuple[Shown, ...]]:
    """Return the lines of all patches, with the subject prefix, and the findings to show.

    `only` is the filter for the findings.
    """
    rows: list[str] = []
    found = [Shown(0, finding) for finding in result.series] if only != WAIVED else []
    found += [
        Shown(0, each.finding, suppressed=each) for each in result.suppressed_series
    ]
    several = len(result.patches) > 1
    for number, checked in enumerate(result.patches, 1):
        lines, commit = checked.patch.lines, checked.patch.commit or ""
        ends = _ends(lines)
        every: list[tuple[Finding, Suppressed | None]]
        every = [(finding, None) for finding in checked.findings]
        every += [(each.finding, each) for each in checked.suppressed]
        for finding, suppressed in every:
            at, whole = _row(finding, lines, ends)
            shown_number = number if several else 0
            found.append(
                Shown(len(rows) + at, finding, commit, shown_number, suppressed, whole)
            )
        rows.extend(with_prefix(lines, mark))
    chosen = (shown for shown in found if _is_chosen(shown, only))
    return tuple(rows), tuple(sorted(chosen, key=lambda shown: shown.line))


def _is_chosen(shown: Shown, only: str) -> bool:
    if shown.suppressed or only == WAIVED:
        return bool(shown.suppressed) and only == WAIVED
    return True


def no_findings(result: "CheckResult | None") -> str:
    """Return the text shown when there are no findings."""
    waived = len(result.suppressed) if result else 0
    return "no findings" + (f" ({waived} waived; press o to show)" if waived else "")


def nothing_keys(result: "CheckResult", *, is_strict: bool) -> list[tuple[str, str]]:
    """Return the keys that lead on from a result without findings."""
    keys = [("n", f"go to {list(Stage)[Stage.CHECKS.number].label}")]
    if result.suppressed:
        keys.append(("o", "show the waived findings"))
    if result.left_out and not is_strict:
        keys.append(("o", f"show {result.left_out} more"))
    return keys


def _ends(lines: Sequence[str]) -> tuple[int | None, int]:
    """Return the 0-based lines at which a patch's message ends (None: nowhere), and of
    the last text before git's signature.
    """
    signature = next(
        (number for number, line in enumerate(lines) if line == "-- "), len(lines)
    )
    last = next(
        (number for number in range(signature - 1, -1, -1) if lines[number].strip()), -1
    )
    return next(
        (number for number, line in enumerate(lines) if line == "---"), None
    ), last


def _row(
    finding: Finding, lines: Sequence[str], ends: tuple[int | None, int]
) -> tuple[int, bool]:
    """Return the 0-based line of a finding.

    Of one about the whole patch, such as a missing sign-off, the end of the message, and that it is
    one.
    """
    at, (message, last) = (finding.patch_line or 1) - 1, ends
    whole = (
        finding.column is None
        and last <= at < len(lines)
        and lines[at][:1] not in ("+", "-")
    )
    return (at if message is None else message, True) if whole else (at, False)
