# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a result's JSON object and its schema have the same keys."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from patchpilot.cli.json_documents import JsonDocument
from patchpilot.cli.json_schemas import generate_schema
from patchpilot.model.json_form import json_form, json_object

if TYPE_CHECKING:
    from patchpilot.model.commit import Commit


class Color(Enum):
    RED = "red"


@json_form()
@dataclass(frozen=True)
class Part:
    number: int
    place: Path | None


@json_form(
    "title=name",
    "first=part.number",
    "*part",
    "parts",
    "color",
    "when",
    "word",
    "shares",
    "note?",
)
@dataclass(frozen=True)
class ObjectWithParts:
    name: str
    parts: tuple[Part, ...]
    color: Color | None
    when: datetime
    word: Literal["a", "b"]
    shares: dict[str, float]
    note: str = ""

    @property
    def part(self) -> Part:
        return self.parts[0]


WHOLE = ObjectWithParts(
    "x",
    (Part(1, Path("a/b")), Part(2, None)),
    Color.RED,
    datetime(2026, 1, 2, tzinfo=UTC),
    "a",
    {},
)
KEYS = (
    "schema",
    "title",
    "first",
    "parts",
    "number",
    "place",
    "color",
    "when",
    "word",
    "shares",
)
DESCRIBED = {key: f"{key}." for key in (*KEYS, "note")}


def test_object_keys_match_the_class() -> None:
    assert json_object(WHOLE) == {
        "title": "x",
        "first": 1,
        "number": 1,
        "place": "a/b",
        "parts": [{"number": 1, "place": "a/b"}, {"number": 2, "place": None}],
        "color": "red",
        "when": "2026-01-02T00:00:00+00:00",
        "word": "a",
        "shares": {},
    }


def test_schema_rejects_wrong_values() -> None:
    schema = generate_schema(JsonDocument("whole", (ObjectWithParts,)), DESCRIBED)
    document = {"schema": "patchpilot/whole/1", **json_object(WHOLE)}
    validator = Draft202012Validator(schema)
    assert validator.is_valid(document)
    wrong = {
        "title": 1,
        "color": "blue",
        "word": "c",
        "parts": [{}],
        "shares": {"a": "b"},
    }
    assert not any(validator.is_valid(document | {key: value}) for key, value in wrong.items())
    assert set(schema["required"]) == {*document}
    assert schema["properties"]["note"] == {"description": "note.", "type": "string"}


class Box(NamedTuple):
    name: str

    def __str__(self) -> str:
        return f"<{self.name}>"


@json_form("box", "pairs", "count")
@dataclass(frozen=True)
class ObjectWithBox:
    box: Box
    pairs: tuple[tuple[str, int], ...] = (("a", 1),)
    other: "Commit | None" = None

    @cached_property
    def count(self) -> int:
        return len(self.pairs)


def test_named_tuple_may_be_a_string() -> None:
    document = {"schema": "patchpilot/boxed/1", **json_object(ObjectWithBox(Box("x")))}
    assert document["box"] == "<x>"
    schema = generate_schema(
        JsonDocument("boxed", (ObjectWithBox,)),
        {key: key for key in ("schema", "box", "pairs", "count")},
    )
    validator = Draft202012Validator(schema)
    assert validator.is_valid(document)
    wrong = {"box": ["x"], "pairs": [["a", "b"]], "count": "1"}
    assert not any(validator.is_valid(document | {key: value}) for key, value in wrong.items())


def test_only_common_keys_are_required() -> None:
    schema = generate_schema(
        JsonDocument("whole", (Part, ObjectWithParts), has_alternatives=True), DESCRIBED
    )
    assert schema["required"] == ["schema", "number", "place"]
    assert {"number", "parts"} <= schema["properties"].keys()


def test_undescribed_key_is_reported() -> None:
    with pytest.raises(SystemExit, match=r'describe "whole\.place"'):
        generate_schema(
            JsonDocument("whole", (ObjectWithParts,)),
            {key: text for key, text in DESCRIBED.items() if key != "place"},
        )
