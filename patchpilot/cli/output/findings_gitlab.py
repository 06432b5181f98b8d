# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as a GitLab code quality report."""

from patchpilot.checking.result import CheckResult
from patchpilot.cli.output.findings_place import (
    Fingerprints,
    locate_in_file,
    name_message,
)
from patchpilot.model.json_text import json_text
from patchpilot.model.patch import Patch
from patchpilot.model.printable import make_one_line, make_printable
from patchpilot.model.rule import Finding, Severity

_SEVERITY = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.CHECK: "minor",
    Severity.NOTE: "info",
}


def render(result: CheckResult) -> str:
    """Return the issues as JSON, with stable fingerprints."""
    fingerprints = Fingerprints()
    issues = [
        _make_issue(row.patch, row.finding, fingerprints.of(row.finding, row.patch), result)
        for row in result.rows
    ]
    return json_text(issues, indent=1)


def _make_issue(
    patch: Patch | None, finding: Finding, fingerprint: str, result: CheckResult
) -> dict[str, object]:
    # GitLab requires a path for every issue
    path, line = locate_in_file(finding, patch, result) or name_message(finding, patch)
    return {
        "type": "issue",
        "check_name": finding.name,
        "description": make_one_line(finding.message + finding.age(result.since)),
        "categories": ["Style"],
        "severity": _SEVERITY[finding.severity],
        "fingerprint": fingerprint,
        "location": {"path": make_printable(path), "lines": {"begin": line}},
    }
