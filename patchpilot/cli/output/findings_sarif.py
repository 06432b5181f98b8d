# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as SARIF 2.1.0 for code scanning."""

import re
from typing import Any

from patchpilot import __version__
from patchpilot.checking.check_result import CheckResult
from patchpilot.cli.output.findings_place import Fingerprints, locate_in_file
from patchpilot.cli.output.findings_text import format_location
from patchpilot.model.hosts import quote_url
from patchpilot.model.json_text import json_text
from patchpilot.model.patch import Patch
from patchpilot.model.printable import make_printable
from patchpilot.model.rule import LEAST, Finding, FindingFix, Rule, Severity, Suppressed
from patchpilot.model.web_address import valid_web_address

_LEVEL = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.CHECK: "note",
    Severity.NOTE: "note",
}
_LINK = re.compile(r"\[(?=[^\]]*\]\()")
"""Start of a link, which SARIF also allows in plain text."""


def render(result: CheckResult) -> str:
    """Return a SARIF log with one run, which describes only the rules with findings."""
    reported_rules = {finding.rule for finding in result.all} | {
        suppression.finding.rule for _, suppression in result.suppressed
    }
    rules = [rule for rule in result.rules if rule.id in reported_rules]
    rule_indexes = {rule.id: index for index, rule in enumerate(rules)}
    first = result.patches[0].patch if result.patches else None
    fingerprints = Fingerprints()
    rows = [*((patch, finding, None) for patch, finding in result.by_patch)]
    suppressed_rows = [
        *(
            (patch or first, suppression.finding, suppression)
            for patch, suppression in result.suppressed
        )
    ]
    results = []
    for patch, finding, suppression in (*rows, *suppressed_rows):
        body = _describe_result(finding, rule_indexes, suppression)
        body["locations"] = [_describe_location(finding, patch, result)]
        body["partialFingerprints"] = {
            "patchpilotFinding/v1": fingerprints.of(finding, patch)
        }
        results.append(body)
    if not result.suppressed:
        # SARIF requires this property in all results or in none
        for body in results:
            del body["suppressions"]
    has_baseline = result.baseline is not None
    if not has_baseline and result.since is None:
        for body in results:
            del body["baselineState"]
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
            }
        ],
    }
    return json_text(log, indent=1)


def _describe_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        **(
            {"helpUri": address}
            if (address := valid_web_address(rule.reference))
            else {}
        ),
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _describe_result(
    finding: Finding, rule_indexes: dict[str, int], suppression: Suppressed | None
) -> dict[str, Any]:
    old = finding.new is False or (
        suppression is not None and suppression.by == "baseline"
    )
    body: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVEL[finding.severity],
        "rank": round(100 * (1 - finding.rank / LEAST), 1),
        "message": {"text": _LINK.sub(r"\\[", make_printable(finding.message))},
        "properties": {
            "name": finding.name,
            "severity": str(finding.severity),
            "checkpatch": finding.checkpatch,
        },
        "baselineState": "unchanged" if old else "new",
        "suppressions": [_describe_suppression(suppression)] if suppression else [],
    }
    if finding.rule in rule_indexes:
        body["ruleIndex"] = rule_indexes[finding.rule]
    if finding.path and finding.fix and finding.fix.edits:
        body["fixes"] = [_describe_fix(finding.path, finding.fix)]
    return body


def _describe_fix(path: str, fix: FindingFix) -> dict[str, Any]:
    """Return the file changes that fix a finding.

    A region without columns covers whole lines, except for the last line break.
    """
    replacements = []
    for edit in fix.edits:
        after = edit.start + edit.delete
        region = {"startLine": edit.start, "endLine": after - 1}
        if not edit.insert:
            region = {
                "startLine": edit.start,
                "startColumn": 1,
                "endLine": after,
                "endColumn": 1,
            }
        replacements.append(
            {
                "deletedRegion": region,
                "insertedContent": {"text": "\n".join(edit.insert)},
            }
        )
    change = {
        "artifactLocation": {"uri": _convert_to_uri(path)},
        "replacements": replacements,
    }
    return {
        "description": {"text": make_printable(fix.text)},
        "artifactChanges": [change],
    }


def _describe_suppression(suppression: Suppressed) -> dict[str, Any]:
    expiry = f", until {suppression.until}" if suppression.until else ""
    justification = (
        suppression.reason
        if suppression.by == "baseline"
        else f"{suppression.reason} ({suppression.origin}{expiry})"
    )
    return {
        "kind": "external",
        "status": "accepted",
        "justification": make_printable(justification),
    }


def _describe_location(
    finding: Finding, patch: Patch | None, result: CheckResult
) -> dict[str, Any]:
    """Return the location of a finding in a file. If it is not in a file, return its location in
    the commit message.
    """
    if location := locate_in_file(finding, patch, result):
        region = {"startLine": location[1]}
        if finding.path and finding.column:
            region["startColumn"] = finding.column
        return {
            "physicalLocation": {
                "artifactLocation": {"uri": _convert_to_uri(location[0])},
                "region": region,
            }
        }
    name = format_location(finding, patch) if patch and patch.source != "-" else "stdin"
    return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "commit"}]}


def _convert_to_uri(path: str) -> str:
    # the URI must not start with //, because a host name would follow
    uri = quote_url(make_printable(path))
    return f".{uri}" if uri.startswith("//") else uri
