# SPDX-License-Identifier: GPL-2.0-or-later
"""The commits of a topic as patches."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.commits.range import commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.model.commit import Commit
from patchpilot.model.patch import Patch
from patchpilot.model.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class TopicPatches:
    """A topic's patches, oldest first, and whether a merge among its commits was skipped."""

    patches: tuple[Patch, ...]
    has_merge: bool = False


def topic_patches(
    repository: Repository,
    commits: Sequence[Commit],
    target: str | None,
    progress: Progress = silent,
) -> TopicPatches:
    """Return the patches of these commits.

    Merges are only searched for if no TARGET names the commits.
    """
    patches = []
    for number, commit in enumerate(commits):
        progress("reading the commits", number, len(commits))
        patches.append(commit_patch(repository, commit.id))
    merge = not target and repository.rev_list(
        "--merges", "--max-count=1", f"{commits[0].id}^..HEAD"
    )
    return TopicPatches(tuple(patches), bool(merge))
