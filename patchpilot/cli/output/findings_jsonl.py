# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as JSON, one line per patch: `patchpilot/check-line/1`."""

from collections import Counter

from patchpilot.checking.check_result import CheckResult
from patchpilot.services.check.json_lines import patch_line, summary_line


def render(result: CheckResult) -> str:
    """Return one line per patch and a summary with the findings about the series as a whole."""
    lines = [
        patch_line(
            checked.patch,
            checked.findings,
            checked.patch.commit or checked.patch.source,
            result.profile,
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
