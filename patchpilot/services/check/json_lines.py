# SPDX-License-Identifier: GPL-2.0-or-later
"""Checked patches as JSON, one line each: `patchpilot/check-line/1`."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from patchpilot.errors import ExitCode
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.json_form import json_value
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
            "findings": json_value(findings),
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
            **({"series": {"findings": json_value(series)}} if series else {}),
        }
    )


def _text(body: dict[str, Any]) -> str:
    return json_text({"schema": "patchpilot/check-line/1", **body}) + "\n"
