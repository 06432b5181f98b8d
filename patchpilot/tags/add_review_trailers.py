# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `trailers` command: add reviewers' tags to the commits that they belong to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.tags.review_trailers import (
    CollectedTags,
    TagChoice,
    TrailersRequest,
    find_review_trailers,
    save_answers,
)
from patchpilot.topic.message_changes import Confirm, Preparation, write_messages


@dataclass(frozen=True, slots=True)
class TagDecisions:
    """The tags that the user accepted or refused; other tags stay open.

    A tag that its commit has is accepted if it still holds, and removed if it is refused.
    """

    accepted: tuple[TagChoice, ...] = ()
    refused: tuple[TagChoice, ...] = ()

    def __str__(self) -> str:
        """Count the accepted and the removed tags."""
        counts = {
            "accepted": len(self.accepted),
            "removed": sum(choice.in_commit for choice in self.refused),
        }
        parts = [f"{verb} {format_count(count, 'tag')}" for verb, count in counts.items() if count]
        return ", ".join(parts) or "no tag changed"


def decide_ticked(choices: Iterable[TagChoice], ticks: Iterable[bool]) -> TagDecisions:
    """Accept the ticked tags, refuse the others in the commits, and leave the rest open."""
    pairs = list(zip(choices, ticks, strict=True))
    return TagDecisions(
        tuple(choice for choice, is_ticked in pairs if is_ticked),
        tuple(choice for choice, is_ticked in pairs if choice.in_commit and not is_ticked),
    )


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

    `choose` decides about each tag; tags that must not be added, and tags that hold although their
    patch changed, are saved with the topic. The network is not used; `track update` fetches new
    replies. Raise `MissingError` if the topic's series is not tracked or not in an archive yet.
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
        result = result.with_tags(chosen.accepted, chosen.refused)

    def save(preparation: Preparation) -> bool:
        """Save the answers, unless the user does not want the messages to be written."""
        if is_wanted := not preparation.changed or confirm(preparation):
            kept = [choice for choice in chosen.accepted if choice.is_changed]
            # a reviewer may give a removed tag again
            refused = [choice for choice in chosen.refused if not choice.in_commit]
            save_answers(repository, request, refused, kept)
        return is_wanted

    if not (request.dry_run or result.preparation.changed):
        save(result.preparation)
    preparation = write_messages(
        repository,
        result.preparation,
        "trailers",
        dry_run=request.dry_run,
        overrides=request.overrides,
        confirm=save,
    )
    return result._replace(preparation=preparation)
