# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as workflow commands for GitHub Actions.

They annotate the changed files, or the patch file.
"""

from patchpilot.checking.check_result import CheckResult
from patchpilot.cli.output.findings_place import sources
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.printable import printable, without_commands

_COMMAND = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.CHECK: "notice",
    Severity.NOTE: "notice",
}


def render(result: CheckResult) -> str:
    """Return one workflow command per finding; empty if there are none.

    GitHub shows ten of each level only: those that bring a new version come first.
    """
    found = sorted(sources(result), key=lambda row: row[2].rank)
    return "".join(
        f"{_line(source, finding, result.since)}\n" for source, _, finding in found
    )


def _line(source: str, finding: Finding, since: str | None) -> str:
    inside = bool(finding.path and finding.line)
    fields = {
        "file": finding.path if inside else source,
        "line": finding.line if inside else finding.patch_line or 1,
    }
    if inside and finding.column:
        fields["col"] = finding.column
    fields["title"] = f"{finding.name} ({finding.rule})"
    shown = ",".join(
        f"{name}={_property(str(value))}" for name, value in fields.items()
    )
    return (
        f"::{_COMMAND[finding.severity]}"
        f" {shown}::{_data(without_commands(printable(finding.message + finding.age(since))))}"
    )


def _data(text: str) -> str:
    """Text as a command's data has it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Text as a command's property has it."""
    return (
        _data(without_commands(printable(text))).replace(":", "%3A").replace(",", "%2C")
    )
