# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as SARIF 2.1.0 for code scanning."""

import re
from typing import Any

from patchpilot import __version__
from patchpilot.checking.result import CheckResult, FindingRow
from patchpilot.cli.output.findings_place import (
    Fingerprints,
    locate_change,
    locate_in_file,
    name_message,
)
from patchpilot.cli.output.findings_text import format_location
from patchpilot.model.hosts import quote_url
from patchpilot.model.json_form import json_object
from patchpilot.model.json_text import json_text
from patchpilot.model.patch import Patch
from patchpilot.model.printable import format_count, make_printable
from patchpilot.model.rule import LEAST, Finding, Rule, Severity
from patchpilot.model.web_address import valid_web_address

_LEVEL = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.CHECK: "note",
    Severity.NOTE: "note",
}
_BODY = 3
"""The first line of a commit message after its subject, which is line 1."""
MOST = 5_000
"""Number of results that code scanning shows."""
_LINK = re.compile(r"\[(?=[^\]]*\]\()")
"""Start of a link, which SARIF also allows in plain text."""


def render(result: CheckResult) -> str:
    """Return a SARIF log with one run, which describes only the rules with findings.

    Suppressed findings are omitted, because code scanning shows them as open alerts. It shows at
    most `MOST` results; of more findings, those are kept that are most likely to require a new
    version.
    """
    reported_rules = {finding.rule for finding in result.all}
    rules = [rule for rule in result.rules if rule.id in reported_rules]
    rule_indexes = {rule.id: index for index, rule in enumerate(rules)}
    fingerprints = Fingerprints()
    is_compared = result.baseline is not None or result.since is not None
    described = [
        {
            **_describe_result(row, rule_indexes, result, is_compared=is_compared),
            **_describe_place(row.finding, row.patch, result),
            "partialFingerprints": {
                "patchpilotFinding/v1": fingerprints.of(row.finding, row.patch)
            },
        }
        for row in result.rows
    ]
    results = described
    if omitted := max(0, len(described) - MOST):
        # the sort is stable, and a higher rank comes first
        results = sorted(described, key=lambda entry: -entry["rank"])[:MOST]
    driver = {
        "name": "patchpilot",
        "version": __version__,
        "informationUri": "https://docs.kernel.org/process/submitting-patches.html",
        "rules": [_describe_rule(rule) for rule in rules],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "results": results,
                "columnKind": "unicodeCodePoints",
                **({"invocations": [_describe_omission(omitted)]} if omitted else {}),
            }
        ],
    }
    return json_text(log, indent=1)


def _describe_omission(count: int) -> dict[str, Any]:
    text = f"{format_count(count, 'more finding')} not in this file, which is limited to {MOST}"
    notification = {"level": "warning", "message": {"text": text}}
    return {"executionSuccessful": True, "toolExecutionNotifications": [notification]}


def _describe_rule(rule: Rule) -> dict[str, Any]:
    help_parts = (rule.why, rule.remedy.text, f"Reference: {rule.reference}")
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": "\n\n".join(filter(None, help_parts))},
        **({"helpUri": address} if (address := valid_web_address(rule.reference)) else {}),
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _describe_result(
    row: FindingRow, rule_indexes: dict[str, int], result: CheckResult, *, is_compared: bool
) -> dict[str, Any]:
    finding = row.finding
    body: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVEL[finding.severity],
        "rank": round(100 * (1 - finding.rank / LEAST), 1),
        "properties": {
            "name": finding.name,
            "severity": str(finding.severity),
            "checkpatch": finding.checkpatch,
        },
    }
    if is_compared:
        body["baselineState"] = "unchanged" if finding.new is False else "new"
    if finding.rule in rule_indexes:
        body["ruleIndex"] = rule_indexes[finding.rule]
    if finding.message_line:
        # the message of a commit is no file, which a fix requires
        body["properties"] |= {
            "messageLine": finding.message_line,
            "edits": [json_object(edit) for edit in finding.edits],
        }
    if fix := _describe_fix(row, result):
        body["fixes"] = [fix]
    if finding.tip and finding.tip != (finding.path, finding.line or 0):
        # the position in the commit, which is the one of the other formats
        body["properties"] |= {"path": finding.path, "line": finding.line}
    return body


def _describe_fix(row: FindingRow, result: CheckResult) -> dict[str, Any] | None:
    """Return the file changes that fix a finding, or None if they change no file.

    A region without columns covers whole lines, except for the last line break. Message edits
    change only patch files.
    """
    finding, above = row.finding, 0
    path = finding.tip.path if finding.tip else finding.path
    if not path and finding.message_line and row.patch and not row.patch.is_decoded:
        place = locate_in_file(finding, row.patch, result)
        path, above = place[0] if place else "", row.patch.message_line - _BODY
    is_subject = not finding.path and any(edit.start < _BODY for edit in finding.edits)
    # the subject of a patch file is encoded and folded, and has a prefix
    if not path or not finding.edits or is_subject:
        return None
    replacements = []
    for edit in finding.edits:
        first, last = edit.start + above, edit.end + above
        region, text = {"startLine": first, "endLine": last}, "\n".join(edit.insert)
        if not edit.insert or last < first:
            # lines are removed or inserted with their line breaks
            region = {"startLine": first, "startColumn": 1, "endLine": last + 1, "endColumn": 1}
            text = edit.text
        replacements.append({"deletedRegion": region, "insertedContent": {"text": text}})
    change = {
        "artifactLocation": {"uri": _convert_to_uri(path)},
        "replacements": replacements,
    }
    return {
        "description": {"text": make_printable(finding.fix.text if finding.fix else "")},
        "artifactChanges": [change],
    }


def _describe_place(finding: Finding, patch: Patch | None, result: CheckResult) -> dict[str, Any]:
    """Return the message of a finding and its location in a file.

    Code scanning requires a file. For a finding in a commit message or on stdin, or on a line that
    later commits removed, it is the first changed line, and the message names the commit. In a
    range, files and lines refer to the last commit.
    """
    text, logical_location = finding.message, {}
    location = locate_in_file(finding, patch, result)
    if not location:
        is_stdin = patch is None or patch.source == "-"
        name = "stdin" if is_stdin else format_location(finding, patch)
        text = f"{text} ({name})"
        logical_location = {"logicalLocations": [{"fullyQualifiedName": name, "kind": "commit"}]}
        own = [checked for checked in result.patches if checked.patch is patch]
        locations = filter(None, map(locate_change, [*own, *result.patches]))
        location = next(locations, name_message(finding, patch))
    region = {"startLine": location[1]}
    if finding.path and finding.column and not logical_location:
        region["startColumn"] = finding.column
    physical_location = {
        "artifactLocation": {"uri": _convert_to_uri(location[0])},
        "region": region,
    }
    return {
        "message": {"text": _LINK.sub(r"\\[", make_printable(text))},
        "locations": [{"physicalLocation": physical_location, **logical_location}],
    }


def _convert_to_uri(path: str) -> str:
    # the URI must not start with //, because a host name would follow
    uri = quote_url(make_printable(path))
    return f".{uri}" if uri.startswith("//") else uri
