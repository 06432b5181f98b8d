# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings like `checkpatch.pl --terse --show-types`.

The output is empty if there are no findings.
"""

from patchpilot.checking.result import CheckResult
from patchpilot.model.printable import escape_commands, make_one_line, make_printable
from patchpilot.model.rule import Finding, Severity

_LEVEL = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.CHECK: "CHECK"}


def render(result: CheckResult) -> str:
    """Return one line per finding.

    Notes are omitted, because checkpatch.pl has no such level.
    """
    return "".join(
        f"{_format_line(row.patch.source if row.patch else '-', row.finding)}\n"
        for row in result.rows
        if row.finding.severity in _LEVEL
    )


def _format_line(source: str, finding: Finding) -> str:
    kind = finding.checkpatch or finding.name.upper().replace("-", "_")
    message = " ".join(make_printable(finding.message).split())
    return escape_commands(
        f"{make_one_line(source)}:{finding.patch_line or 1}: {_LEVEL[finding.severity]}:{kind}:"
        f" {message}"
    )
