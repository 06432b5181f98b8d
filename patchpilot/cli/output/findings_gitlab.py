# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as GitLab's code quality report."""

import hashlib
import json

from patchpilot.model.finding import Finding, Severity
from patchpilot.model.printable import printable
from patchpilot.services.check.check_result import CheckResult

_SEVERITY = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.CHECK: "minor", Severity.NOTE: "info"}


def render(result: CheckResult) -> str:
    """A list of issues; each has a fingerprint that stays the same while the finding does."""
    seen: dict[str, int] = {}
    issues = []
    for source, finding in result.by_source:
        key = "\0".join((finding.rule, finding.path or source, finding.message))
        seen[key] = seen.get(key, 0) + 1
        issues.append(_issue(source, finding, f"{key}\0{seen[key]}", result.since))
    return json.dumps(issues, indent=1)


def _issue(source: str, finding: Finding, key: str, since: str | None) -> dict[str, object]:
    inside = finding.path and finding.line
    return {
        "type": "issue",
        "check_name": finding.name,
        "description": printable(finding.message + finding.age(since)),
        "categories": ["Style"],
        "severity": _SEVERITY[finding.severity],
        "fingerprint": hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest(),
        "location": {
            "path": printable(finding.path or source if inside else source),
            "lines": {"begin": (finding.line if inside else finding.patch_line) or 1},
        },
    }
