# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits of undisclosed security fixes."""

from contextlib import suppress

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.commit import Commit
from patchpilot.topic.base import list_topic_commits
from patchpilot.topic.read_series import has_drafts


def is_undisclosed_commit(repository: Repository, commit: Commit) -> bool:
    """Return whether a commit is part of a topic that is marked as an undisclosed security fix.

    Drafts know a commit by its author date, which an amended or rebased commit keeps. A commit that
    is newer than its draft is known by its branch.
    """
    if not has_drafts():
        return False
    from patchpilot.series.draft import Drafts

    with Drafts() as drafts:
        undisclosed_drafts = drafts.list_undisclosed(repository.key)
    for draft in undisclosed_drafts:
        if commit.author_time in (patch.authored for patch in draft.patches):
            return True
        if draft.branch and draft.branch == repository.branch:
            with suppress(PatchpilotError):
                return commit.id in list_topic_commits(repository, None)
    return False


def names_undisclosed_commit(repository: Repository, target: str | None) -> bool:
    """Return whether a TARGET, or for None the current topic, has an undisclosed commit."""
    return any(
        is_undisclosed_commit(repository, repository.commit(commit))
        for commit in list_topic_commits(repository, target)
    )


def list_undisclosed_texts() -> tuple[str, ...]:
    """Return texts by which an undisclosed fix of any repository is recognized.

    These are the subjects and commit ids of its patches, and its change-id.
    """
    if not has_drafts():
        return ()
    from patchpilot.series.draft import Drafts

    with Drafts() as drafts:
        undisclosed_drafts = drafts.list_undisclosed()
    texts = {
        text
        for draft in undisclosed_drafts
        for text in (
            draft.change_id,
            *(patch.subject for patch in draft.patches),
            *((patch.commit or "")[:12] for patch in draft.patches),
        )
    }
    return tuple(filter(None, texts))
