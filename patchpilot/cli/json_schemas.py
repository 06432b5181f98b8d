# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate the JSON schemas in docs/reference/schemas from the result classes.

`python -m patchpilot.cli.json_schemas FOLDER` writes the schemas. `keys.toml` in the folder
describes each key by its name, or by `document.path.name` if the meaning differs.
"""

import inspect
import json
import operator
import sys
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property, reduce
from pathlib import Path
from typing import Any, Literal, Union

import patchpilot.checking.apply_fixes
import patchpilot.tracking.review_lines  # noqa: F401  reads the table of reviewers
from patchpilot.cli.json_documents import DOCUMENTS, JsonDocument
from patchpilot.model.json_form import JsonKey, json_forms, json_keys

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Mapping[Any, str] = {
    int: "integer",
    float: "number",
    bool: "boolean",
    types.NoneType: "null",
    dict: "object",
}
_AS_TEXT = (str, Path, datetime, date)


def main(arguments: Sequence[str]) -> int:
    """Write a file for each document. Raise SystemExit if a key has no description."""
    folder = Path(arguments[0])
    descriptions = tomllib.loads((folder / "keys.toml").read_text(encoding="utf-8"))
    for name, text in generate_schemas(descriptions):
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def generate_schemas(descriptions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the file name and text of each schema; `descriptions` contains the descriptions of
    keys.
    """
    for document in DOCUMENTS:
        schema = generate_schema(document, descriptions)
        yield (
            f"{document.name}-1.json",
            json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        )


def generate_schema(document: JsonDocument, descriptions: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of a document. Raise SystemExit if a key has no description."""
    return _SchemaGenerator(document.name, descriptions, document.like).document(document)


@dataclass(frozen=True)
class _SchemaGenerator:
    """A generator for the schema of a document."""

    name: str
    described: Mapping[str, str]
    like: str = ""

    def document(self, document: JsonDocument) -> dict[str, Any]:
        """Return the schema of the whole document."""
        title = f"patchpilot/{document.name}/1"
        if document.is_json_lines:
            return {
                "$schema": _DIALECT,
                "title": title,
                "description": document.description,
                "oneOf": [self._object(form, json_keys(form)[0].name) for form in document.forms],
            }
        properties: dict[str, Any] = {
            "schema": {
                "description": self._find_description("", "schema"),
                "const": title,
            }
        }
        form_schemas = [self._object(form, "") for form in document.forms]
        for form_schema in form_schemas:
            _add_properties(properties, form_schema["properties"])
        required_keys = [
            "schema",
            *_required_keys(document, [form_schema["required"] for form_schema in form_schemas]),
        ]
        for key, form in {**document.lists, **document.several}.items():
            properties[key] = {
                "description": self._find_description("", key),
                "type": "array",
                "items": self._kind(form, key),
            }
            for added_form in document.added.get(key, ()):
                properties[key]["items"]["properties"] |= self._object(added_form, key)[
                    "properties"
                ]
        required_keys += sorted(document.lists.keys() - {*required_keys})
        alternatives = [{"required": form_schema["required"]} for form_schema in form_schemas]
        command = document.command or document.name
        default_description = f"What `patchpilot {command} --format json` prints."
        return {
            "$schema": _DIALECT,
            "title": title,
            "description": document.description or default_description,
            "type": "object",
            "properties": properties,
            "required": ["schema"] if document.only else required_keys,
            **({"anyOf": alternatives} if document.has_alternatives else {}),
        }

    def _object(self, json_class: Any, path: str) -> dict[str, Any]:
        keys = json_keys(json_class)
        if not keys:
            raise TypeError(f"{json_class} is not marked with json_form")
        properties: dict[str, Any] = {}
        required_keys: list[str] = []
        for key in keys:
            kind = _value_type(json_class, key)
            if key.name:
                properties[key.name] = {"description": self._find_description(path, key.name)}
                properties[key.name] |= self._kind(kind, f"{path}.{key.name}".lstrip("."))
                required_keys += [] if key.optional else [key.name]
            else:
                part_schema = self._object(kind, path)
                properties |= part_schema["properties"]
                required_keys += part_schema["required"]
        return {"type": "object", "properties": properties, "required": required_keys}

    def _find_description(self, path: str, key: str) -> str:
        full_name = ".".join(filter(None, (self.name, path, key)))
        similar_name = ".".join(filter(None, (self.like, path, key)))
        description = (
            self.described.get(full_name)
            or self.described.get(similar_name)
            or self.described.get(key)
        )
        if not description:
            raise SystemExit(f'keys.toml: describe "{full_name}" (or {key}, where it is the same)')
        return description

    def _kind(self, kind: Any, path: str) -> dict[str, Any]:
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (Union, types.UnionType):
            return _union_schema([self._kind(argument, path) for argument in arguments])
        if origin is Literal:
            return {"enum": list(arguments)} if len(arguments) > 1 else {"const": arguments[0]}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {
                "type": "object",
                "additionalProperties": self._kind(arguments[1], path),
            }
        if origin is tuple and ... not in arguments:
            parts = [self._kind(argument, path) for argument in arguments]
            return {"type": "array", "prefixItems": parts, "items": False}
        if isinstance(origin, type) and issubclass(origin, Sequence | Set):
            return {"type": "array", "items": self._kind(arguments[0], path)}
        if kind is Any or kind is object:
            return {}
        if json_keys(kind):
            return self._object(kind, path)
        return _simple_schema(kind)


def _add_properties(properties: dict[str, Any], added: dict[str, Any]) -> None:
    """Add the keys of another form. A key in both forms may have a value of either type."""
    for name, schema in added.items():
        known = properties.get(name, schema)
        types = dict.fromkeys(
            kind
            for part in (known, schema)
            for kind in (
                [part["type"]] if isinstance(part.get("type"), str) else part.get("type", ())
            )
        )
        properties[name] = known | schema | ({"type": [*types]} if len(types) > 1 else {})


def _required_keys(document: JsonDocument, forms: Sequence[Sequence[str]]) -> list[str]:
    result = dict.fromkeys(key for keys in forms for key in keys)
    if document.has_alternatives:
        return [key for key in result if all(key in keys for keys in forms)]
    return list(result)


def _simple_schema(kind: Any) -> dict[str, Any]:
    if kind in _TYPES:
        return {"type": _TYPES[kind]}
    if issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if not issubclass(kind, _AS_TEXT) and kind.__str__ is object.__str__:
        raise TypeError(f"{kind.__name__} is not marked with json_form and has no text")
    return {"type": "string"}


def _union_schema(schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a union. If possible, it has a single list of types."""
    null_schema = {"type": "null"}
    alternatives = [
        schema
        for number, schema in enumerate(schemas)
        if schema != null_schema and schema not in schemas[:number]
    ]
    if len(alternatives) == 1 and null_schema not in schemas:
        return alternatives[0]
    if all(set(alternative) == {"enum"} for alternative in alternatives):
        values = [value for alternative in alternatives for value in alternative["enum"]]
        return {"enum": [*values, None] if null_schema in schemas else values}
    if len(alternatives) == 1 and "type" in alternatives[0]:
        return alternatives[0] | {"type": ["null", alternatives[0]["type"]]}
    if all(set(alternative) == {"type"} for alternative in alternatives):
        return {"type": sorted({schema["type"] for schema in schemas})}
    return {"oneOf": list(schemas)}


def _value_type(json_class: Any, key: JsonKey) -> Any:
    kind = _attribute_type(json_class, key.attribute)
    if key.optional:
        kind = _without_none(kind)
    return kind | None if key.nullable else kind


def _attribute_type(json_class: Any, attribute: str) -> Any:
    """Return the type of a field or property.

    For `part.attribute`, return the type of the attribute of that part.
    """
    name, _, inner_attribute = attribute.partition(".")
    member = inspect.getattr_static(json_class, name, None)
    if isinstance(member, property):
        kind = _return_type(member.fget)
    elif isinstance(member, cached_property):
        kind = _return_type(member.func)
    else:
        kind = _field_type(json_class, name)
    return _attribute_type(_without_none(kind), inner_attribute) if inner_attribute else kind


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) not in (Union, types.UnionType):
        return kind
    return reduce(
        operator.or_, (part for part in typing.get_args(kind) if part is not types.NoneType)
    )


def _return_type(getter: Any) -> Any:
    return typing.get_type_hints(getter, _names_in(getter.__globals__))["return"]


def _names_in(module: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names in a module, even if it imports a type only for type checkers."""
    return {form.__name__: form for form in json_forms()} | dict(module)


def _field_type(json_class: Any, name: str) -> Any:
    """Return the type of a field, even if the types of other fields are unknown at run time."""
    owner = next(base for base in json_class.__mro__ if name in inspect.get_annotations(base))
    field = types.SimpleNamespace(__annotations__={name: inspect.get_annotations(owner)[name]})
    return typing.get_type_hints(field, _names_in(vars(sys.modules[owner.__module__])))[name]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
