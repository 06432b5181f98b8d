# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect the project to which a tree or a patch belongs."""

import re
from collections.abc import Iterable, Sequence

from patchpilot.cache.cached_re import compile_late
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import default_project, projects
from patchpilot.projects.project import Project

_LIST_HOST = compile_late(r"(?:^|\.)lists?\.[\w.-]+$")


def detect(tree: Tree | None, patches: Iterable[Patch] = ()) -> Project:
    """Detect the project of a tree by its files or, without a tree, by the lists and paths of the
    patches.

    Return the default project if neither decides. A subject prefix shared by all patches may select
    a project that inherits from the detected one.
    """
    members = list(patches)
    project = project_of_tree(tree) if tree is not None else _detect_by_patches(members)
    return find_layered(
        project or default_project(), [patch.subject.words for patch in members]
    )


def find_layered(project: Project, prefixes: Sequence[Sequence[str]]) -> Project:
    """Return the inheriting project that all these subject prefixes name ([PATCH net-next]).

    Return the project itself if there is none.
    """
    for heir in projects().values():
        words = set(heir.subject_prefixes)
        if (
            heir.inherits == project.name
            and words
            and prefixes
            and all({word.lower() for word in prefix} & words for prefix in prefixes)
        ):
            return heir
    return project


def project_of_tree(tree: Tree) -> Project | None:
    """Return the project to which the files of a tree belong, or None if it is unknown."""
    for project in _candidates():
        if any(all(tree.exists(path) for path in paths) for paths in project.tree_has):
            return project
    return None


def _candidates() -> list[Project]:
    """Return the projects, inheriting ones first, because their files are more specific."""
    return sorted(projects().values(), key=lambda project: -len(project.lineage))


def _detect_by_patches(patches: Sequence[Patch]) -> Project | None:
    """Return the project of patches without a tree, by their lists, stable list or files."""
    paths = [path for patch in patches for path in patch.paths]
    addresses = {
        address.key
        for patch in patches
        for name in ("To", "Cc")
        for address in patch.addresses(name)
    }
    addresses |= {
        tag.address.key for patch in patches for tag in patch.tags("Cc") if tag.address
    }
    for project in _candidates():
        if not project.paths_pattern and (
            project.inherits or project is default_project()
        ):
            continue
        if addresses & _uninherited_lists(project) and not _is_elsewhere(
            project, addresses
        ):
            return project
        if project.paths_pattern and any(
            map(re.compile(project.paths_pattern).search, paths)
        ):
            return project
    return None


def _is_elsewhere(project: Project, addresses: Iterable[str]) -> bool:
    """Return whether any of these lists is on another project's host, which only gets copies.

    A project whose list is on such a host must be the only one with a named list.
    """
    lists = _uninherited_lists(project)
    own = [address for address in addresses if address in lists]
    others = [address for address in addresses if address not in lists]
    known = [it for it in projects().values() if project.name not in it.lineage]
    guests = _is_on_list_host(own, known)
    return _is_on_list_host(others, known) or (
        guests
        and any(
            it.lists.pattern and re.search(it.lists.pattern, address)
            for it in known
            for address in others
        )
    )


def _is_on_list_host(addresses: Iterable[str], projects: Iterable[Project]) -> bool:
    """Return whether any of these addresses is on a list host of these projects."""
    hosts = {address.rpartition("@")[2] for address in addresses}
    return any(hosts & set(project.lists.hosts) for project in projects)


def _uninherited_lists(project: Project) -> set[str]:
    """Return a project's lists except inherited ones."""
    lists = {*project.lists.main, project.lists.stable}
    above = projects()[project.inherits].lists if project.inherits else None
    return lists - ({*above.main, above.stable} if above else set()) - {""}


def is_list_address(email: str) -> bool:
    """Return whether an address looks like a mailing list.

    It may be a list of a project, be on a host that carries a project's lists, or be on any host
    called lists.
    """
    lowered = email.lower()
    return is_on_list_host(email) or any(
        project.lists.pattern and re.search(project.lists.pattern, lowered)
        for project in projects().values()
    )


def is_on_list_host(email: str) -> bool:
    """Return whether an address is certainly a mailing list: on a list host, or in a project's
    file.

    An address that merely looks like a list may be a maintainer's, such as linux@example.org.
    """
    lowered = email.lower()
    host = lowered.rpartition("@")[2]
    return bool(_LIST_HOST.search(host)) or any(
        any(
            host == other or host.endswith(f".{other}") for other in project.lists.hosts
        )
        or lowered
        in (*project.lists.main, project.lists.stable, project.lists.regressions)
        for project in projects().values()
    )
