# SPDX-License-Identifier: GPL-2.0-or-later
"""Which project a tree or a patch is of."""

import re
from collections.abc import Iterable, Sequence

from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import projects
from patchpilot.projects.project import Project


def detect(tree: Tree | None, patches: Iterable[Patch] = ()) -> Project:
    """The project of a tree by its files; without one, by lists and paths of the patches; linux when nothing decides.

    A subject prefix that all patches share may name a project that inherits from it.
    """
    members = list(patches)
    found = _by_tree(tree) if tree is not None else _by_patches(members)
    return layered(found or projects()["linux"], [patch.subject.words for patch in members])


def layered(project: Project, prefixes: Sequence[Sequence[str]]) -> Project:
    """The project that inherits from this one and that all these subject prefixes name ([PATCH net-next]); else the project itself."""
    for one in projects().values():
        words = set(one.subject_prefixes)
        if one.inherits == project.name and words and prefixes and all({word.lower() for word in each} & words for each in prefixes):
            return one
    return project


def _by_tree(tree: Tree) -> Project | None:
    for project in projects().values():
        if any(all(tree.exists(path) for path in paths) for paths in project.tree_has):
            return project
    return None


def _by_patches(patches: Sequence[Patch]) -> Project | None:
    """The project that patches without a tree are for: by the lists they go to, the stable trees they name, or what they touch."""
    paths = [path for patch in patches for path in patch.paths]
    addresses = {address.key for patch in patches for name in ("To", "Cc") for address in patch.addresses(name)}
    addresses |= {tag.address.key for patch in patches for tag in patch.tags("Cc") if tag.address}
    if any(address.endswith("@vger.kernel.org") for address in addresses):
        # other projects' lists read along there
        addresses = set()
    for project in projects().values():
        if (
            not project.inherits
            and project.paths_pattern
            and (addresses & {*project.lists.main, project.lists.stable} or any(map(re.compile(project.paths_pattern).search, paths)))
        ):
            return project
    return None
