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
from patchpilot.tui.screens.commit_rows import with_prefix
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    QUIET,
    STRONG,
    diff_line,
    fit_text,
    highlight_code,
    plain,
    wrap_hanging,
)
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.diff_colors import ROLES
from patchpilot.tui.widgets.diff_view import Note

if TYPE_CHECKING:
    from collections import Counter

    from patchpilot.checking.check_result import CheckResult
    from patchpilot.model.rule import Rule
    from patchpilot.services.fix_finding import FindingChanges


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
class Shown:
    """A finding as displayed.

    It has the 0-based line in the text of all patches, the commit id ("" for the series), and the
    number of its patch if there are several. `whole` is set if the finding is about the patch as a
    whole; it is shown at the end of the message. `remedy` is how it can be fixed from the TUI.
    Findings about the series and waived ones can only be fixed by editing.
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
        """Return the message without its command, for which there is a key."""
        return self.finding.message.partition(HELP)[0]

    @property
    def file(self) -> str:
        """Return the file name and the number of the patch.

        Other findings have "commit message" or "series" instead of a file name.
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
"""Minimum number of columns to show the file in a row, not only the line."""


def row_of(shown: Shown, columns: int, *, is_cut: bool = True) -> Text:
    """Format a finding as a row of the list, fitted to a number of columns.

    The row has a symbol, the message, cut or wrapped, and, at the right, the file and line. The
    rule's name is in the detail.
    """
    sign, line = shown.sign, "" if shown.whole else str(shown.finding.line or "")
    file = shown.file if columns >= ROOMY else ""
    head = f" {sign} "
    left = columns - len(head)
    place = crop_text(make_one_line(":".join(filter(None, (file, line)))), left // 2)
    left -= width(place) + 1
    text, below = shown.message, ""
    if not is_cut:
        wrapped = wrap_hanging(make_one_line(text), left + len(head), len(head))
        text, _, below = wrapped.partition("\n")
    row = Text.assemble((head, ROLES[shown.role]), plain(fit_text(text, left)))
    row.append(f" {place}", QUIET)
    return row.append(f"\n{below}" if below else "")


def note_of(row: Shown) -> Note:
    text = f"waived: {row.message}" if row.suppressed else row.message
    return Note(row.line, row.sign, row.role, text)


def detail_of(row: Shown, fixed: "FindingChanges | None") -> Text:
    text, rule = Text.assemble(plain(row.message, STRONG)), row.rule
    if waiver := row.suppressed:
        until = f", until {waiver.until}" if waiver.until else ""
        words = (
            f"{waiver.reason} ({waiver.origin}{until}); press i to remove the waiver"
        )
        text.append_text(plain(f"\n\nwaived: {words}"))
    text.append_text(_fix(row, fixed))
    if rule and rule.why:
        text.append_text(_part("Why", " ".join(rule.why.split())))
    if rule and rule.reference:
        # terminals that support hyperlinks open the full address
        name = rule.reference.rpartition("/")[2] or rule.reference
        address = valid_web_address(rule.reference)
        style = f"{QUIET} link {address}" if address else QUIET
        text.append_text(plain(f"\n\n{name}", style))
    return text


def _part(heading: str, words: str) -> Text:
    return Text.assemble(plain(f"\n\n{heading}  ", STRONG), highlight_code(words))


def _fix(row: Shown, fixed: "FindingChanges | None") -> Text:
    fix, rule = row.finding.fix, row.rule
    how = (fix and fix.text) or (rule.remedy.text if rule else "")
    words = replace_commands(parse_backticks(how), Stage.CHECKS)
    by_editing = f"{words}; press e to edit the line"
    if row.remedy == "edit":
        return _part("Fix", by_editing) if words else Text()
    if fixed is None:
        return _part("Fix", words)
    if fixed.reason:
        return _part("Fix", f"{by_editing}\nnot certain: {fixed.reason}")
    verb = {"sign-off": "sign off", "tags": "add"}.get(row.remedy, "apply")
    return _part("Fix", f"press a to {verb}").append_text(change_text(fixed.diff))


def change_text(diff: Sequence[str]) -> Text:
    changed = [
        line
        for line in diff
        if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
    ]
    text = Text()
    for line in changed[:MOST]:
        text.append("\n").append_text(diff_line(line))
    if (left := len(changed) - MOST) > 0:
        words = f"\n{glyph('ellipsis')} {format_count(left, 'more line')}"
        text.append_text(plain(words, QUIET))
    return text


def load(ask: JobRequest) -> "tuple[CheckResult, StageStatus]":
    from patchpilot.services.build.build_request import make_build_options
    from patchpilot.services.check.check_topic import check_topic

    session = ask.session
    topic = session.checked_topic
    is_built = bool(session.builds) and session.builds == ask.topic.key
    result = check_topic(
        ask.repository,
        session.settings(ask.repository),
        topic,
        strict=session.strict,
        build=make_build_options() if is_built else None,
        progress=ask.progress,
    )
    if is_built:
        session.changed("built")
    counts = result.counts
    words = ", ".join(
        format_count(counts[severity], str(severity))
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
    """Return the state of the stage from the number of findings per severity.

    It is done if there are no errors, warnings or checks.
    """
    if counts[Severity.ERROR]:
        return StageState.BLOCKED
    is_listed = counts[Severity.WARNING] or counts[Severity.CHECK]
    return StageState.TODO if is_listed else StageState.DONE


def arrange_findings(
    result: "CheckResult", mark: str
) -> tuple[tuple[str, ...], tuple[Shown, ...]]:
    from patchpilot.services.fix_finding import choose_remedy

    rows: list[str] = []
    found: list[Shown] = []
    rules = {rule.id: rule for rule in result.rules}

    def add(
        findings: Sequence[Finding],
        waivers: Sequence[Suppressed],
        place: Callable[[Finding], tuple[int, bool]],
        commit: str = "",
        number: int = 0,
    ) -> None:
        waived = [(waiver.finding, waiver) for waiver in waivers]
        for finding, waiver in [*((finding, None) for finding in findings), *waived]:
            at, whole = place(finding)
            is_fixable = commit and not waiver
            remedy = choose_remedy(finding, result.rules) if is_fixable else "edit"
            rule, line = rules.get(finding.rule), len(rows) + at
            found.append(
                Shown(line, finding, commit, number, waiver, whole, rule, remedy)
            )

    add(result.series, result.suppressed_series, lambda _: (0, False))
    for number, checked in enumerate(result.patches, 1):
        lines, commit = checked.patch.lines, checked.patch.commit or ""
        place = partial(_row, lines=lines, ends=_ends(lines))
        shown_number = number if len(result.patches) > 1 else 0
        add(checked.findings, checked.suppressed, place, commit, shown_number)
        rows.extend(with_prefix(lines, mark))
    return tuple(rows), tuple(sorted(found, key=lambda shown: shown.line))


def no_findings_keys(
    result: "CheckResult", *, is_strict: bool
) -> list[tuple[str, str]]:
    keys = [("n", f"go to {list(Stage)[Stage.CHECKS.number].label}")]
    if result.suppressed:
        keys.append(("o", "show the waived findings"))
    if result.left_out and not is_strict:
        keys.append(("o", f"show {result.left_out} minor"))
    return keys


def _ends(lines: Sequence[str]) -> tuple[int | None, int]:
    """Return the 0-based line at which a patch's message ends (None if there is no end), and the
    last line above git's signature.
    """
    signature = lines.index("-- ") if "-- " in lines else len(lines)
    above = range(signature - 1, -1, -1)
    last = next((number for number in above if lines[number].strip()), -1)
    return lines.index("---") if "---" in lines else None, last


def _row(
    finding: Finding, lines: Sequence[str], ends: tuple[int | None, int]
) -> tuple[int, bool]:
    """Return a finding's 0-based line, and whether it is about the whole patch.

    For such a finding (for example, a missing sign-off), the line is the end of the message.
    """
    at, (message, last) = (finding.patch_line or 1) - 1, ends
    whole = (
        finding.column is None
        and last <= at < len(lines)
        and lines[at][:1] not in ("+", "-")
    )
    return (at if message is None else message, True) if whole else (at, False)
