# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as compilers do: location, severity, message, and the line with a caret.

The first finding of each rule also has the reason and help.
"""

import re
from collections import Counter
from collections.abc import Iterator

from patchpilot.checking.result import CheckResult, FindingRow, list_unchecked
from patchpilot.cli.output.findings_by_rule import distinct_message
from patchpilot.cli.output.stream import wrap_labeled
from patchpilot.model.patch import Patch
from patchpilot.model.printable import (
    crop_text,
    format_count,
    make_one_line,
    make_printable,
    width,
)
from patchpilot.model.rule import Finding, Severity

COLORS = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;35m",
    Severity.CHECK: "\x1b[1;36m",
    Severity.NOTE: "\x1b[1;34m",
}
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
COLUMNS = 140
MAX_RULES = 7
"""Number of rules to show in addition to those with errors."""
MAX_LOCATIONS = 3
"""Number of further locations to list per rule."""


class Colors:
    """Colors for the report, if enabled, and the maximum width of quoted lines."""

    def __init__(self, enabled: bool, columns: int = COLUMNS) -> None:
        self.on, self.columns = enabled, columns

    def __call__(self, text: str, code: str) -> str:
        return f"{code}{text}{PLAIN}" if self.on and text else text


def render(
    result: CheckResult,
    *,
    colored: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    show_all: bool = False,
    columns: int | None = None,
) -> str:
    """Format the report: a verdict, the findings by rule, and the skipped checks.

    Rules that require a new version come first. After `MAX_RULES` rules, other rules without errors
    are only counted. After two questions, other questions are only counted as well. If `show_all`
    is set, every finding is shown, patch by patch. If `verbose` is set, waived findings are added
    with their reasons. If `quiet` is set, only the findings are shown. Quoted lines are cut at
    `columns`.
    """
    colors = Colors(colored, min(COLUMNS, columns - 4) if columns else COLUMNS)
    lines = [] if quiet else [format_verdict(result, colors)]
    lines += _format_all(result, colors) if show_all else _group_by_rule(result, colors)
    if verbose:
        lines += [_format_waived(row, colors) for row in result.list_suppressed("waiver")]
    if not quiet and (unchecked := "; ".join(list_unchecked(result))):
        lines += wrap_labeled("not checked: ", unchecked, colors.columns)
    return "\n".join(lines)


def _format_all(result: CheckResult, colors: Colors) -> Iterator[str]:
    explained_rules: set[str] = set()
    titled_number = None
    for row in result.rows:
        patch, rule = row.own_patch, row.finding.rule
        if row.number != titled_number and (patch is None or len(result.patches) > 1):
            title = f"{patch.source}: {patch.subject.title}" if patch else "series"
            yield colors(make_one_line(title), BOLD)
        titled_number = row.number
        yield _format_finding(row, colors, result, rule not in explained_rules)
        explained_rules.add(rule)


def _group_by_rule(result: CheckResult, colors: Colors) -> Iterator[str]:
    """Yield the first finding of each rule, followed by the locations of its other findings.

    Findings of an own rule with different messages are separate.
    """
    by_rule: dict[tuple[object, ...], list[FindingRow]] = {}
    old_rules: Counter[str] = Counter()
    own_rules = result.own_rules
    for row in result.rows:
        finding = row.finding
        if finding.moved and finding.severity is Severity.CHECK:
            old_rules[finding.rule] += 1
            continue
        message = distinct_message(finding, own_rules)
        key = finding.rule, finding.severity, finding.new, message
        by_rule.setdefault(key, []).append(row)
    question_rules = {question.rule for question in result.questions}
    rules_left = MAX_RULES
    explained_rules: set[str] = set()
    hidden_counts: Counter[str] = Counter()
    for rule_findings in sorted(by_rule.values(), key=lambda rows: rows[0].finding.rank):
        finding = rule_findings[0].finding
        if finding.severity is Severity.NOTE:
            is_shown = finding.rule in question_rules
        else:
            is_shown = finding.severity is Severity.ERROR or rules_left > 0
            rules_left -= finding.severity is not Severity.ERROR
        if not is_shown:
            hidden_counts[finding.rule] += len(rule_findings)
            continue
        is_first = finding.rule not in explained_rules
        explained_rules.add(finding.rule)
        yield _format_finding(rule_findings[0], colors, result, is_first=is_first)
        if rule_findings[1:]:
            yield colors(_format_positions(rule_findings, colors), DIM)
    if hidden_counts:
        yield (
            f"{format_count(hidden_counts.total(), 'more finding')} of"
            f" {format_count(len(hidden_counts), 'rule')}:"
            " show them with --all"
        )
    if old_rules:
        yield (
            f"{format_count(old_rules.total(), 'finding')} on lines that were there before: show"
            " them with --all"
        )


def _format_positions(rows: list[FindingRow], colors: Colors) -> str:
    """Format the locations of a rule's findings, except the first finding.

    Add the words that a finding quotes if they differ from the first finding's.
    """
    first, *rows = rows
    locations = [
        f"{format_location(row.finding, row.own_patch)}{_quoted_part(row.finding, first.finding)}"
        for row in rows
    ]
    is_fixable = all(row.finding.fix and row.finding.fix.kind == "safe" for row in rows)
    end = ", …" if len(locations) > MAX_LOCATIONS else ""
    text = (
        f"{', '.join(locations[:MAX_LOCATIONS])}{end}{' (--fix changes all)' if is_fixable else ''}"
    )
    label = f"    and {format_count(len(locations), 'more place')}: "
    return "\n".join(wrap_labeled(label, text, colors.columns))


def _quoted_part(finding: Finding, first: Finding) -> str:
    """Return the words quoted in a finding's message, unless the first finding quotes them too."""
    quoted = re.search(r"'[^']+'", finding.message)
    if quoted and quoted[0] not in first.message:
        return f" {make_one_line(quoted[0])}"
    return ""


def is_from_commit(patch: Patch) -> bool:
    """Return whether the patch was read from a commit.

    If so, its source is the commit id.
    """
    return (patch.commit or "").startswith(patch.source)


def commit_message_line(finding: Finding, patch: Patch) -> int:
    """Return the line of a finding in the commit message; line 1 is the subject."""
    patch_line = finding.patch_line
    return (
        1
        if patch_line is None or patch_line >= patch.diff_line
        else max(1, patch_line - patch.message_line + 3)
    )


def format_location(finding: Finding, patch: Patch | None) -> str:
    """Format the location of a finding.

    In a commit, this is COMMIT:PATH:LINE or COMMIT:message:LINE (line 1 is the subject), in a patch
    file FILE:LINE, and in the sum of commits PATH:LINE.
    """
    if patch is None:
        return "series"
    patch_line, source = finding.patch_line, patch.source
    if patch.is_net and finding.path:
        return make_one_line(f"{finding.path}:{finding.line or 1}")
    if patch_line is None or (patch_line >= patch.diff_line and not finding.path):
        return make_one_line(source)
    if not is_from_commit(patch):
        return make_one_line(f"{source}:{patch_line}")
    if finding.path:
        return make_one_line(f"{source}:{finding.path}:{finding.line or 1}")
    return f"{source}:message:{commit_message_line(finding, patch)}"


def _format_waived(row: FindingRow, colors: Colors) -> str:
    finding, waiver = row.finding, row.finding.suppression
    assert waiver
    expiry = f", until {waiver.until}" if waiver.until else ""
    location = format_location(finding, row.own_patch)
    return (
        f"{colors(location, BOLD)}: waived: {make_one_line(finding.message)}"
        f" {colors(f'[{finding.name}]', DIM)}\n    {make_one_line(waiver.reason)}"
        f" ({make_one_line(waiver.origin)}{expiry})"
    )


def _format_finding(row: FindingRow, colors: Colors, result: CheckResult, is_first: bool) -> str:
    finding, patch = row.finding, row.own_patch
    in_diff, location = patch is None or patch.has_diff, format_location(finding, patch)
    path = finding.path or ""
    is_named = not in_diff or not path or f":{path}:" in f":{location}"
    line = f":{finding.line}" if finding.line else ""
    file_note = "" if is_named else f" ({path}{line})"
    moved_note = " (on a line that was there before)" if finding.moved else ""
    lines = [
        f"{colors(location, BOLD)}:"
        f" {colors(_severity_label(finding.severity), COLORS[finding.severity])}:"
        f" {make_one_line(finding.message)}{moved_note}{make_one_line(finding.age(result.since))}"
        f" {colors(f'[{finding.name}]', DIM)}{colors(make_one_line(file_note), DIM)}"
    ]
    patch_line = finding.patch_line
    if (
        patch
        and patch_line
        and patch_line <= len(patch.lines)
        and (finding.path or patch_line < patch.diff_line)
    ):
        lines += _quote_line(patch.lines[patch_line - 1], finding, colors, in_diff=in_diff)
    rule_reason = next((rule.why for rule in result.rules if rule.id == finding.rule), "")
    if is_first and rule_reason:
        reason_lines = wrap_labeled("    why: ", _first_sentence(rule_reason), colors.columns)
        lines += [colors(line, DIM) for line in reason_lines]
        if (
            finding.fix
            and finding.fix.kind == "suggest"
            and finding.fix.text
            and finding.fix.text not in finding.message
        ):
            lines.append(colors(f"    help: {make_one_line(finding.fix.text)}", DIM))
    if finding.decides and is_first:
        lines.append(colors(f"    you decide: {finding.decides}", DIM))
    if finding.left:
        lines.append(colors(f"    not fixed: {finding.left}", DIM))
    return "\n".join(lines)


def _quote_line(text: str, finding: Finding, colors: Colors, *, in_diff: bool) -> list[str]:
    """Quote a line as compilers do, with a caret if the column is known."""
    displayed_text = make_printable(text).expandtabs(8)
    if not displayed_text.strip():
        return []
    lines = ["    " + crop_text(displayed_text, colors.columns)]
    if finding.column:
        # add one for the sign of a patch line, because the column refers to the new file
        has_sign = in_diff and text[:1] in "+- " and finding.path is not None
        indent = width(make_printable(text[: finding.column - 1 + has_sign]).expandtabs(8))
        if indent < colors.columns:
            lines.append("    " + " " * indent + colors("^", COLORS[finding.severity]))
    return lines


def _first_sentence(text: str) -> str:
    one_line_text = " ".join(text.split())
    match = re.match(r"(.{20,}?[.!?])(?:\s|$)", one_line_text)
    return match[1] if match else one_line_text


def _severity_label(severity: Severity) -> str:
    """Return the label of a severity.

    A note is labeled as a question, because only the author can answer it.
    """
    return "question" if severity is Severity.NOTE else str(severity)


def format_verdict(result: CheckResult, colors: Colors) -> str:
    """Return the line with the numbers of patches and of findings."""
    if not result.patches:
        return f"nothing to check{_format_counts(result)}"
    counts = result.counts
    patches = (
        format_count(len(result.patches), "file")
        if result.whole_files
        else format_count(len(result.patches), "patch", "patches")
    )
    severity_texts = [
        colors(
            f"{format_count(counts[severity], _severity_label(severity))}",
            COLORS[severity],
        )
        for severity in Severity
        if counts[severity]
    ]
    bare_diffs = sum(
        checked_patch.patch.has_diff and not checked_patch.patch.headers
        for checked_patch in result.patches
    )
    note = f" ({format_count(bare_diffs, 'diff')} without a commit message)" if bare_diffs else ""
    # only errors block a patch, as in `patchpilot send`
    is_blocked = counts[Severity.ERROR] and result.exit_code and not result.whole_files
    block_note = ", not ready to send" if is_blocked else ""
    summary = ", ".join(severity_texts) or "no findings"
    return f"{patches} checked{block_note}: {summary}{_format_counts(result)}{note}"


def _format_counts(result: CheckResult) -> str:
    waived, baselined = (len(result.list_suppressed(by)) for by in ("waiver", "baseline"))
    parts = [
        *([f"{waived} waived"] if waived else []),
        *([f"{baselined} in the baseline"] if baselined else []),
    ]
    suppressed_note = f" ({', '.join(parts)})" if parts else ""
    if result.since is None:
        return suppressed_note
    new_count = sum(bool(finding.new) for finding in result.all)
    return (
        f"{suppressed_note}; since {make_one_line(result.since)}: {new_count} new,"
        f" {len(result.all) - new_count} unchanged, {result.gone} gone"
    )


def describe_fixable(fixable: int) -> str:
    """Describe how many findings --fix would fix, or return ""."""
    return (
        f"{format_count(fixable, 'finding')} fixable with --fix (preview: --diff)"
        if fixable
        else ""
    )


def describe_hidden(result: CheckResult) -> str:
    """Describe how many findings only --strict shows, or return ""."""
    return f"{result.left_out} more with --strict" if result.left_out else ""


def describe_newcomer_findings(result: CheckResult) -> str:
    """Describe why more findings are shown than a regular contributor is shown, or return ""."""
    count = result.for_newcomers
    if not count:
        return ""
    shown = format_count(count, "finding is", "findings are")
    is_chosen = "experience" in result.setting.options.origins
    reason = (
        ""
        if is_chosen
        else ", because you have no commit in the base and sent few patches from here"
    )
    return (
        f"{shown} only shown to newcomers{reason}; {'it does' if count == 1 else 'they do'} not"
        " change the exit code"
    )
