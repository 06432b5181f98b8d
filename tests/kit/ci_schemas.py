# SPDX-License-Identifier: GPL-2.0-or-later
"""What the formats for CI may have, as those who read them state it: our own words, nothing of theirs is copied."""

from typing import Any

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": False}
COUNT = {"type": "integer", "minimum": 1}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


REGION = _object({"startLine": COUNT}, {"startColumn": COUNT, "endLine": COUNT, "endColumn": COUNT})
# a relative reference: without a scheme, and without characters that a URI cannot have
ARTIFACT = _object({"uri": {"type": "string", "pattern": r"^[^\s<>\"{}|\\^`:/][^\s<>\"{}|\\^`:]*$"}})
CHANGE = _object({"artifactLocation": ARTIFACT, "replacements": _list(_object({"deletedRegion": REGION}, {"insertedContent": TEXT}))})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = _object(
    {
        "version": {"const": "2.1.0"},
        "runs": _list(
            _object(
                {
                    "tool": _object(
                        {
                            "driver": _object(
                                {"name": {"type": "string"}},
                                {
                                    "version": {"type": "string"},
                                    "informationUri": {"type": "string", "format": "uri"},
                                    "rules": _list(
                                        _object(
                                            {"id": {"type": "string"}},
                                            {
                                                "name": {"type": "string"},
                                                "shortDescription": TEXT,
                                                "fullDescription": TEXT,
                                                "helpUri": {"type": "string", "pattern": "^https://"},
                                                "defaultConfiguration": _object({"level": LEVEL}),
                                            },
                                        )
                                    ),
                                },
                            )
                        }
                    ),
                    "results": _list(
                        _object(
                            {"message": TEXT},
                            {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": LEVEL,
                                "locations": _list(
                                    _object({"physicalLocation": _object({"artifactLocation": ARTIFACT, "region": REGION})})
                                ),
                                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                                "baselineState": {"enum": ["new", "unchanged", "updated", "absent"]},
                                "suppressions": _list(
                                    _object(
                                        {"kind": {"const": "external"}},
                                        {"status": {"const": "accepted"}, "justification": {"type": "string"}},
                                    )
                                ),
                                "fixes": _list(_object({"artifactChanges": _list(CHANGE)}, {"description": TEXT})),
                                "properties": {"type": "object"},
                            },
                        )
                    ),
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                }
            )
        ),
    },
    {"$schema": {"type": "string", "format": "uri"}},
)
"""What we write of SARIF 2.1.0 (OASIS, docs.oasis-open.org/sarif/sarif/v2.1.0), with the limits of its JSON schema."""
GITLAB = _list(
    _object(
        {
            "description": {"type": "string"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": _object({"path": {"type": "string", "pattern": r"^(?!\.?/)"}, "lines": _object({"begin": COUNT}, {"end": COUNT})}),
        },
        {"type": {"const": "issue"}, "categories": _list({"enum": ["Bug Risk", "Clarity", "Compatibility", "Complexity", "Style"]})},
    )
)
"""GitLab's code quality report (docs.gitlab.com, Code Quality: report format), which is a part of Code Climate's."""
POSITION = _object({"line": COUNT}, {"column": COUNT})
RANGE = _object({"start": POSITION}, {"end": POSITION})
RDJSONL = _object(
    {"message": {"type": "string", "minLength": 1}, "location": _object({"path": {"type": "string"}}, {"range": RANGE})},
    {
        "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
        "source": _object({"name": {"type": "string"}}, {"url": {"type": "string"}}),
        "code": _object({"value": {"type": "string"}}, {"url": {"type": "string"}}),
        "suggestions": _list(_object({"range": RANGE, "text": {"type": "string"}})),
    },
)
"""A line of reviewdog's rdjsonl (reviewdog, proto/rdf: message Diagnostic)."""
