# SPDX-License-Identifier: GPL-2.0-or-later
"""Load all projects.

They consist of the shipped checks/projects/*.toml and the files in the user's data directory,
which add to them or override them key by key.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from patchpilot.cache.entries import shipped_tables
from patchpilot.errors import PackError, suggestion, unknown
from patchpilot.model.action import Action
from patchpilot.projects.project import SECTIONS, GoneAddress, ListRule, Project
from patchpilot.projects.stable_trees import Maintained, version_key
from patchpilot.resources import user_dir

Table = Mapping[str, Any]
Own = Mapping[str, tuple[str, Table]]
"""The path and the table of the user's files, by name."""
DEFAULT = "linux"
"""The project that is used when none is detected or configured."""
REFRESHED = "lts.toml"
"""The file in the user's data directory that `lts --update` writes: a table for each project with
the keys of its [stable] that are newer.
"""
_NOT_INHERITED = ("tree_has", "paths_pattern", "subject_prefixes")
_ADDED_UP = {"style": ("ignore",), "lists": ("rules", "gone")}


def projects() -> Mapping[str, Project]:
    """Return all projects by name, the default first.

    Raise PackError with the file and the invalid key.
    """
    return _projects(user_folder())


def find_project(name: str) -> Project:
    """Return the project with this name.

    Raise UsageError, with the closest match, for an unknown name.
    """
    known = projects()
    if name not in known:
        raise unknown("project", name, known)
    return known[name]


def default_project() -> Project:
    """Return the project that is used if none is detected or configured."""
    return projects()[DEFAULT]


@cache
def newest_kernel() -> tuple[int, int]:
    """Return the kernel version whose rules apply if the tree's version is unknown."""
    major, minor = version_key(_projects(os.devnull)[DEFAULT].style.newest_kernel)[:2]
    return major, minor


def bouncing_addresses() -> tuple[GoneAddress, ...]:
    """Return the bouncing addresses of all projects."""
    return tuple(
        dict.fromkeys(
            row for project in projects().values() for row in project.lists.gone
        )
    )


def user_folder() -> str:
    """Return the user's data directory."""
    return user_dir("data")


def read_stored_tables(folder: str | None = None) -> Mapping[str, Table]:
    """Map projects to the [stable] keys that `lts --update` stored, in the format of the project's
    file.

    The mapping is empty if it was never run.
    """
    file = Path(folder or user_folder()) / REFRESHED
    if not file.is_file():
        return {}
    from patchpilot.projects.checking import check_table

    table = parse_table(str(file), file.read_bytes())
    try:
        for name, stable in table.items():
            check_table(f"{file}: [{name}]", stable, SECTIONS["stable"])
    except (AttributeError, PackError) as error:
        message = error.message if isinstance(error, PackError) else f"{file}: {error}"
        raise PackError(
            message, hint=Action("setup", ("stable",), "remove the file and run `{}`")
        ) from error
    return table


def forget() -> None:
    """Clear the cached projects after a file in the user's data directory has changed."""
    _projects.cache_clear()


@cache
def _projects(folder: str) -> Mapping[str, Project]:
    path = Path(folder)
    own = own_tables(path / "projects", Project)
    if not own and not (path / REFRESHED).is_file() and folder != os.devnull:
        return _projects(os.devnull)
    tables = _tables(own, folder)
    names = sorted(tables, key=lambda name: (name != DEFAULT, name not in own, name))
    return {name: _project(tables[name]) for name in names}


def own_tables(folder: Path, kind: Any) -> dict[str, tuple[str, Table]]:
    """Return the path and the validated table of each TOML file of the user, by its name."""
    tables = {}
    for file in sorted(folder.glob("*.toml")):
        from patchpilot.projects.checking import check_table

        table = parse_table(str(file), file.read_bytes())
        check_table(str(file), table, kind)
        tables[file.stem] = str(file), table
    return tables


def _tables(own: Own, folder: str) -> dict[str, Table]:
    """Resolve the tables of all projects; the tests validate the shipped ones."""
    shipped = shipped_tables("projects")
    written = {name: table for name, (_, table) in own.items()} | dict(shipped)
    for name, stable in read_stored_tables(folder).items():
        if name in written and str(stable.get("updated", "")) >= str(
            written[name].get("stable", {}).get("updated", "")
        ):
            written[name] = overridden(written[name], {"stable": stable})
    # the user's file for a shipped project overrides refreshed data
    for name in own.keys() & shipped.keys():
        written[name] = overridden(written[name], own[name][1])
    labels = {name: file for name, (file, _) in own.items()}
    return {name: resolve_table(name, written, labels=labels) for name in written}


def overridden(table: Table, other: Table) -> dict[str, Any]:
    """Override a table with another one, recursively key by key."""
    return {
        **table,
        **{
            key: (
                overridden(table[key], value)
                if isinstance(value, dict) and isinstance(table.get(key), dict)
                else value
            )
            for key, value in other.items()
        },
    }


def resolve_table(
    name: str,
    written: Mapping[str, Table],
    heirs: tuple[str, ...] = (),
    *,
    labels: Mapping[str, str] | None = None,
) -> Table:
    """Return a project's table, including inherited values.

    Rules in [lists] and [style] are added to the inherited ones.
    """
    label = (labels or {}).get(name, f"projects/{name}.toml")
    table = written[name]
    if "title" not in table:
        raise PackError(f"{label}: missing key 'title'")
    above = str(table.get("inherits", ""))
    if above and (above not in written or above in (name, *heirs)):
        others = [other for other in written if other not in (name, *heirs)]
        raise PackError(
            f"{label}: inherits = {above!r} names no other project",
            hint=suggestion("name", above, sorted(others)),
        )
    base = resolve_table(above, written, (name, *heirs), labels=labels) if above else {}
    whole = {key: value for key, value in base.items() if key not in _NOT_INHERITED} | {
        key: _inherit(key, base.get(key, {}), value) if key in SECTIONS else value
        for key, value in table.items()
    }
    stable = whole.get("stable", {})
    if "branch" in table.get("stable", {}):
        stable["project"] = name
    missing = [
        key
        for key in ("updated", "branch_name", "remote", "series")
        if stable.get("branch") and not stable.get(key)
    ]
    if missing:
        raise PackError(f"{label}: [stable]: missing key {missing[0]!r}")
    files = [
        *([labels[name]] if labels and name in labels else []),
        *base.get("files", []),
    ]
    return {
        **whole,
        "name": name,
        "lineage": [name, *base.get("lineage", [])],
        "files": files,
    }


def _inherit(section: str, base: Table, own: Table) -> Table:
    """Merge a section with its inherited values, key by key; some lists are concatenated."""
    whole = overridden(base, own)
    for key in _ADDED_UP.get(section, ()):
        whole[key] = [*base.get(key, []), *own.get(key, [])]
    return whole


def parse_table(label: str, text: bytes) -> Table:
    """Parse a TOML file.

    Raise PackError with the label if it is not valid.
    """
    import tomllib

    try:
        return tomllib.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise PackError(f"{label}: not valid TOML: {error}") from error


def _project(table: Mapping[str, Any]) -> Project:
    """Convert a resolved table to a project."""
    sections = {
        name: kind(**_freeze(table.get(name, {}))) for name, kind in SECTIONS.items()
    }
    project = Project(
        **_freeze({key: value for key, value in table.items() if key not in SECTIONS}),
        **sections,
    )
    lists = project.lists
    return project._replace(
        stable=project.stable._replace(
            list=lists.stable or (lists.main[0] if lists.main else "")
        )
    )


def _freeze(table: Mapping[str, Any]) -> Table:
    return {key: _value(key, value) for key, value in table.items()}


def _value(key: str, value: Any) -> Any:
    if key == "series":
        return tuple(
            Maintained(*row)
            for row in sorted(value.items(), key=lambda row: version_key(row[0]))
        )
    if key == "rules":
        return tuple(ListRule(**_freeze(row)) for row in value)
    if key == "gone":
        return tuple(GoneAddress(**row) for row in value)
    return (
        tuple(tuple(part) if isinstance(part, list) else part for part in value)
        if isinstance(value, list)
        else value
    )
