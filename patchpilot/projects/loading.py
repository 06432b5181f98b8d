# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped projects, read from checks/projects/*.toml; what is read is kept by content hash."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from patchpilot.cache.loaded import key_of, recall, remember
from patchpilot.errors import PackError, unknown
from patchpilot.projects.project import Lists, MailCustoms, Project, Style, Tags
from patchpilot.resources import data_dir

SECTIONS: Mapping[str, type] = {"tags": Tags, "mail": MailCustoms, "lists": Lists, "style": Style}
_NOT_INHERITED = ("tree_has", "paths_pattern", "subject_prefixes")
_NOT_WRITTEN = ("name", "lineage")
_SEVERITIES = ("error", "warning", "check", "note")


@cache
def projects() -> Mapping[str, Project]:
    """Every shipped project by name; PackError names the file and the key that is wrong."""
    folder = data_dir("checks") / "projects"
    texts = {file.stem: file.read_bytes() for file in sorted(folder.glob("*.toml"))}
    key = key_of(part for name, text in texts.items() for part in (name.encode(), text))
    tables = recall("projects", key)
    if not isinstance(tables, dict):
        written = {name: _parse(name, text) for name, text in texts.items()}
        tables = {name: resolved(name, written) for name in written}
        remember("projects", key, tables)
    return {name: _project(table) for name, table in tables.items()}


def find_project(name: str) -> Project:
    """The project of this name; UsageError with the nearest."""
    known = projects()
    if name not in known:
        raise unknown("profile", name, known)
    return known[name]


def resolved(name: str, written: Mapping[str, Mapping[str, Any]], heirs: tuple[str, ...] = ()) -> dict[str, Any]:
    """The checked table of a project with what it inherits; in [style], `ignore` and `severity` add to what is inherited."""
    table = written[name]
    _check(name, table)
    above = str(table.get("inherits", ""))
    if above and (above not in written or above in (name, *heirs)):
        raise PackError(f"projects/{name}.toml: inherits = {above!r} names no other project")
    base: dict[str, Any] = resolved(above, written, (name, *heirs)) if above else {}
    whole = {key: value for key, value in base.items() if key not in _NOT_INHERITED}
    for key, value in table.items():
        if key not in SECTIONS:
            whole[key] = value
            continue
        inherited = base.get(key, {})
        whole[key] = {**inherited, **value}
        if key == "style":
            whole[key]["ignore"] = [*inherited.get("ignore", []), *value.get("ignore", [])]
            whole[key]["severity"] = {**inherited.get("severity", {}), **value.get("severity", {})}
    return {**whole, "name": name, "lineage": [name, *base.get("lineage", [])]}


def _parse(name: str, text: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"projects/{name}.toml: {error}") from error


def _check(name: str, table: Mapping[str, Any]) -> None:
    """PackError for a key that there is not, or a value of the wrong kind."""
    _check_keys(f"projects/{name}.toml", table, Project)
    if "title" not in table:
        raise PackError(f"projects/{name}.toml: missing key 'title'")
    for section, kind in SECTIONS.items():
        _check_keys(f"projects/{name}.toml: [{section}]", table.get(section, {}), kind)
    for rule, severity in table.get("style", {}).get("severity", {}).items():
        if severity not in _SEVERITIES:
            raise PackError(f"projects/{name}.toml: [style]: severity of {rule!r}: {severity!r} is none of {', '.join(_SEVERITIES)}")


def _check_keys(where: str, table: Mapping[str, Any], kind: Any) -> None:
    known = kind.__annotations__
    for key, value in table.items():
        if key not in known or (kind is Project and key in _NOT_WRITTEN):
            raise PackError(f"{where}: unknown key {key!r}")
        declared = str(known[key])
        wanted = next((one for word, one in _KINDS if word in declared), dict)
        if type(value) is not wanted:
            raise PackError(f"{where}: key {key!r} takes {_NAMES[wanted]}, not {value!r}")
        if isinstance(value, list):
            _check_list(where, key, value, nested=key == "tree_has")


def _check_list(where: str, key: str, value: list[Any], *, nested: bool) -> None:
    words = [word for one in value for word in (one if isinstance(one, list) else [None])] if nested else value
    if not all(isinstance(word, str) for word in words):
        raise PackError(f"{where}: key {key!r} takes a list of {'lists of ' if nested else ''}strings, not {value!r}")


_KINDS: tuple[tuple[str, type], ...] = (("tuple", list), ("Mapping", dict), ("str", str), ("bool", bool), ("int", int))
_NAMES: Mapping[type, str] = {list: "a list", dict: "a table", str: "a string", bool: "true or false", int: "a number"}


def _project(table: Mapping[str, Any]) -> Project:
    """The value of a resolved table."""
    sections = {name: kind(**_frozen(table.get(name, {}))) for name, kind in SECTIONS.items()}
    return Project(**_frozen({key: value for key, value in table.items() if key not in SECTIONS}), **sections)


def _frozen(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(tuple(one) if isinstance(one, list) else one for one in value) if isinstance(value, list) else value
        for key, value in table.items()
    }
