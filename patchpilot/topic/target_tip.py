# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the branch tip to which a topic's patches should apply.

Used for "applies to …" in the commit stage, and by checks before sending.
"""

from collections.abc import Sequence

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.outgoing.target_tree import TargetTree, remote_of
from patchpilot.topic.topic_base import find_apply_base


def find_target_tree(
    repository: Repository,
    ids: Sequence[str],
    base_name: str | None,
    trees: Sequence[str] = (),
) -> TargetTree | None:
    """Return the tree to which the commits should apply, or None.

    It is the remote whose URL is a `T:` entry of the patch's subsystem, otherwise the branch that
    the base search finds. The checked-out branch is only possible for patch files (no `ids`),
    because it contains the topic's commits.
    """
    for tree in trees:
        if remote := remote_of(repository, tree):
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
