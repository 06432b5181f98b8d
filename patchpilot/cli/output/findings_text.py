# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings like a compiler: location, severity, message, and the line with a caret.

The reason and the help follow each rule's first finding.
"""

import re
from collections import Counter
from collections.abc import Iterator

from patchpilot.checking.check_result import CheckResult, list_unchecked
from patchpilot.cli.output.stream import wrap_labeled
from patchpilot.model.patch import Patch
from patchpilot.model.printable import counted, crop, one_line, printable, width
from patchpilot.model.rule import Finding, Severity, Suppressed

COLORS = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;35m",
    Severity.CHECK: "\x1b[1;36m",
    Severity.NOTE: "\x1b[1;34m",
}
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
COLUMNS = 140
ROWS = 7
"""Rules that are shown in addition to those with errors."""
PLACES = 3
"""Further positions listed per rule."""


class Colors:
    """The colors, if enabled, and the maximum width of quoted lines."""

    def __init__(self, on: bool, columns: int = COLUMNS) -> None:
        self.on, self.columns = on, columns

    def __call__(self, text: str, code: str) -> str:
        return f"{code}{text}{PLAIN}" if self.on and text else text


def render(
    result: CheckResult,
    *,
    colored: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    unfolded: bool = False,
    columns: int | None = None,
) -> str:
    """Return the report: a verdict, the findings rule by rule, and skipped checks.

    Rules that lead to a new version come first. After the first `ROWS`, rules without errors are
    only counted, as are questions after the first two. `unfolded` shows every finding, patch by
    patch. `verbose` shows waived findings with their reasons; `quiet` shows only the findings.
    Quoted lines are cut at `columns`.
    """
    paint = Colors(colored, min(COLUMNS, columns - 4) if columns else COLUMNS)
    lines = [] if quiet else [_verdict(result, paint)]
    lines += _format_all(result, paint) if unfolded else _group_by_rule(result, paint)
    if verbose:
        lines += [
            _format_waived(patch, suppressed, paint)
            for patch, suppressed in result.suppressed
            if suppressed.by == "waiver"
        ]
    if not quiet and (left := list_unchecked(result)):
        lines += wrap_labeled("not checked: ", "; ".join(left), paint.columns)
    return "\n".join(lines)


def _format_all(result: CheckResult, paint: Colors) -> Iterator[str]:
    """Yield every finding: first patch by patch, then those about the series."""
    explained: set[str] = set()
    for patch, findings in [
        *((checked.patch, checked.findings) for checked in result.patches),
        (None, result.series),
    ]:
        if findings and (patch is None or len(result.patches) > 1):
            title = f"{patch.source}: {patch.subject.title}" if patch else "series"
            yield paint(one_line(title), BOLD)
        for finding in findings:
            yield _finding(finding, patch, paint, result, finding.rule not in explained)
            explained.add(finding.rule)


def _group_by_rule(result: CheckResult, paint: Colors) -> Iterator[str]:
    """Yield each rule with its first finding and the positions of the others."""
    places: dict[tuple[object, ...], list[tuple[Patch | None, Finding]]] = {}
    for patch, findings in [
        *((checked.patch, checked.findings) for checked in result.patches),
        (None, result.series),
    ]:
        for finding in findings:
            key = finding.rule, finding.severity, finding.new
            places.setdefault(key, []).append((patch, finding))
    question_rules = {question.rule for question in result.questions}
    room, folded = ROWS, []
    for location in sorted(places.values(), key=lambda rows: rows[0][1].rank):
        patch, finding = location[0]
        if finding.severity is Severity.NOTE:
            is_shown = finding.rule in question_rules
        else:
            is_shown = finding.severity is Severity.ERROR or room > 0
            room -= finding.severity is not Severity.ERROR
        if not is_shown:
            folded.append(len(location))
            continue
        yield _finding(finding, patch, paint, result, is_first=True)
        if location[1:]:
            yield paint(_format_positions(location[1:], paint), DIM)
    if folded:
        yield (
            f"{counted(sum(folded), 'more finding')} of {counted(len(folded), 'rule')}:"
            " show them with --all"
        )


def _format_positions(rows: list[tuple[Patch | None, Finding]], paint: Colors) -> str:
    """Return the positions of a rule's other findings."""
    places = [format_location(finding, patch) for patch, finding in rows]
    fixed = all(finding.fix and finding.fix.kind == "safe" for _, finding in rows)
    end = ", …" if len(places) > PLACES else ""
    text = f"{', '.join(places[:PLACES])}{end}{' (--fix changes all)' if fixed else ''}"
    start = f"    and {counted(len(places), 'more place')}: "
    return "\n".join(wrap_labeled(start, text, paint.columns))


def is_commit(patch: Patch) -> bool:
    """Return whether the patch was read from a commit, whose id is its source."""
    return (patch.commit or "").startswith(patch.source)


def message_line(finding: Finding, patch: Patch) -> int:
    """Return a finding's line in the commit message; the subject is line 1."""
    at = finding.patch_line
    return (
        1
        if at is None or at >= patch.diff_line
        else max(1, at - patch.message_line + 3)
    )


def format_location(finding: Finding, patch: Patch | None) -> str:
    """Format the position of a finding.

    It is COMMIT:PATH:LINE or COMMIT:message:LINE (the subject is line 1) in a commit, and FILE:LINE
    in a patch file.
    """
    if patch is None:
        return "series"
    at, source = finding.patch_line, patch.source
    if at is None or (at >= patch.diff_line and not finding.path):
        return one_line(source)
    if not is_commit(patch):
        return one_line(f"{source}:{at}")
    if finding.path:
        return one_line(f"{source}:{finding.path}:{finding.line or 1}")
    return f"{source}:message:{message_line(finding, patch)}"


def _format_waived(patch: Patch | None, suppressed: Suppressed, paint: Colors) -> str:
    until = f", until {suppressed.until}" if suppressed.until else ""
    finding = suppressed.finding
    return (
        f"{paint(format_location(finding, patch), BOLD)}: waived: {one_line(finding.message)}"
        f" {paint(f'[{finding.name}]', DIM)}\n    {one_line(suppressed.reason)}"
        f" ({one_line(suppressed.origin)}{until})"
    )


def _finding(
    finding: Finding,
    patch: Patch | None,
    paint: Colors,
    result: CheckResult,
    is_first: bool,
) -> str:
    """Format a finding, with the reason and help if it is the first of its rule."""
    in_diff, location = patch is None or patch.has_diff, format_location(finding, patch)
    path = finding.path or ""
    is_named = not in_diff or not path or f":{path}:" in location
    line = f":{finding.line}" if finding.line else ""
    inside = "" if is_named else f" ({path}{line})"
    moved = " (on a moved line)" if finding.moved else ""
    lines = [
        f"{paint(location, BOLD)}:"
        f" {paint(_word(finding.severity), COLORS[finding.severity])}:"
        f" {one_line(finding.message)}{moved}{one_line(finding.age(result.since))}"
        f" {paint(f'[{finding.name}]', DIM)}{paint(one_line(inside), DIM)}"
    ]
    at = finding.patch_line
    if (
        patch
        and at
        and at <= len(patch.lines)
        and (finding.path or at < patch.diff_line)
    ):
        lines += _quote_line(patch.lines[at - 1], finding, paint, in_diff=in_diff)
    why = next((rule.why for rule in result.rules if rule.id == finding.rule), "")
    if is_first and why:
        reason = wrap_labeled("    why: ", _first_sentence(why), paint.columns)
        lines += [paint(line, DIM) for line in reason]
        if (
            finding.fix
            and finding.fix.kind == "suggest"
            and finding.fix.text
            and finding.fix.text not in finding.message
        ):
            lines.append(paint(f"    help: {one_line(finding.fix.text)}", DIM))
    if finding.left:
        lines.append(paint(f"    not fixed: {finding.left}", DIM))
    return "\n".join(lines)


def _quote_line(
    text: str, finding: Finding, paint: Colors, *, in_diff: bool
) -> list[str]:
    """Quote the line like a compiler, with a caret if the column is known."""
    shown = printable(text).expandtabs(8)
    if not shown.strip():
        return []
    lines = ["    " + crop(shown, paint.columns)]
    if finding.column:
        # the column is that of the new file; in a patch, the line has a sign in front
        signed = in_diff and text[:1] in "+- " and finding.path is not None
        before = width(printable(text[: finding.column - 1 + signed]).expandtabs(8))
        if before < paint.columns:
            lines.append("    " + " " * before + paint("^", COLORS[finding.severity]))
    return lines


def _first_sentence(text: str) -> str:
    """Return the first sentence of a text, on one line."""
    flat = " ".join(text.split())
    match = re.match(r"(.{20,}?[.!?])(?:\s|$)", flat)
    return match[1] if match else flat


def _word(severity: Severity) -> str:
    """Return a severity's label; a note is labeled as a question, which only the author can
    answer.
    """
    return "question" if severity is Severity.NOTE else str(severity)


def _verdict(result: CheckResult, paint: Colors) -> str:
    """Return the verdict with its counts."""
    counts = result.counts
    patches = (
        counted(len(result.patches), "file")
        if result.whole_files
        else counted(len(result.patches), "patch", "patches")
    )
    counts_text = [
        paint(f"{counted(counts[severity], _word(severity))}", COLORS[severity])
        for severity in Severity
        if counts[severity]
    ]
    bare = sum(
        checked.patch.has_diff and not checked.patch.headers
        for checked in result.patches
    )
    note = f" ({counted(bare, 'diff')} without a commit message)" if bare else ""
    # as in `send`, only errors block a patch
    blocks = counts[Severity.ERROR] and result.exit_code and not result.whole_files
    stop = ", not ready to send" if blocks else ""
    summary = ", ".join(counts_text) or "no findings"
    return f"{patches} checked{stop}: {summary}{_counts_text(result)}{note}"


def _counts_text(result: CheckResult) -> str:
    """Return the numbers of suppressed findings and of new findings since an earlier version, as
    text.
    """
    by = Counter(suppressed.by for _, suppressed in result.suppressed)
    parts = [
        *([f"{by['waiver']} waived"] if by["waiver"] else []),
        *([f"{by['baseline']} in the baseline"] if by["baseline"] else []),
    ]
    aside = f" ({', '.join(parts)})" if parts else ""
    if result.since is None:
        return aside
    fresh = sum(bool(finding.new) for finding in result.all)
    return (
        f"{aside}; since {one_line(result.since)}: {fresh} new, {len(result.all) - fresh}"
        f" unchanged, {result.gone} gone"
    )


def offer(fixable: int) -> str:
    """Return the number of findings that --fix would fix, with the options to use, or ""."""
    return (
        f"{counted(fixable, 'finding')} fixable with --fix (preview: --diff)"
        if fixable
        else ""
    )


def count_hidden(result: CheckResult) -> str:
    """Return the number of findings hidden without --strict, or ""."""
    return f"{result.left_out} more with --strict" if result.left_out else ""
