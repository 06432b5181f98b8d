# SPDX-License-Identifier: GPL-2.0-or-later
"""Load all projects and subsystems, and detect the project of a tree or patch.

They are defined in the shipped checks/projects/*.toml and checks/subsystems/*.toml. Files in the
user's data directory extend or override these key by key.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.cache.entries import read_shipped_tables
from patchpilot.config import TreeFile
from patchpilot.errors import PackError, suggest_valid_words, unknown_word_error
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree
from patchpilot.projects.project import (
    SECTIONS,
    GoneAddress,
    ListRule,
    LongTermSeries,
    Project,
    Subsystem,
    UpstreamMark,
    version_key,
)
from patchpilot.resources import user_dir

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Table = Mapping[str, Any]
Own = Mapping[str, tuple[str, Table]]
"""The path and the table of the user's files, by name."""
DEFAULT = "linux"
"""The project that is used when none is detected or configured."""
OTHER = "other"
"""The project of patches whose files belong to no known project."""
REFRESHED = "lts.toml"
"""The file in the user's data directory that `setup stable` writes: a table for each project
with the keys of its [stable] that are newer.
"""
_NOT_INHERITED = ("tree_has", "paths_pattern", "subject_prefixes")
_ADDED_UP = {
    "style": ("ignore",),
    "lists": ("rules", "gone"),
    "marks": ("upstream", "subject_prefixes"),
}


_LIST_KEYS = ("stable", "security", "regressions")
"""Keys of [lists] with one address, which a rule of a list can name."""
_own_tree_files: ContextVar[tuple[TreeFile, ...] | None] = ContextVar(
    "_own_tree_files", default=None
)
_shared_tree_files: tuple[TreeFile, ...] = ()


def use_tree_files(files: tuple[TreeFile, ...]) -> None:
    """Use these project and subsystem files in the current context, in place of the ones of
    another tree.

    Each thread and each asyncio task has a context, so that requests for several trees can run at
    the same time.
    """
    _own_tree_files.set(files)


def share_tree_files(files: tuple[TreeFile, ...]) -> None:
    """Use these files in all contexts in which no others are used.

    For a process that shows one tree at a time.
    """
    global _shared_tree_files
    _shared_tree_files = files


def open_thread_pool(threads: int) -> "ThreadPoolExecutor":
    """Return a pool whose threads use the same project and subsystem files as the caller."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(threads, initializer=use_tree_files, initargs=(_tree_files(),))


def _tree_files() -> tuple[TreeFile, ...]:
    files = _own_tree_files.get()
    return _shared_tree_files if files is None else files


def projects() -> Mapping[str, Project]:
    """Return all projects by name, the default first.

    Raise PackError with the file and the invalid key.
    """
    return _projects(user_folder(), _tree_files())


def find_project(name: str) -> Project:
    """Return the project with this name.

    Raise UsageError for an unknown name. Its hint names the most similar project.
    """
    known_projects = projects()
    if name not in known_projects:
        raise unknown_word_error("project", name, known_projects)
    return known_projects[name]


def default_project() -> Project:
    """Return the project used if none is detected or configured."""
    return projects()[DEFAULT]


@cache
def newest_kernel() -> tuple[int, int]:
    """Return the kernel version whose rules apply if the tree's version is unknown."""
    major, minor = version_key(_projects(os.devnull)[DEFAULT].style.newest_kernel)[:2]
    return major, minor


def bouncing_addresses() -> tuple[GoneAddress, ...]:
    """Return the bouncing addresses of all projects."""
    return tuple(
        dict.fromkeys(row for project in projects().values() for row in project.lists.gone)
    )


def user_folder() -> str:
    """Return the user's data directory."""
    return user_dir("data")


def read_stored_tables(folder: str | None = None) -> Mapping[str, Table]:
    """Map projects to the [stable] keys stored by `setup stable`, in the format of project files.

    The mapping is empty before the first update.
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
def _projects(folder: str, files: tuple[TreeFile, ...] = ()) -> Mapping[str, Project]:
    path = Path(folder)
    user_tables = own_tables(path, "projects", Project, files)
    if not user_tables and not (path / REFRESHED).is_file() and folder != os.devnull:
        return _projects(os.devnull)
    tables = _tables(user_tables, folder)
    names = sorted(tables, key=lambda name: (name != DEFAULT, name not in user_tables, name))
    return {name: _project(tables[name]) for name in names}


def own_tables(
    folder: Path, name: str, kind: Any, files: tuple[TreeFile, ...]
) -> dict[str, tuple[str, Table]]:
    """Map the name of each TOML file of the tree and the user to its path and validated table.

    The user's files override the keys of the tree's.
    """
    tables: dict[str, tuple[str, Table]] = {}
    for tree_file in files:
        if tree_file.kind == name:
            from patchpilot.projects.checking import check_pattern_times

            table = _parse_own_table(tree_file.label, tree_file.text, kind)
            check_pattern_times(tree_file.label, table)
            tables[Path(tree_file.label).stem] = tree_file.label, table
    for file in sorted((folder / name).glob("*.toml")):
        table = _parse_own_table(str(file), file.read_bytes(), kind)
        _, of_tree = tables.get(file.stem, ("", {}))
        tables[file.stem] = str(file), override_table(of_tree, table)
    return tables


def _parse_own_table(label: str, text: bytes, kind: Any) -> Table:
    from patchpilot.projects.checking import check_table

    table = parse_table(label, text)
    check_table(label, table, kind)
    return table


def _tables(user_tables: Own, folder: str) -> dict[str, Table]:
    """Return the complete tables of all projects.

    The shipped ones are not validated here, because the tests validate them.
    """
    default_tables = read_shipped_tables("projects")
    merged_tables = {name: table for name, (_, table) in user_tables.items()} | dict(default_tables)
    for name, stable in read_stored_tables(folder).items():
        if name in merged_tables and str(stable.get("updated", "")) >= str(
            merged_tables[name].get("stable", {}).get("updated", "")
        ):
            merged_tables[name] = override_table(merged_tables[name], {"stable": stable})
    # the user's file for a shipped project overrides the stored [stable] keys
    for name in user_tables.keys() & default_tables.keys():
        shipped, own = merged_tables[name], user_tables[name][1]
        marks = _merge_section("marks", shipped.get("marks", {}), own.get("marks", {}))
        merged_tables[name] = override_table(shipped, own) | {"marks": marks}
    labels = {name: file for name, (file, _) in user_tables.items()}
    return {name: resolve_table(name, merged_tables, labels=labels) for name in merged_tables}


def override_table(table: Table, overrides: Table) -> dict[str, Any]:
    """Override a table with another one, key by key and recursively."""
    return {
        **table,
        **{
            key: (
                override_table(table[key], value)
                if isinstance(value, dict) and isinstance(table.get(key), dict)
                else value
            )
            for key, value in overrides.items()
        },
    }


def resolve_table(
    name: str,
    tables: Mapping[str, Table],
    descendants: tuple[str, ...] = (),
    *,
    labels: Mapping[str, str] | None = None,
) -> Table:
    """Return a project's table, including inherited values.

    Its rules in [lists] and [style] are added to the inherited rules.
    """
    label = (labels or {}).get(name, f"projects/{name}.toml")
    table = tables[name]
    if "title" not in table:
        raise PackError(f"{label}: missing key 'title'")
    parent = str(table.get("inherits", ""))
    if parent and (parent not in tables or parent in (name, *descendants)):
        candidates = [candidate for candidate in tables if candidate not in (name, *descendants)]
        raise PackError(
            f"{label}: inherits = {parent!r} names no other project",
            hint=suggest_valid_words("name", parent, sorted(candidates)),
        )
    base = resolve_table(parent, tables, (name, *descendants), labels=labels) if parent else {}
    resolved = {key: value for key, value in base.items() if key not in _NOT_INHERITED} | {
        key: _merge_section(key, base.get(key, {}), value) if key in SECTIONS else value
        for key, value in table.items()
    }
    stable = resolved.get("stable", {})
    if "branch" in table.get("stable", {}):
        stable["project"] = name
    missing_keys = [
        key
        for key in ("updated", "branch_name", "remote", "series")
        if stable.get("branch") and not stable.get(key)
    ]
    if missing_keys:
        raise PackError(f"{label}: [stable]: missing key {missing_keys[0]!r}")
    files = [
        *([labels[name]] if labels and name in labels else []),
        *base.get("files", []),
    ]
    return {
        **resolved,
        "name": name,
        "lineage": [name, *base.get("lineage", [])],
        "files": files,
    }


def _merge_section(section: str, base: Table, section_table: Table) -> Table:
    """Merge a section with its inherited values. Keys override inherited keys, but some lists are
    concatenated.
    """
    merged_table = override_table(base, section_table)
    for key in _ADDED_UP.get(section, ()):
        merged_table[key] = [*base.get(key, []), *section_table.get(key, [])]
    return merged_table


def parse_table(label: str, text: bytes) -> Table:
    """Parse a TOML file.

    Raise PackError with the label if it is not valid.
    """
    import tomllib

    try:
        return tomllib.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise PackError(
            f"{label}: not valid TOML: {error}", hint="correct the TOML syntax"
        ) from error


def _project(table: Mapping[str, Any]) -> Project:
    sections = {name: kind(**_freeze(table.get(name, {}))) for name, kind in SECTIONS.items()}
    project = Project(
        **_freeze({key: value for key, value in table.items() if key not in SECTIONS}),
        **sections,
    )
    lists = project.lists
    rules = tuple(
        rule._replace(address=getattr(lists, rule.address)) if rule.address in _LIST_KEYS else rule
        for rule in lists.rules
    )
    return project._replace(
        lists=lists._replace(rules=rules),
        stable=project.stable._replace(list=lists.stable or (lists.main[0] if lists.main else "")),
    )


def _freeze(table: Mapping[str, Any]) -> Table:
    return {key: _freeze_value(key, value) for key, value in table.items()}


def _freeze_value(key: str, value: Any) -> Any:
    if key == "series":
        return tuple(
            LongTermSeries(*row)
            for row in sorted(value.items(), key=lambda row: version_key(row[0]))
        )
    if key == "rules":
        return tuple(ListRule(**_freeze(row)) for row in value)
    if key == "gone":
        return tuple(GoneAddress(**row) for row in value)
    if key == "upstream":
        return tuple(UpstreamMark(**_freeze(row)) for row in value)
    if isinstance(value, list):
        return tuple(tuple(part) if isinstance(part, list) else part for part in value)
    return value


_SHARED_PATH = lazy_pattern(
    r"^(?:linux[^/]*/)?(?:[^/]+$|(?:Documentation|lib|scripts)/"
    r"|(?:include|samples|tools)/(?:[^/]+/|(?:Makefile|Kbuild|Kconfig)$))"
)
"""Paths that the kernel and other projects have."""
_USER_SPACE = lazy_pattern(
    r"(?i)(?:(?!perf-)[\w-]+-tools?|[\w-]*utils|\w+progs|[\w-]+-(?:cli|lib|testsuite|unit-tests)"
    r"|(?:blk|x?fs)tests|lib(?!ata|bpf|crypto|nvdimm|perf)\w{2,}|gha[dtu][\w/]+|iproute2|kmod|ndctl"
    r"|i-g-t|igt|pynfs|man-pages)(?:-dev|-next)?"
)
"""Names of user-space projects in subject prefixes, such as [PATCH nfs-utils]."""
_LIST_HOST = lazy_pattern(r"(?:^|\.)(?:(?:lists?|listserv)\.[\w.-]+|googlegroups\.com)$")
_LIST_ADDRESS = lazy_pattern(r"[-_.](?:devel|dev|lists?|pdl)@")
_LIST_TITLE = lazy_pattern(r"@|\b(?:mailing|lists?|ml)\b")
"""What is in the name of a list, and in no person's."""


def detect(tree: Tree | None, patches: Iterable[Patch] = ()) -> Project:
    """Detect the project of a tree or of patches.

    A tree's project is detected by its files. Without a tree, the project is detected by the lists
    and paths of the patches. If none is detected, return the default project. If all patches have
    the same subject prefix, it may select a project that inherits from the detected one.
    """
    members = list(patches)
    project = project_of_tree(tree) if tree is not None else _detect_by_patches(members)
    return find_layered(project or default_project(), [patch.subject.words for patch in members])


def find_layered(project: Project, prefixes: Sequence[Sequence[str]]) -> Project:
    """Return the inheriting project that every subject prefix selects, such as [PATCH net-next].

    If there is none, return the given project.
    """
    for candidate in projects().values():
        if (
            candidate.inherits == project.name
            and prefixes
            and all(
                {word.lower() for word in prefix}.intersection(candidate.subject_prefixes)
                for prefix in prefixes
            )
        ):
            return candidate
    return project


def project_of_tree(tree: Tree) -> Project | None:
    """Return the project identified by a tree's files, or None if it is unknown."""
    for project in _candidates():
        if any(all(map(tree.exists, paths)) for paths in project.tree_has):
            return project
    return None


def _candidates() -> list[Project]:
    """Return the projects. Inheriting ones are first, because their files are more specific."""
    return sorted(projects().values(), key=lambda project: -len(project.lineage))


def _detect_by_patches(patches: Sequence[Patch]) -> Project | None:
    """Detect the project of patches by their lists, stable list or files."""
    # an absolute path is where a file is on this machine, and no path in a tree
    paths = [path for patch in patches for path in patch.paths if not path.startswith("/")]
    addresses = {
        address.key
        for patch in patches
        for name in ("To", "Cc")
        for address in patch.addresses(name)
    }
    addresses |= {tag.address.key for patch in patches for tag in patch.tags("Cc") if tag.address}
    default = default_project()
    for project in _candidates():
        if project is default or (project.inherits and not project.paths_pattern):
            continue
        if (addresses & _uninherited_lists(project) and not _is_elsewhere(project, addresses)) or (
            project.paths_pattern and any(map(re.compile(project.paths_pattern).search, paths))
        ):
            return project
    is_other = not any(map(re.compile(default.paths_pattern).search, paths)) and (
        not all(map(_SHARED_PATH.search, paths))
        or any(_USER_SPACE.fullmatch(word) for patch in patches for word in patch.subject.words)
    )
    return find_project(OTHER) if is_other else None


def _is_elsewhere(project: Project, addresses: set[str]) -> bool:
    """Return whether an address shows that the patches belong to another project.

    This is the case if an address on another project's host is not one of this project's lists. If
    this project's lists are on another project's host, an address that looks like the other
    project's list is sufficient.
    """
    lists = _uninherited_lists(project)
    other_addresses = addresses - lists
    known_lists = [
        candidate for candidate in projects().values() if project.name not in candidate.lineage
    ]
    return _is_on_list_host(other_addresses, known_lists) or (
        _is_on_list_host(addresses & lists, known_lists)
        and any(
            candidate.lists.pattern and re.search(candidate.lists.pattern, address)
            for candidate in known_lists
            for address in other_addresses
        )
    )


def _is_on_list_host(addresses: Iterable[str], projects: Iterable[Project]) -> bool:
    hosts = {address.rpartition("@")[2] for address in addresses}
    return any(hosts & set(project.lists.hosts) for project in projects)


def _uninherited_lists(project: Project) -> set[str]:
    lists = {*project.lists.main, project.lists.stable}
    inherited = projects()[project.inherits].lists if project.inherits else None
    return lists - ({*inherited.main, inherited.stable} if inherited else set()) - {""}


def is_list(address: Address) -> bool:
    """Return whether an address in a header is a mailing list.

    It is one if its host has lists, or if it looks like a project's list and has no person's name:
    linux@example.org may be a maintainer's address.
    """
    if "list:" in address.name.lower() or is_on_list_host(address.email):
        return True
    email = address.email.lower()
    return not _is_called_otherwise(address) and (
        bool(_LIST_ADDRESS.search(email))
        or any(
            project.lists.pattern and re.search(project.lists.pattern, email)
            for project in projects().values()
        )
    )


def _is_called_otherwise(address: Address) -> bool:
    """Return whether an address has a name that is not its own, and not a list's."""
    name = address.name.lower()
    words, local = (re.sub(r"\W|_", "", it) for it in (name, address.email.partition("@")[0]))
    return bool(words) and words not in local.lower() and not _LIST_TITLE.search(name)


def is_on_list_host(email: str) -> bool:
    """Return whether an address is certainly a mailing list, because a project file names it or its
    host has only lists.

    An address that only looks like a list may belong to a maintainer, such as linux@example.org.
    """
    lower_email = email.lower()
    host = lower_email.rpartition("@")[2]
    return bool(_LIST_HOST.search(host)) or any(
        any(f".{host}".endswith(f".{list_host}") for list_host in project.lists.hosts)
        or lower_email in (*project.lists.main, project.lists.stable, project.lists.regressions)
        for project in projects().values()
    )


_SUBSYSTEMS_NOT_INHERITED = (
    "title",
    "inherits",
    "sections",
    "lists",
    "paths",
    "not_paths",
)
SHARED = ("Documentation/devicetree/bindings/", "MAINTAINERS", "include/dt-bindings/")
"""Files that patches to any subsystem may touch in addition to its own."""


def subsystems() -> Mapping[str, Subsystem]:
    """Return all subsystems by name.

    Raise PackError with the file and the invalid key.
    """
    return _subsystems(user_folder(), _tree_files())


@cache
def _subsystems(folder: str, files: tuple[TreeFile, ...]) -> Mapping[str, Subsystem]:
    tables = _resolve_tables(own_tables(Path(folder), "subsystems", Subsystem, files))
    return {name: _subsystem(name, table) for name, table in tables.items()}


def _resolve_tables(user_tables: Own) -> Mapping[str, Table]:
    """Return the complete tables of all subsystems. The shipped ones are validated by the tests."""
    merged_tables = dict(read_shipped_tables("subsystems"))
    labels = {name: f"subsystems/{name}.toml" for name in merged_tables}
    for name, (file, table) in user_tables.items():
        merged_tables[name] = override_table(merged_tables.get(name, {}), table)
        labels[name] = file
    tables = {}
    for name, table in merged_tables.items():
        parent = str(table.get("inherits", ""))
        if parent and (parent not in merged_tables or merged_tables[parent].get("inherits")):
            raise PackError(
                f"{labels[name]}: inherits = {parent!r} names no subsystem that inherits nothing"
                " itself",
                hint=suggest_valid_words("name", parent, sorted(merged_tables)),
            )
        if "title" not in table:
            raise PackError(f"{labels[name]}: missing key 'title'")
        base = {
            key: value
            for key, value in merged_tables.get(parent, {}).items()
            if key not in _SUBSYSTEMS_NOT_INHERITED
        }
        tables[name] = override_table(base, table)
    return tables


def _subsystem(name: str, table: Mapping[str, Any]) -> Subsystem:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return Subsystem(name, **values)


def subsystem_of_path(path: str) -> Subsystem | None:
    """Return the subsystem with the longest path that matches this file, or None."""
    by_path = _paths(user_folder(), _tree_files())
    parts = (path[:end] for end in range(len(path), 0, -1))
    names = (name for part in parts for name in (part, f"{part}*"))
    return next((by_path[name] for name in names if name in by_path), None)


@cache
def _paths(folder: str, files: tuple[TreeFile, ...]) -> Mapping[str, Subsystem | None]:
    """Map the paths of a folder's subsystems to the subsystems.

    A path is a file, a directory (ending with "/") or a prefix (ending with "*").
    """
    all_subsystems = _subsystems(folder, files).values()
    left_out = {path: None for subsystem in all_subsystems for path in subsystem.not_paths}
    return left_out | {path: subsystem for subsystem in all_subsystems for path in subsystem.paths}


def subsystem_of(
    patch: Patch, sections: Callable[[Sequence[str]], Iterable[str]] = tuple
) -> Subsystem | None:
    """Return a patch's subsystem, or None.

    It is determined by the patch's files. If they have none, it is determined by their sections in
    MAINTAINERS, and finally by the patch's list if there is only one. `sections` returns the names
    of the files' sections if there is a tree. Bindings and MAINTAINERS are ignored if the patch
    changes other files.
    """
    all_subsystems = subsystems()
    paths = [path for path in patch.paths if not path.startswith(SHARED)] or [
        path for path in patch.paths if path != "MAINTAINERS"
    ]
    matches = {subsystem.name if (subsystem := subsystem_of_path(path)) else "" for path in paths}
    if matches != {""}:
        return all_subsystems[matches.pop()] if len(matches) == 1 else None
    of_files = set(sections(paths))
    lists = {
        address.key
        for name in ("To", "Cc")
        for address in patch.addresses(name)
        if is_list(address)
    }
    lists.difference_update(default_project().lists.catch_all)
    candidates = [
        subsystem
        for subsystem in all_subsystems.values()
        if not any(path.startswith(subsystem.not_paths) for path in paths)
    ]
    by_section = {
        subsystem.name for subsystem in candidates if of_files.intersection(subsystem.sections)
    }
    by_list = {
        subsystem.name
        for subsystem in candidates
        if len(lists) == 1 and lists.issubset(subsystem.lists)
    }
    return next(
        (all_subsystems[names.pop()] for names in (by_section, by_list) if len(names) == 1),
        None,
    )


def apply_subsystem_rules(project: Project, patches: Iterable[Patch]) -> Project:
    """Override a project's waiting times and cover letter rule with the rules of the patches'
    common subsystem.
    """
    patch_subsystems = (
        [subsystem_of(patch) for patch in patches if patch.has_diff] if project.kernel else []
    )
    if len({subsystem.name if subsystem else "" for subsystem in patch_subsystems}) == 1:
        subsystem = patch_subsystems[0]
    else:
        subsystem = None
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
    """Return the shortest time, in days, before a reminder in any project or subsystem."""
    return min(
        *(project.mail.waiting_days for project in projects().values()),
        *(subsystem.ping_days for subsystem in subsystems().values() if subsystem.ping_days),
    )
