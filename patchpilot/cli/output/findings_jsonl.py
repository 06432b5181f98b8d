# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as JSON, one line per patch: `patchpilot/check-line/1`."""

from collections import Counter

from patchpilot.checking.answer import (
    CheckedLine,
    make_summary_line,
    serialize_line,
)
from patchpilot.checking.result import CheckResult


def render(result: CheckResult) -> str:
    """Return one line per patch, then a summary with the findings about the series."""
    lines = [
        serialize_line(
            CheckedLine(
                checked_patch.patch.commit or checked_patch.patch.source,
                checked_patch.patch,
                result.profile,
                checked_patch.findings,
                checked_patch.origin,
            )
        )
        for checked_patch in result.patches
    ]
    counts = Counter({"mails": len(lines), "patches": len(lines)}) + Counter(
        map(str, result.counts.elements())
    )
    counts += Counter(
        {"waiver": "waived", "baseline": "baselined"}[row.finding.suppression.by]
        for row in result.suppressed
        if row.finding.suppression
    )
    return "".join((*lines, make_summary_line(counts, result.exit_code, result.series)))
