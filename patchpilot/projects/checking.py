# SPDX-License-Identifier: GPL-2.0-or-later
"""Validate a project file.

All keys must be known, and all values must have the right type.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from patchpilot.errors import PackError, suggest_valid_words
from patchpilot.model.bounded import find_backtracking_error
from patchpilot.projects.project import (
    CHOICES,
    SECTIONS,
    GoneAddress,
    ListRule,
    Lists,
    Project,
    StableTrees,
    Subsystem,
    UpstreamMark,
    expand_mark,
)

_NOT_WRITTEN: Mapping[Any, tuple[str, ...]] = {
    Project: ("name", "lineage", "files"),
    StableTrees: ("project", "list"),
    Subsystem: ("name",),
}
_ROWS: Mapping[str, Any] = {"rules": ListRule, "gone": GoneAddress, "upstream": UpstreamMark}
_TABLES = ("series", "severity", "sources")
_PATTERNS = ("branch", "paths_pattern", "pattern", "message", "prefix_pattern")
_SEVERITIES = ("error", "warning", "check", "note")
_NAMES: Mapping[type, str] = {
    list: "a list",
    dict: "a table",
    str: "a string",
    bool: "true or false",
    int: "a number",
}
_PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "line": ("address", "version"),
    "branch_name": ("version",),
    "subject": ("version",),
    "marker": ("commit",),
}


def misspelling_error(message: str, value: str, choices: Iterable[str]) -> PackError:
    """Return the error for an unknown word in a project file. Its hint names the most similar valid
    word.
    """
    return PackError(message, hint=suggest_valid_words("name", value, sorted(choices)))


def check_table(label: str, table: Mapping[str, Any], kind: Any) -> None:
    """Raise PackError for unknown keys and values of the wrong type.

    `label` is the file and section to show in the error.
    """
    known_keys = [name for name in kind._fields if name not in _NOT_WRITTEN.get(kind, ())]
    for key, value in table.items():
        if key not in known_keys:
            raise misspelling_error(f"{label}: unknown key {key!r}", key, known_keys)
        expected: Any = _expected_type(kind, key)
        if type(value) is not expected:
            raise PackError(f"{label}: key {key!r} takes {_NAMES[expected]}, not {value!r}")
        if key in SECTIONS and kind is Project:
            check_table(f"{label}: [{key}]", value, SECTIONS[key])
        elif key in _ROWS:
            _check_rows(label, key, value)
        elif isinstance(value, list):
            _check_list(label, key, value, is_nested=key == "tree_has")
        elif isinstance(value, dict):
            _check_words(label, key, value)
        elif key in CHOICES and kind is Subsystem and value not in CHOICES[key]:
            raise misspelling_error(
                f"{label}: key {key!r}: {value!r} is not one of {', '.join(CHOICES[key])}",
                str(value),
                CHOICES[key],
            )
        elif isinstance(value, str):
            _check_text(label, key, value, kind)


def check_pattern_times(label: str, table: Any) -> None:
    """Raise PackError for a pattern in a tree's file that could take too long."""
    items = table.items() if isinstance(table, dict) else ()
    for key, value in items:
        is_pattern = key in _PATTERNS and isinstance(value, str)
        if is_pattern and (reason := find_backtracking_error(value)):
            raise PackError(f"{label}: key {key!r}: the pattern {value!r} {reason}")
        for part in value if isinstance(value, list) else [value]:
            check_pattern_times(label, part)


def _expected_type(kind: Any, key: str) -> type:
    if (kind is Project and key in SECTIONS) or key in _TABLES:
        return dict
    annotation = kind.__annotations__[key]
    return annotation if annotation in (str, bool, int) else list


def _check_rows(label: str, key: str, rows: list[Any]) -> None:
    kind = _ROWS[key]
    for number, row in enumerate(rows, 1):
        location = f"{label}: {key} {number}"
        if not isinstance(row, dict):
            raise PackError(f"{label}: key {key!r} takes a list of tables, not {row!r}")
        check_table(location, row, kind)
        missing_keys = [
            name for name in kind._fields if name not in kind._field_defaults and name not in row
        ]
        if missing_keys:
            raise PackError(f"{location}: missing key {missing_keys[0]!r}")


def _check_list(label: str, key: str, value: list[Any], *, is_nested: bool) -> None:
    if is_nested:
        strings = [
            string for part in value for string in (part if isinstance(part, list) else [None])
        ]
    else:
        strings = value
    if not all(isinstance(string, str) for string in strings):
        raise PackError(
            f"{label}: key {key!r} takes a list of {'lists of ' if is_nested else ''}strings, not"
            f" {value!r}"
        )


def _check_words(label: str, key: str, value: Mapping[str, Any]) -> None:
    """Check tables whose keys are not fixed: months in [stable.series], and severities in
    [style.severity].
    """
    for name, word in value.items():
        if key == "severity" and word not in _SEVERITIES:
            raise misspelling_error(
                f"{label}: severity of {name!r}: {word!r} is not one of {', '.join(_SEVERITIES)}",
                str(word),
                _SEVERITIES,
            )
        if key == "series" and not (
            isinstance(word, str) and re.fullmatch(r"\d{4}-\d\d|unknown", word)
        ):
            raise PackError(
                f'{label}: series {name!r} needs the last month of its support ("2027-12"), not'
                f" {word!r}"
            )
        if key == "series" and not re.search(r"\d", name):
            raise PackError(f"{label}: [stable.series]: {name!r} is not a version number")


def _check_text(label: str, key: str, value: str, kind: Any) -> None:
    """Check that a regular expression compiles, and that a format string has no unknown
    placeholders.
    """
    if key in _PATTERNS:
        try:
            compiled = re.compile(expand_mark(value) if kind is UpstreamMark else value)
        except re.error as error:
            raise PackError(f"{label}: key {key!r} is not a valid pattern: {error}") from error
        if key == "branch" and "version" not in compiled.groupindex:
            raise PackError(f"{label}: key 'branch' needs a group (?P<version>…)")
        if kind is UpstreamMark and "id" not in compiled.groupindex:
            raise PackError(f"{label}: key 'pattern' needs a placeholder {{id}}")
    elif key in _PLACEHOLDERS and kind is not Lists:
        placeholders = _PLACEHOLDERS[key]
        try:
            value.format(**dict.fromkeys(placeholders, ""))
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            names = ", ".join(f"{{{name}}}" for name in placeholders)
            raise PackError(
                f"{label}: key {key!r} takes {names} as placeholders, not {value!r}"
            ) from error
