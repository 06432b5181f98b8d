# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as JSON, one line per patch: `patchpilot/check-line/1`."""

from collections import Counter

from patchpilot.checking.check_result import CheckResult
from patchpilot.services.check.check_answer import CheckedLine, line_text, summary_line


def render(result: CheckResult) -> str:
    """Return one line per patch, and a summary with the findings about the series."""
    lines = [
        line_text(
            CheckedLine(
                checked.patch.commit or checked.patch.source,
                checked.patch,
                result.profile,
                checked.findings,
            )
        )
        for checked in result.patches
    ]
    counts = Counter({"mails": len(lines), "patches": len(lines)}) + Counter(
        map(str, result.counts.elements())
    )
    counts += Counter(
        {"waiver": "waived", "baseline": "baselined"}[suppressed.by]
        for _, suppressed in result.suppressed
    )
    return "".join((*lines, summary_line(counts, result.exit_code, result.series)))
