# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `trailers`: the tags that reviewers gave, written into the commits they were given for."""  # noqa: E501

from dataclasses import replace

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.model.progress import Progress, silent
from patchpilot.topic.message_changes import Confirm, write_messages
from patchpilot.topic.review_trailers import (
    Collected,
    TrailersRequest,
    find_review_trailers,
)


def add_review_trailers(
    repository: Repository,
    request: TrailersRequest,
    *,
    store: Store | None = None,
    confirm: Confirm = lambda _: True,
    progress: Progress = silent,
) -> Collected:
    """Add the tags credited to the tracked series of TARGET's topic.

    MissingError when the topic's series is not followed, or no archive has it yet. Nothing is asked
    of the network: see `track update`.
    """
    if store is None:
        with Store() as opened:
            return add_review_trailers(
                repository, request, store=opened, confirm=confirm, progress=progress
            )
    found = find_review_trailers(repository, request, store=store, progress=progress)
    done = write_messages(
        repository,
        found.preparation,
        "trailers",
        dry_run=request.dry_run,
        overrides=request.overrides,
        confirm=confirm,
    )
    return replace(found, preparation=done)
