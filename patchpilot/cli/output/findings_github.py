# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as workflow commands for GitHub Actions.

They annotate the changed file. For a patch file, they annotate the patch file itself. A finding in
a commit message names the commit.
"""

from patchpilot.checking.result import CheckResult
from patchpilot.cli.output.findings_place import locate_in_file
from patchpilot.cli.output.findings_text import format_location
from patchpilot.model.patch import Patch
from patchpilot.model.printable import escape_commands, make_printable
from patchpilot.model.rule import Finding, Severity

_COMMAND = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.CHECK: "notice",
    Severity.NOTE: "notice",
}


def render(result: CheckResult) -> str:
    """Return one workflow command per finding.

    GitHub shows only ten of each level, so findings that require a new version come first.
    """
    rows = sorted(result.rows, key=lambda row: row.finding.rank)
    return "".join(f"{_format_line(row.patch, row.finding, result)}\n" for row in rows)


def _format_line(patch: Patch | None, finding: Finding, result: CheckResult) -> str:
    fields: dict[str, str | int] = {}
    if location := locate_in_file(finding, patch, result):
        fields["file"], fields["line"] = location
        if finding.path and finding.column:
            fields["col"] = finding.column
    location_note = f", {format_location(finding, patch)}" if not location and patch else ""
    fields["title"] = f"{finding.name} ({finding.rule}){location_note}"
    properties = ",".join(
        f"{name}={_escape_property(str(value))}" for name, value in fields.items()
    )
    text = escape_commands(make_printable(finding.message + finding.age(result.since)))
    return f"::{_COMMAND[finding.severity]} {properties}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return (
        _escape_data(escape_commands(make_printable(text))).replace(":", "%3A").replace(",", "%2C")
    )
