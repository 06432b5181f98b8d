# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert dataclasses to JSON objects, with selected fields and properties as keys.

The output and its schema are generated from the same keys.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

_Class = TypeVar("_Class", bound=type)


class JsonKey(NamedTuple):
    """A key of a JSON object: its attribute, and the handling of empty values.

    A key without a name is replaced with the keys of the attribute's object. For an empty value, an
    `optional` key is omitted, and a `nullable` key is null.
    """

    name: str
    attribute: str
    optional: bool
    nullable: bool


_KEYS: dict[type, tuple[JsonKey, ...]] = {}


def json_form(*keys: str) -> Callable[[_Class], _Class]:
    """Mark a dataclass or named tuple as a JSON object with these keys, in this order.

    Without keys, all fields are used. The forms of a key are:

    - `key=attribute`: the attribute has another name than the key
    - `key=part.attribute`: the attribute belongs to a part
    - `key?`: the key is omitted if the value is None or an empty text or list
    - `key~`: the key is null if the value is empty
    - `*part`: the keys of a part are inserted
    """

    def marked(cls: _Class) -> _Class:
        _KEYS[cls] = tuple(
            _key(text)
            for text in keys
            or cls.__dict__.get("_fields")
            or cls.__dict__["__dataclass_fields__"]
        )
        return cls

    return marked


def _key(text: str) -> JsonKey:
    if text.startswith("*"):
        return JsonKey("", text[1:], optional=False, nullable=False)
    name, _, attribute = text.rstrip("?~").partition("=")
    optional, nullable = text.endswith("?"), text.endswith("~")
    return JsonKey(name, attribute or name, optional=optional, nullable=nullable)


def json_keys(cls: Any) -> tuple[JsonKey, ...]:
    """Return the JSON keys of a class, or none if it is not marked with `json_form`."""
    return _KEYS.get(cls, ())


def json_forms() -> tuple[type, ...]:
    """Return the classes that are marked with `json_form`."""
    return tuple(_KEYS)


def json_object(value: Any) -> dict[str, Any]:
    """Convert an instance of a class marked with `json_form` to a JSON object."""
    result: dict[str, Any] = {}
    for key, read in _readers(value.__class__):
        part = read(value)
        if not key.name:
            result |= json_object(part)
        elif part or not key.optional or isinstance(part, int | float):
            result[key.name] = None if key.nullable and not part else json_value(part)
    return result


@cache
def _readers(cls: type) -> tuple[tuple[JsonKey, Callable[[Any], Any]], ...]:
    return tuple((key, attrgetter(key.attribute)) for key in _KEYS[cls])


def json_value(value: Any) -> Any:
    """Convert a value to one that `json.dumps` can write.

    Enums become their values, dates ISO 8601 strings, mappings objects, sequences and sets lists
    (unless they define a text form), and other values text.
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
