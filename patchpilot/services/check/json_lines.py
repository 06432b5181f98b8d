# SPDX-License-Identifier: GPL-2.0-or-later
"""Checked patches as JSON, one line each: `patchpilot/check-line/1`."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from patchpilot.errors import ExitCode
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.json_text import json_text
from patchpilot.model.patch import Patch


def patch_line(patch: Patch, findings: Sequence[Finding], position: str, profile: str) -> str:
    """The line of a patch with its findings."""
    return _line(
        position,
        patch.message_id,
        {
            "source": patch.source,
            "commit": patch.commit,
            "subject": patch.subject.title,
            "profile": profile,
            "findings": [finding_body(finding) for finding in findings],
        },
    )


def error_line(position: str, message_id: str | None, source: str, error: str) -> str:
    """The line of a mail that could not be checked."""
    return _line(position, message_id, {"source": source, "error": error})


def _line(position: str, message_id: str | None, body: dict[str, Any]) -> str:
    return _text({"position": position, "message_id": message_id or None, **body})


def summary_line(
    counts: "Counter[str]", exit_code: ExitCode, series: Sequence[Finding] = ()
) -> str:
    """The last line: how many mails were read, patches checked and mails damaged, and how many
    findings count and do not.
    """
    summary = {
        "mails": counts["mails"],
        "patches": counts["patches"],
        "damaged": counts["damaged"],
        **{f"{severity}s": counts[severity] for severity in Severity},
        "waived": counts["waived"],
        "baselined": counts["baselined"],
        "exit_code": int(exit_code),
    }
    return _text(
        {
            "summary": summary,
            **(
                {"series": {"findings": [finding_body(finding) for finding in series]}}
                if series
                else {}
            ),
        }
    )


def _text(body: dict[str, Any]) -> str:
    return json_text({"schema": "patchpilot/check-line/1", **body}) + "\n"


def finding_body(finding: Finding) -> dict[str, Any]:
    """One finding.

    `moved` only when it is, `new` only where an earlier revision was compared with, `left` only
    with --fix and --diff.
    """
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
    if finding.new is not None:
        body["new"] = finding.new
    if finding.left:
        body["left"] = finding.left
    return body
