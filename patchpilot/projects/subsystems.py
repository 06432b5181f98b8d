# SPDX-License-Identifier: GPL-2.0-or-later
"""Load all subsystems.

They consist of the shipped checks/subsystems/*.toml and the files in the user's data directory,
which add to them or override them key by key.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from patchpilot.cache.entries import shipped_tables
from patchpilot.errors import PackError, suggestion
from patchpilot.model.patch import Patch
from patchpilot.projects.detection import is_list_address
from patchpilot.projects.loading import (
    Own,
    default_project,
    overridden,
    own_tables,
    projects,
    user_folder,
)
from patchpilot.projects.project import Project, Subsystem

Table = Mapping[str, Any]
_NOT_INHERITED = ("title", "inherits", "sections", "lists", "paths", "not_paths")
SHARED = ("Documentation/devicetree/bindings/", "MAINTAINERS", "include/dt-bindings/")
"""What patches of every subsystem touch in addition to their own files."""


def subsystems() -> Mapping[str, Subsystem]:
    """Return all subsystems by name.

    Raise PackError with the file and the invalid key.
    """
    return _subsystems(user_folder())


@cache
def _subsystems(folder: str) -> Mapping[str, Subsystem]:
    tables = _resolve_tables(own_tables(Path(folder) / "subsystems", Subsystem))
    return {name: _subsystem(name, table) for name, table in tables.items()}


def _resolve_tables(own: Own) -> Mapping[str, Table]:
    """Resolve the tables of all subsystems; the tests validate the shipped ones."""
    written = dict(shipped_tables("subsystems"))
    labels = {name: f"subsystems/{name}.toml" for name in written}
    for name, (file, table) in own.items():
        written[name] = overridden(written.get(name, {}), table)
        labels[name] = file
    tables = {}
    for name, table in written.items():
        above = str(table.get("inherits", ""))
        if above and (above not in written or written[above].get("inherits")):
            raise PackError(
                f"{labels[name]}: inherits = {above!r} names no subsystem that inherits nothing"
                " itself",
                hint=suggestion("name", above, sorted(written)),
            )
        if "title" not in table:
            raise PackError(f"{labels[name]}: missing key 'title'")
        base = {
            key: value
            for key, value in written.get(above, {}).items()
            if key not in _NOT_INHERITED
        }
        tables[name] = overridden(base, table)
    return tables


def _subsystem(name: str, table: Mapping[str, Any]) -> Subsystem:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
    }
    return Subsystem(name, **values)


def subsystem_of_path(path: str) -> Subsystem | None:
    """Return the subsystem whose `paths` have the longest match for this file, or None."""
    known = _paths(user_folder())
    parts = (path[:end] for end in range(len(path), 0, -1))
    names = (name for part in parts for name in (part, f"{part}*"))
    return next((known[name] for name in names if name in known), None)


@cache
def _paths(folder: str) -> Mapping[str, Subsystem | None]:
    """Map each file, directory with "/", or prefix with "*" to its subsystem."""
    every = _subsystems(folder).values()
    left_out = {path: None for subsystem in every for path in subsystem.not_paths}
    return left_out | {
        path: subsystem for subsystem in every for path in subsystem.paths
    }


def subsystem_of(
    patch: Patch, sections: Callable[[Sequence[str]], Iterable[str]] = tuple
) -> Subsystem | None:
    """Return the subsystem that a patch is for, or None.

    It is the one to which all its files belong, otherwise that of their sections in MAINTAINERS,
    otherwise that of its only list. `sections` returns the names of the sections of files if
    there is a tree. Bindings and MAINTAINERS are ignored if the patch touches other files.
    """
    every = subsystems()
    paths = [path for path in patch.paths if not path.startswith(SHARED)] or [
        path for path in patch.paths if path != "MAINTAINERS"
    ]
    matches = {
        subsystem.name if (subsystem := subsystem_of_path(path)) else ""
        for path in paths
    }
    if matches != {""}:
        return every[matches.pop()] if len(matches) == 1 else None
    of_files = set(sections(paths))
    lists = {
        address.key
        for name in ("To", "Cc")
        for address in patch.addresses(name)
        if is_list_address(address.email)
    }
    lists.difference_update(default_project().lists.catch_all)
    possible = [
        subsystem
        for subsystem in every.values()
        if not any(path.startswith(subsystem.not_paths) for path in paths)
    ]
    by_section = {
        subsystem.name
        for subsystem in possible
        if of_files.intersection(subsystem.sections)
    }
    by_list = {
        subsystem.name
        for subsystem in possible
        if len(lists) == 1 and lists.issubset(subsystem.lists)
    }
    return next(
        (every[names.pop()] for names in (by_section, by_list) if len(names) == 1), None
    )


def apply_subsystem_rules(project: Project, patches: Iterable[Patch]) -> Project:
    """Apply the waiting times and cover letter rule of the patches' common subsystem to a
    project.
    """
    named = (
        [subsystem_of(patch) for patch in patches if patch.has_diff]
        if project.kernel
        else []
    )
    subsystem = (
        named[0]
        if len({subsystem.name if subsystem else "" for subsystem in named}) == 1
        else None
    )
    if subsystem is None:
        return project
    mail = project.mail
    return project._replace(
        mail=mail._replace(
            waiting_days=subsystem.ping_days or mail.waiting_days,
            resend_hours=subsystem.resend_hours or mail.resend_hours,
            cover_from=subsystem.cover_from or mail.cover_from,
        )
    )


def shortest_wait() -> int:
    """Return the smallest number of days before a reminder in any project or subsystem."""
    waits = [
        *(project.mail.waiting_days for project in projects().values()),
        *(
            subsystem.ping_days
            for subsystem in subsystems().values()
            if subsystem.ping_days
        ),
    ]
    return min(waits)
