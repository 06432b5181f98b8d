# SPDX-License-Identifier: GPL-2.0-or-later
"""Validate JSON documents against docs/reference/schemas."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


@cache
def load_schema_validator(schema: str) -> Draft202012Validator:
    """Return the validator for a schema such as `patchpilot/check/1`.

    Raise KeyError if the schema has no file.
    """
    _, command, version = schema.split("/")
    file = FOLDER / f"{command}-{version}.json"
    if not file.is_file():
        raise KeyError(f"{schema}: {file.name} is missing in docs/reference/schemas")
    return Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))


def find_schema_errors(json_text: str) -> list[str]:
    """Return the errors in a JSON document or in JSON lines.

    Text that is not JSON has no errors.
    """
    if not json_text.startswith("{"):
        return []
    if json_text.startswith('{"schema"'):
        return [problem for line in json_text.splitlines() for problem in _find_line_errors(line)]
    return _find_line_errors(json_text)


def _find_line_errors(json_text: str) -> list[str]:
    try:
        document: Any = json.loads(json_text)
    except ValueError:
        return []
    if not isinstance(document, dict) or not str(document.get("schema", "")).startswith(
        "patchpilot/"
    ):
        return []
    errors = load_schema_validator(str(document["schema"])).iter_errors(document)
    return [f"{document['schema']} at {error.json_path}: {error.message[:200]}" for error in errors]
