# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the branch tip to which the patches of a topic should apply.

The TUI shows it in the commit stage, and the checks before sending use it.
"""

from collections.abc import Sequence

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.outgoing.target_tree import TargetTree, find_remote_tree
from patchpilot.topic.base import find_apply_base


def find_target_tree(
    repository: Repository,
    ids: Sequence[str],
    base_name: str | None,
    trees: Sequence[str] = (),
) -> TargetTree | None:
    """Return the tree to which the commits should apply, or None.

    This is the first tree in `trees` that has been fetched or, if there is none, the branch that
    the search for the base finds. The checked-out branch is returned only for patch files (no
    `ids`), because otherwise it contains the topic's commits.
    """
    for tree in trees:
        if remote := find_remote_tree(repository, tree):
            return remote
    head = repository.find("HEAD")
    try:
        base = find_apply_base(repository, base_name, ids[-1] if ids else None)
    except PatchpilotError:
        base = None
    tip = repository.find(base.branch) if base else None
    if base and tip and (not ids or tip != head):
        return TargetTree(repository.short_name(base.branch) or base.branch, tip)
    return TargetTree(repository.branch or "HEAD", head) if head and not ids else None
