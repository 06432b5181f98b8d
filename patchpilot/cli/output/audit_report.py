# SPDX-License-Identifier: GPL-2.0-or-later
"""Format an audit of branches: totals first in text, one object per fix in JSON."""

from collections import Counter
from collections.abc import Sequence

from patchpilot.backports.audit import Audit, BranchAudit
from patchpilot.backports.audit_rows import (
    APART_WORDS,
    VERDICT_WORDS,
    Apart,
    AuditRow,
    format_audit_line,
)
from patchpilot.backports.audit_write import (
    AuditDocument,
    AuditPatches,
    AuditSummary,
    AuditSummaryLine,
)
from patchpilot.cli.output.json_document import format_json
from patchpilot.cli.output.stream import result_width
from patchpilot.model.printable import crop_text, format_count, make_one_line, make_printable

_MOST_LINES = 30
"""Number of lines about fixes for all branches; with the totals, less than 60 lines."""


def format_summary_line(summary: AuditSummary) -> str:
    """Return the last line of JSON: the totals of each branch, and the fixes that are apart."""
    return format_audit_line(AuditSummaryLine(summary))


def format_audit_json(rows: Sequence[AuditRow], summary: AuditSummary) -> str:
    """Return the JSON document of an audit."""
    return format_json("audit", AuditDocument(tuple(rows), summary))


def format_audit_text(
    audit: Audit, rows: Sequence[AuditRow], summary: AuditSummary, next_command: str = ""
) -> str:
    """Return the totals of each branch by verdict, then the first fixes."""
    shown = max(3, _MOST_LINES // len(audit.branches))
    blocks: list[str] = []
    for totals in audit.branches:
        own_rows = [row for row in rows if row.branch == totals.branch]
        lines = [_format_heading(audit, totals)]
        lines += _format_totals(totals, own_rows)
        blocks.append("\n".join(lines))
        if own_rows:
            blocks.append("\n".join(_list_rows(own_rows, shown)))
    blocks += ("\n".join(_format_patches(patches)) for patches in summary.written)
    if not summary.complete:
        count = sum(totals.judged for totals in audit.branches)
        total = sum(totals.missing for totals in audit.branches)
        blocks.append(
            f"interrupted: {count} of {total} fixes are judged; --continue judges the rest"
        )
    elif next_command:
        blocks.append(f"next: {next_command}")
    return make_printable("\n\n".join(blocks) + "\n")


def _format_heading(audit: Audit, totals: BranchAudit) -> str:
    if audit.is_list:
        return f"{totals.branch}: {format_count(totals.missing, 'fix', 'fixes')}"
    fixes = format_count(totals.missing, "mainline fix", "mainline fixes")
    commits = format_count(totals.compared, "commit")
    which = "of a bug from its backports" if audit.request.carried else "of its bugs"
    return f"{totals.branch} lacks {fixes} {which} (of {commits} that only mainline has)"


def _format_totals(totals: BranchAudit, rows: Sequence[AuditRow]) -> list[str]:
    lines = [
        f"{totals.verdicts.get(verdict.value):>6}  {verdict.value:<13}  {words}"
        for verdict, words in VERDICT_WORDS.items()
        if totals.verdicts.get(verdict.value)
    ]
    adapted = sum(row.confidence is not None for row in rows)
    if adapted:
        lines.append(f"{adapted:>6}  of these were adapted; check each")
    if totals.carried:
        lines.append(f"{totals.carried:>6}  fix a bug that came with a backport (--carried)")
    if counts := totals.apart_counts:
        lines.append("  not counted:")
        for kind, words in APART_WORDS.items():
            if kind.value in counts:
                lines.append(f"{counts[kind.value]:>6}  {words}")
                if kind in (Apart.NOT_COMPILED, Apart.IN_OTHER_BRANCH):
                    lines[-1] += _format_reasons(totals, kind)
    return lines


def _format_reasons(totals: BranchAudit, kind: Apart) -> str:
    """Return the most frequent reasons why fixes are apart."""
    reasons = Counter(fix.reason for fix in totals.apart if fix.kind == kind.value)
    named = [f"{reason} {count}" for reason, count in reasons.most_common(3)]
    return f" ({', '.join(named)}{', …' if len(reasons) > len(named) else ''})"


def _list_rows(rows: Sequence[AuditRow], shown: int) -> list[str]:
    width = result_width()
    lines: list[str] = []
    listed = 0
    for row in rows:
        if len(lines) >= shown:
            break
        listed += 1
        verdict = f"{row.verdict:<13}  " if row.verdict else ""
        needs = ""
        if row.prerequisites:
            more = f" and {len(row.prerequisites) - 1} more" if len(row.prerequisites) > 1 else ""
            part = "a part of " if row.prerequisites_partial else ""
            needs = f" (needs {part}{row.prerequisites[0].commit[:12]}{more})"
        elif not row.commit:
            needs = f": {row.reason}"
        text = make_one_line(row.subject) + needs
        lines.append(crop_text(f"  {row.commit[:12]}  {verdict}{text}", width))
        if row.rank_reasons:
            lines.append(
                crop_text(f"      {', '.join(map(make_one_line, row.rank_reasons))}", width)
            )
    if len(rows) > listed:
        lines.append(f"  and {len(rows) - listed} more: --format jsonl lists all, with the reasons")
    return lines


def _format_patches(patches: AuditPatches) -> list[str]:
    count = format_count(patches.count, "patch", "patches")
    lines = [f"{patches.folder}: {count} for {patches.branch}"]
    if patches.left:
        lines.append(f"  left: {patches.left}, in {patches.left_file}")
    return lines
