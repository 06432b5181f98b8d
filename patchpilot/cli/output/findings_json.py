# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as the JSON of CONTRACT: `patchpilot/check/1`."""

from typing import Any

from patchpilot import __version__
from patchpilot.cli.output.json import document
from patchpilot.model.finding import Finding, Severity
from patchpilot.services.check import CheckResult


def render(result: CheckResult) -> str:
    """The document."""
    counts = result.counts
    return document(
        "check",
        {
            "patchpilot": __version__,
            "repository": result.repository,
            "tree": result.tree,
            "profile": result.profile,
            "kernel": ".".join(map(str, result.kernel)),
            "summary": {
                "patches": len(result.patches),
                "errors": counts[Severity.ERROR],
                "warnings": counts[Severity.WARNING],
                "checks": counts[Severity.CHECK],
                "notes": counts[Severity.NOTE],
                "exit_code": int(result.exit_code),
            },
            "patches": [
                {
                    "source": checked.patch.source,
                    "commit": checked.patch.commit,
                    "subject": checked.patch.subject.title,
                    "findings": [finding_body(finding) for finding in checked.findings],
                }
                for checked in result.patches
            ],
            "series": {"findings": [finding_body(finding) for finding in result.series]},
        },
    )


def finding_body(finding: Finding) -> dict[str, Any]:
    """One finding; `moved` only when it is."""
    body: dict[str, Any] = {
        "rule": finding.rule,
        "name": finding.name,
        "checkpatch": finding.checkpatch,
        "severity": str(finding.severity),
        "message": finding.message,
        "patch_line": finding.patch_line,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "reference": finding.reference,
        "fix": {"kind": finding.fix.kind, "text": finding.fix.text} if finding.fix else None,
    }
    if finding.moved:
        body["moved"] = True
    return body
