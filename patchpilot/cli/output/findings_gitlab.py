# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as GitLab's code quality report."""

from patchpilot.checking.check_result import CheckResult
from patchpilot.cli.output.findings_place import Fingerprints, sources
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.json_text import json_text
from patchpilot.model.printable import one_line, printable

_SEVERITY = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.CHECK: "minor",
    Severity.NOTE: "info",
}


def render(result: CheckResult) -> str:
    """Return a list of issues, each with a fingerprint that is stable as long as the finding is."""
    fingerprints = Fingerprints()
    issues = [
        _issue(source, finding, fingerprints.of(finding, patch), result.since)
        for source, patch, finding in sources(result)
    ]
    return json_text(issues, indent=1)


def _issue(
    source: str, finding: Finding, fingerprint: str, since: str | None
) -> dict[str, object]:
    inside = finding.path and finding.line
    return {
        "type": "issue",
        "check_name": finding.name,
        "description": one_line(finding.message + finding.age(since)),
        "categories": ["Style"],
        "severity": _SEVERITY[finding.severity],
        "fingerprint": fingerprint,
        "location": {
            "path": printable(finding.path or source if inside else source),
            "lines": {"begin": (finding.line if inside else finding.patch_line) or 1},
        },
    }
