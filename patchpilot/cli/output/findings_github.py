# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as workflow commands for GitHub Actions.

They annotate the changed file. For a patch file, they annotate the patch file itself. A finding in
a commit message names the commit.
"""

from collections import Counter

from patchpilot.checking.result import CheckResult
from patchpilot.cli.output.findings_by_rule import RuleFindings, describe_omitted, group_by_rule
from patchpilot.cli.output.findings_place import locate_in_file
from patchpilot.cli.output.findings_text import format_location
from patchpilot.model.printable import escape_commands, format_count, make_printable
from patchpilot.model.rule import Severity

_COMMAND = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.CHECK: "notice",
    Severity.NOTE: "notice",
}
MOST = 10
"""Number of annotations of a level that GitHub shows for a step."""


def render(result: CheckResult) -> str:
    """Return one workflow command per group of findings, at its first finding, and at most `MOST`
    of a level.

    Own rules come first, then findings that require a new version. The last line counts the
    findings without an annotation.
    """
    levels: Counter[str] = Counter()
    lines, omitted = [], []
    for group in group_by_rule(result):
        level = _COMMAND[group.first[1].severity]
        levels[level] += 1
        if levels[level] > MOST:
            omitted.append(group)
            continue
        lines.append(f"{_format_line(group, level, result)}\n")
    if omitted:
        lines.append(
            f"patchpilot: {describe_omitted(omitted)} without an annotation:"
            " GitHub shows ten of each level\n"
        )
    return "".join(lines)


def _format_line(group: RuleFindings, level: str, result: CheckResult) -> str:
    patch, finding = group.first
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
    others = len(group.rows) - 1
    count_note = f" (and {format_count(others, 'more place')})" if others else ""
    help_text = finding.fix.text if finding.fix and finding.fix.kind == "suggest" else ""
    is_new = help_text and help_text not in finding.message
    parts = (
        finding.message + finding.age(result.since) + count_note,
        f"help: {help_text}" if is_new else "",
        finding.reference or "",
    )
    text = escape_commands(make_printable("\n".join(filter(None, parts))))
    return f"::{level} {properties}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return (
        _escape_data(escape_commands(make_printable(text))).replace(":", "%3A").replace(",", "%2C")
    )
