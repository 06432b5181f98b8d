# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert dataclasses to JSON objects whose keys are selected fields and properties.

The same declaration determines the output and its schema.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

_Class = TypeVar("_Class", bound=type)


class JsonKey(NamedTuple):
    """A key of a JSON object, the attribute that it represents, and how an empty value is written.

    If the name is empty, all keys of the attribute's object are inserted. An empty value is omitted
    if the key is `optional`, and null if the key is `nullable`.
    """

    name: str
    attribute: str
    optional: bool
    nullable: bool


_KEYS: dict[type, tuple[JsonKey, ...]] = {}


def json_form(*keys: str) -> Callable[[_Class], _Class]:
    """Declare the JSON keys of a dataclass or named tuple, in order; by default, all fields are
    keys. Keys in one string are separated by spaces.

    In `key=attribute`, the attribute may be a path (`part.attribute`). `key?` is omitted if its
    value is None or empty, and `key~` is null if its value is empty. `*part` inserts the keys of
    that attribute's object.
    """

    def store_keys(cls: _Class) -> _Class:
        _KEYS[cls] = tuple(
            _parse_key(key)
            for key in " ".join(keys).split()
            or cls.__dict__.get("_fields")
            or cls.__dict__["__dataclass_fields__"]
        )
        return cls

    return store_keys


def _parse_key(key: str) -> JsonKey:
    if key.startswith("*"):
        return JsonKey("", key[1:], optional=False, nullable=False)
    name, _, attribute = key.rstrip("?~").partition("=")
    optional, nullable = key.endswith("?"), key.endswith("~")
    return JsonKey(name, attribute or name, optional=optional, nullable=nullable)


def json_keys(cls: Any) -> tuple[JsonKey, ...]:
    """Return the JSON keys of a class, or () if it has none."""
    return _KEYS.get(cls, ())


def json_forms() -> tuple[type, ...]:
    """Return all classes with JSON keys."""
    return tuple(_KEYS)


def json_object(value: Any) -> dict[str, Any]:
    """Convert an instance of a class with JSON keys to a JSON object."""
    result: dict[str, Any] = {}
    for key, read in _json_readers(value.__class__):
        part = read(value)
        if not key.name:
            result |= json_object(part)
        elif part or not key.optional or isinstance(part, int | float):
            result[key.name] = None if key.nullable and not part else json_value(part)
    return result


@cache
def _json_readers(cls: type) -> tuple[tuple[JsonKey, Callable[[Any], Any]], ...]:
    return tuple((key, attrgetter(key.attribute)) for key in _KEYS[cls])


def json_value(value: Any) -> Any:
    """Convert a value to one that `json.dumps` can write.

    Enums become their values, dates ISO 8601 strings, mappings objects, sequences and sets lists
    (unless they define `__str__`). All other values become strings.
    """
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) in _KEYS:
        return json_object(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, Sequence | Set) and type(value).__str__ is object.__str__:
        return [json_value(item) for item in value]
    return str(value)
