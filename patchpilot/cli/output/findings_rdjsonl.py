# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as reviewdog's diagnostic lines."""

import json

from patchpilot.cli.output.findings_place import sources
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.printable import printable
from patchpilot.services.check.check_result import CheckResult

_SEVERITY = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.CHECK: "INFO", Severity.NOTE: "INFO"}


def render(result: CheckResult) -> str:
    """One JSON object a line; nothing when there is none."""
    return "".join(f"{_line(source, finding, result.since)}\n" for source, _, finding in sources(result))


def _line(source: str, finding: Finding, since: str | None) -> str:
    inside = bool(finding.path and finding.line)
    start = {
        "line": (finding.line if inside else finding.patch_line) or 1,
        **({"column": finding.column} if inside and finding.column else {}),
    }
    body = {
        "message": printable(finding.message + finding.age(since)),
        "location": {"path": printable(finding.path or source if inside else source), "range": {"start": start}},
        "severity": _SEVERITY[finding.severity],
        "source": {"name": "patchpilot"},
        "code": {"value": finding.name, "url": finding.reference or ""},
    }
    return json.dumps(body, ensure_ascii=True)
