# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as SARIF 2.1.0, for code scanning."""

import json
from typing import Any

from patchpilot import __version__
from patchpilot.cli.output.plain import printable
from patchpilot.lint.rule import Rule
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.patch import Patch
from patchpilot.services.check import CheckResult

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.CHECK: "note", Severity.NOTE: "note"}


def render(result: CheckResult) -> str:
    """One run; only the rules that fired are described."""
    fired = {finding.rule for finding in result.all}
    rules = [rule for rule in result.rules if rule.id in fired]
    places = {rule.id: at for at, rule in enumerate(rules)}
    results = [_result(finding, checked.patch, places) for checked in result.patches for finding in checked.findings]
    first = result.patches[0].patch if result.patches else None
    results += [_result(finding, first, places) for finding in result.series]
    driver = {
        "name": "patchpilot",
        "version": __version__,
        "informationUri": "https://docs.kernel.org/process/submitting-patches.html",
        "rules": [_rule(rule) for rule in rules],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}],
    }
    return json.dumps(document, indent=1)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "helpUri": rule.reference,
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _result(finding: Finding, patch: Patch | None, places: dict[str, int]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVEL[finding.severity],
        "message": {"text": printable(finding.message)},
        "locations": [{"physicalLocation": place} for place in _places(finding, patch)],
        "properties": {"name": finding.name, "severity": str(finding.severity), "checkpatch": finding.checkpatch},
    }
    if finding.rule in places:
        body["ruleIndex"] = places[finding.rule]
    return body


def _places(finding: Finding, patch: Patch | None) -> list[dict[str, Any]]:
    """Where it is: in the new file where that is known, else in the patch."""
    if finding.path and finding.line:
        region = {"startLine": finding.line, **({"startColumn": finding.column} if finding.column else {})}
        return [{"artifactLocation": {"uri": _uri(finding.path)}, "region": region}]
    if patch:
        source = "stdin" if patch.source == "-" else patch.source
        return [{"artifactLocation": {"uri": _uri(source)}, "region": {"startLine": finding.patch_line or 1}}]
    return []


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(printable(path))
