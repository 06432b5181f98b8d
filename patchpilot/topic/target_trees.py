# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the trees that MAINTAINERS lists (T:) for some commits.

They are looked up for the files of these commits, and returned as branches of this clone.
"""

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import PatchpilotError
from patchpilot.maintainers import load
from patchpilot.maintainers.match import match
from patchpilot.outgoing.target_tree import remote_of


def listed_branches(repository: Repository, start: str, head: str) -> frozenset[str]:
    """Return the names of the remote branches that are trees for the files of `start..head`.

    Empty if there is no MAINTAINERS file.
    """
    paths = [file.path for file in repository.changed_files(start, head)]
    try:
        sections = match(load(CommitTree(repository, head)), paths)
    except PatchpilotError:
        return frozenset()
    trees = dict.fromkeys(
        tree for section in sections for tree in section.section.trees
    )
    return frozenset(
        remote.label for tree in trees if (remote := remote_of(repository, tree))
    )
