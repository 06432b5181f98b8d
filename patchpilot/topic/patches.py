# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the commits of a topic as patches."""

from collections.abc import Sequence

from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.model.commit import Commit
from patchpilot.model.patch import Patch
from patchpilot.model.progress import Progress


def read_topic_patches(
    repository: Repository,
    commits: Sequence[Commit],
    target: str | None,
    progress: Progress,
) -> tuple[tuple[Patch, ...], bool]:
    """Return the patches of these commits, and whether there is a merge among them, which has no
    patch.

    If a TARGET names the commits, merges are not searched for.
    """
    patches = []
    for number, commit in enumerate(commits):
        progress("reading the commits", number, len(commits))
        patches.append(format_commit_patch(repository, commit.id))
    merges = not target and repository.rev_list(
        "--merges", "--max-count=1", f"{commits[0].id}^..HEAD"
    )
    return tuple(patches), bool(merges)
