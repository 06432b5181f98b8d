# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepare the draft of the next version, with the tags that its commits do not get."""

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.draft import Draft
from patchpilot.tags.review_trailers import CollectedTags, TrailersRequest, find_review_trailers
from patchpilot.topic.reroll import prepare_next_version


def find_thread_tags(
    repository: Repository, target: str | None, base: str | None
) -> CollectedTags | None:
    """Return the tags given to the earlier versions that the commits lack.

    Return None if they are not known, for example because the series is not tracked.
    """
    try:
        with Store() as store:
            return find_review_trailers(repository, TrailersRequest(target, base), store=store)
    except PatchpilotError:
        return None


def prepare_next_draft(
    repository: Repository, draft: Draft, target: str | None = None, base: str | None = None
) -> Draft:
    """Return the draft of `prepare_next_version`.

    Its changelog also names the tags that are not carried over, unless the draft is not of TARGET.
    """

    def list_held_tags() -> list[str]:
        if target is None and draft.branch != repository.branch:
            return []
        tags = find_thread_tags(repository, target, base)
        return [f"drop {tag.trailer}: {tag.why}" for tag in tags.held] if tags else []

    return prepare_next_version(draft, repository, list_held_tags)
