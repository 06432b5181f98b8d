# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings for people, in a compiler's manner."""

from patchpilot.cli.output.plain import printable
from patchpilot.services.check import CheckResult


def render(result: CheckResult, *, colored: bool = False) -> str:
    """Grouped by patch."""
    lines = [
        f"{checked.patch.source}:{finding.patch_line or 1}: {finding.severity}: {finding.message} [{finding.name}]"
        for checked in result.patches
        for finding in checked.findings
    ]
    return printable("\n".join(lines))
