# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the schemas in docs/reference/schemas are valid, and that every JSON document matches
its schema.
"""

import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from patchpilot.cli.json_schemas import generate_schemas
from tests.kit.schemas import FOLDER, find_schema_errors

FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_schema_describes_every_key(file: Path) -> None:
    schema = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    undescribed = [key for key, value in _list_properties(schema) if not value.get("description")]
    assert not undescribed


def test_schemas_match_the_results() -> None:
    described = tomllib.loads((FOLDER / "keys.toml").read_text(encoding="utf-8"))
    generated = dict(generate_schemas(described))
    stored = {name: (FOLDER / name).read_text(encoding="utf-8") for name in generated}
    assert generated == stored, "run: python -m patchpilot.cli.json_schemas docs/reference/schemas"


def test_every_schema_is_listed() -> None:
    page = (FOLDER.parent / "json.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(schemas/([^)]+)\)", page)) == {file.name for file in FILES}


def test_invalid_document_is_detected() -> None:
    document = {
        "schema": "patchpilot/lts/1",
        "family": "linux",
        "updated": "2026-01-01",
        "file": None,
        "series": [{"version": 6.1}],
    }
    assert len(find_schema_errors(json.dumps(document))) == 3
    with pytest.raises(KeyError, match="nosuch"):
        find_schema_errors('{"schema": "patchpilot/nosuch/1"}')


def _list_properties(schema: object) -> list[tuple[str, dict[str, object]]]:
    result: list[tuple[str, dict[str, object]]] = []
    if isinstance(schema, dict):
        result += list(schema.get("properties", {}).items())
        for value in schema.values():
            result += _list_properties(value)
    return result
