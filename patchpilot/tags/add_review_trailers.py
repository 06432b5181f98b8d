# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `trailers` command: add reviewers' tags to the commits that they belong to."""

from collections.abc import Callable
from dataclasses import dataclass

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.tags.review_trailers import (
    CollectedTags,
    TagChoice,
    TrailersRequest,
    find_review_trailers,
    save_answers,
)
from patchpilot.topic.message_changes import Confirm, write_messages


@dataclass(frozen=True, slots=True)
class TagDecisions:
    """The tags that the user accepted or refused; other tags stay open.

    A tag that its commit has is accepted if it still holds.
    """

    accepted: tuple[TagChoice, ...] = ()
    refused: tuple[TagChoice, ...] = ()


Choose = Callable[[CollectedTags], TagDecisions]


def add_review_trailers(
    repository: Repository,
    request: TrailersRequest,
    *,
    store: Store | None = None,
    choose: Choose | None = None,
    confirm: Confirm = lambda _: True,
    progress: Progress = ignore_progress,
) -> CollectedTags:
    """Add the tags that reviewers gave to a tracked series to the topic's commits.

    `choose` decides about each tag; refused tags, and tags that hold although their patch changed,
    are saved with the topic. The network is not used; `track update` fetches new replies. Raise
    `MissingError` if the topic's series is not tracked or not in an archive yet.
    """
    if store is None:
        with Store() as opened_store:
            return add_review_trailers(
                repository,
                request,
                store=opened_store,
                choose=choose,
                confirm=confirm,
                progress=progress,
            )
    result = find_review_trailers(repository, request, store=store, progress=progress)
    chosen = TagDecisions(tuple(choice for choice in result.choices if not choice.why))
    if choose and result.choices:
        chosen = choose(result)
        result = result.with_tags(chosen.accepted)
    if not request.dry_run:
        kept = [choice for choice in chosen.accepted if choice.is_changed]
        save_answers(repository, request, chosen.refused, kept)
    preparation = write_messages(
        repository,
        result.preparation,
        "trailers",
        dry_run=request.dry_run,
        overrides=request.overrides,
        confirm=confirm,
    )
    return result._replace(preparation=preparation)
