# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the findings of the checks stage as rows of a list."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.patch import add_subject_prefix
from patchpilot.model.printable import crop_text, format_count, make_one_line, width
from patchpilot.model.rule import Severity
from patchpilot.model.web_address import valid_web_address
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
from patchpilot.tui.widgets.lists import Row

if TYPE_CHECKING:
    from patchpilot.checking.fix_finding import Changes
    from patchpilot.checking.result import CheckResult, FindingRow


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


ROOMY = 60
"""Minimum number of columns to show the file in a row, not only the line."""


def _sign_and_role(row: "FindingRow") -> tuple[str, str]:
    sign, role = LOOKS[row.finding.severity]
    return (glyph("nothing"), "quiet") if row.finding.suppression else (glyph(sign), role)


def _message(row: "FindingRow") -> str:
    """Return the finding's message without the command in it, because the TUI has a key for it."""
    return row.finding.message.partition(HELP)[0]


def _file(row: "FindingRow", *, is_numbered: bool) -> str:
    """Return the file name and, in a series, the number of the patch.

    Other findings have "commit message" or "series" instead of a file name.
    """
    path = "" if row.is_whole else row.finding.path
    name = path.rpartition("/")[2] if path else "commit message" if row.commit else "series"
    return f"{row.number}: {name}" if is_numbered and row.number else name


def finding_row(row: "FindingRow", columns: int, *, is_cut: bool, is_numbered: bool) -> Row:
    """Format a finding as a row of the list, fitted to a number of columns.

    The row has a symbol, the message, cut or wrapped, and, at the right, the file and line. The
    rule's name is in the detail.
    """
    (sign, role), line = _sign_and_role(row), "" if row.is_whole else str(row.finding.line or "")
    file = _file(row, is_numbered=is_numbered) if columns >= ROOMY else ""
    head = f" {sign} "
    columns_left = columns - len(head)
    location = crop_text(make_one_line(":".join(filter(None, (file, line)))), columns_left // 2)
    columns_left -= width(location) + 1
    text, below = _message(row), ""
    if not is_cut:
        wrapped = wrap_with_indent(make_one_line(text), columns_left + len(head), len(head))
        text, _, below = wrapped.partition("\n")
    row_text = Text.assemble((head, ROLES[role]), plain_text(fit_text(text, columns_left)))
    row_text.append(f" {location}", QUIET)
    return Row(row_text.append(f"\n{below}" if below else ""), row, row.key)


def finding_note(row: "FindingRow") -> Note:
    text = f"waived: {_message(row)}" if row.finding.suppression else _message(row)
    return Note(row.line, *_sign_and_role(row), text, row.key)


def finding_detail(row: "FindingRow", fix: "Changes | None") -> Text:
    detail_text, rule = Text.assemble(plain_text(_message(row), STRONG)), row.rule
    if waiver := row.finding.suppression:
        until_text = f", until {waiver.until}" if waiver.until else ""
        waiver_text = f"{waiver.reason} ({waiver.origin}{until_text}); press i to remove the waiver"
        detail_text.append_text(plain_text(f"\n\nwaived: {waiver_text}"))
    detail_text.append_text(_fix_text(row, fix))
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


def _fix_text(row: "FindingRow", applied_fix: "Changes | None") -> Text:
    fix, rule = row.finding.fix, row.rule
    fix_help = (fix and fix.text) or (rule.remedy.text if rule else "")
    help_text = replace_commands(fix_help, Stage.CHECKS)
    edit_text = (
        f"{help_text}; press e to edit the {row.edited_text}" if row.edited_text else help_text
    )
    if row.remedy == "edit":
        return _labeled_text("Fix", edit_text) if help_text else Text()
    if applied_fix is None:
        return _labeled_text("Fix", help_text)
    if applied_fix.reason:
        reason = replace_commands(applied_fix.reason, Stage.CHECKS)
        return _labeled_text("Fix", f"{edit_text}\nno automatic fix: {reason}")
    verb = {"sign-off": "sign off", "tags": "add"}.get(row.remedy, "apply")
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
    from patchpilot.checking.source import describe_unchecked_files
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
    counts, note = result.counts, result.counts_text
    if not request.topic.target and (uncommitted := describe_unchecked_files(request.repository)):
        note += f"; {uncommitted}"
    # notes alone leave nothing to do
    if not (counts[Severity.ERROR] or counts[Severity.WARNING] or counts[Severity.CHECK]):
        return result, StageStatus(StageState.DONE, note)
    state = StageState.BLOCKED if counts[Severity.ERROR] else StageState.TODO
    return result, StageStatus(state, note, str(len(result.all)))


def arrange_findings(
    result: "CheckResult", subject_prefix: str
) -> tuple[tuple[str, ...], tuple["FindingRow", ...]]:
    """Return the lines of all patches, and the findings with their places in these lines."""
    from patchpilot.checking.place_findings import place_findings

    lines = (
        line
        for checked in result.patches
        for line in add_subject_prefix(checked.patch.lines, subject_prefix)
    )
    return tuple(lines), place_findings(result)


def no_findings_keys(result: "CheckResult", *, is_strict: bool) -> list[tuple[str, str]]:
    keys = [("n", f"go to {list(Stage)[Stage.CHECKS.number].label}")]
    if result.suppressed:
        keys.append(("o", "show the waived findings"))
    if result.left_out and not is_strict:
        keys.append(("o", f"show {result.left_out} minor"))
    return keys
