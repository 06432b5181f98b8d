# SPDX-License-Identifier: GPL-2.0-or-later
"""The trees that MAINTAINERS names (T:) for the files of some commits, as branches of this clone."""  # noqa: E501

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import PatchpilotError
from patchpilot.maintainers import load
from patchpilot.maintainers.match import match
from patchpilot.outgoing.target_tree import remote_of


def listed_branches(repository: Repository, start: str, head: str) -> frozenset[str]:
    """The remote branches, by name, that are the trees for what `start..head` touches.

    None where there is no MAINTAINERS.
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
