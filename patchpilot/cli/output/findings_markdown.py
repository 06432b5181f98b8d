# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as Markdown, for the summary of a job on GitHub and for comments."""

import re

from patchpilot.checking.result import CheckResult, list_unchecked
from patchpilot.cli.output.findings_by_rule import RuleFindings, describe_omitted, group_by_rule
from patchpilot.cli.output.findings_place import locate_in_file
from patchpilot.cli.output.findings_text import Colors, format_location, format_verdict
from patchpilot.model.printable import escape_commands, make_one_line
from patchpilot.model.rule import Severity

MOST_RULES = 30
"""Number of rules in the table."""
MOST_TEXT = 300
"""Number of characters of a finding or a reason in the table."""
_SPECIAL = re.compile(r"[\\`*{}\[\]<>#|~@&]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=www)\.")
_PLAIN = Colors(enabled=False)


def render(result: CheckResult) -> str:
    """Return the verdict and a table of the rules with findings, in the order of their importance,
    with the reason of each rule.
    """
    groups = group_by_rule(result)
    lines = [f"### patchpilot: {_escape(format_verdict(result, _PLAIN))}", ""]
    if groups:
        lines += ["| | finding | where | number |", "|---|---|---|---|"]
        lines += [_format_row(group, result) for group in groups[:MOST_RULES]]
        lines.append("")
    if others := groups[MOST_RULES:]:
        lines += [describe_omitted(others), ""]
    if unchecked := "; ".join(list_unchecked(result)):
        lines += [f"Not checked: {_escape(unchecked)}", ""]
    return "\n".join(lines)


def _format_row(group: RuleFindings, result: CheckResult) -> str:
    patch, finding = group.first
    place = locate_in_file(finding, patch, result)
    where = f"{place[0]}:{place[1]}" if place else format_location(finding, patch)
    label = "question" if finding.severity is Severity.NOTE else str(finding.severity)
    why = next((rule.why for rule in result.rules if rule.id == finding.rule), "")
    reason = f"<br>{_escape(why)}" if why else ""
    name = _escape(finding.name)
    if (finding.reference or "").startswith("https://"):
        name = f"[{name}](<{finding.reference}>)"
    message = _escape(finding.message + finding.age(result.since))
    return f"| {label} | **{message}** {name}{reason} | {_quote_place(where)} | {len(group.rows)} |"


def _quote_place(place: str) -> str:
    line = make_one_line(place)
    if "`" in line:
        return _escape(line)
    # even in code, the sign would end a cell of the table
    code = escape_commands(line).replace("|", "\\|")
    return f"`{code}`"


def _escape(text: str) -> str:
    """Escape everything that Markdown or HTML would interpret, including mentions and links."""
    line = " ".join(make_one_line(text).split())
    cut = line if len(line) <= MOST_TEXT else f"{line[: MOST_TEXT - 1]}…"
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", escape_commands(cut))
