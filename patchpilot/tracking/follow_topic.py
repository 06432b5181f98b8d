# SPDX-License-Identifier: GPL-2.0-or-later
"""List, update, add and remove tracked series for the CLI and the TUI.

The functions here mark the series of the current topic.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple

from patchpilot.archive.track_store import Store, TrackEntry, default_store_file
from patchpilot.commits.repository import Repository
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.resources import TOPIC_DATABASE, state_path
from patchpilot.settings.read_settings import read_settings
from patchpilot.threads import known_series
from patchpilot.threads.stable_requests import REQUESTS
from patchpilot.threads.tracked import Tracked
from patchpilot.topic.own_archive import make_archive_opener
from patchpilot.topic.state import (
    TopicState,
    find_topic_state,
    mark_current_topic,
)
from patchpilot.tracking import follow_series, update_series
from patchpilot.tracking.compare_versions import (
    RevisionComparison,
    compare_revisions,
)
from patchpilot.tracking.poll_archives import UpdateRequest
from patchpilot.tracking.stable_reports import sign_stable_reports


@json_form()
class FollowedSeries(NamedTuple):
    """The tracked series, and the state of the current topic, if any."""

    series: tuple[Tracked, ...]
    topic: TopicState | None = None


@json_form()
class RemovedSeries(NamedTuple):
    """The result of `track remove`, with the removed series; its `series` is empty."""

    series: tuple[Tracked, ...]
    removed: TrackEntry


class StoreState(NamedTuple):
    """The Message-IDs of the tracked series, and what is reported about a fix on stable branches
    (see `sign_stable_reports`).
    """

    ids: frozenset[str]
    reports: str


def read_store_timestamps() -> tuple[int, ...]:
    """Return a value that changes with every write to the store's or the outbox's files, and with
    every mark that something was sent.

    It consists of their modification times.
    """
    files, timestamps = (default_store_file(), state_path() / TOPIC_DATABASE), []
    logs = (file.with_name(f"{file.name}-wal") for file in files)
    for path in (*files, *logs, state_path() / REQUESTS):
        with suppress(OSError):
            timestamps.append(path.stat().st_mtime_ns)
    return tuple(timestamps)


def read_store_state(
    reports: str, open_repository: Callable[[], AbstractContextManager[Repository]]
) -> StoreState:
    """Return what is stored; `reports` is what was reported about a fix before, or ""."""
    with Store() as store:
        ids = frozenset(entry.message_id for entry in store.entries())
    if not reports:
        return StoreState(ids, "")
    with open_repository() as repository:
        return StoreState(ids, sign_stable_reports(reports, repository=repository))


def read_followed_series(
    repository: Repository,
    target: str | None,
    base: str | None,
    *,
    first: int = 0,
    progress: Progress = ignore_progress,
) -> FollowedSeries:
    """Return the tracked series from the local store.

    Read only the messages of the topic's series and of the series with the number `first`. Use
    `read_series` to read the messages of another series.
    """
    with Store() as store:
        series = known_series.read_all_series(
            store=store, repository=repository, whole=False, progress=progress
        )
        return _add_topic_state(series, repository, target, base, store, first)


def fetch_followed_series(
    repository: Repository,
    target: str | None,
    base: str | None,
    *,
    fresh: bool = False,
    on_stored: Callable[[FollowedSeries], None] | None = None,
    first: int = 0,
    progress: Progress = ignore_progress,
) -> FollowedSeries:
    """Fetch new messages from the archives, and return the tracked series.

    `fresh` bypasses the cache. Before the update, `on_stored` is called twice: with only the series
    `first`, if it exists, and then with all series in the local store.
    """
    with Store() as store:
        if on_stored and first in {entry.id for entry in store.entries()}:
            first_series = known_series.read_tracked_series(first, store=store, progress=progress)
            on_stored(FollowedSeries((first_series,)))
        if on_stored:
            series = known_series.read_all_series(
                store=store, repository=repository, whole=False, progress=progress
            )
            on_stored(_add_topic_state(series, repository, target, base, store, first))
        series = update_series.update_tracked_series(
            UpdateRequest(fresh=fresh, whole=False),
            store=store,
            archive_at=make_archive_opener(directory=repository.top),
            repository=repository,
            progress=progress,
        )
        return _add_topic_state(series, repository, target, base, store, first)


def _add_topic_state(
    series: tuple[Tracked, ...],
    repository: Repository,
    target: str | None,
    base: str | None,
    store: Store,
    first: int,
) -> FollowedSeries:
    topic = find_topic_state(repository, target, base=base, store=store, tracked_series=series)
    # the next step depends on the messages
    shown = {first, topic.series.entry.id if topic and topic.series else 0}
    with_messages = [
        known_series.add_series_mails(tracked_series, store, repository)
        if tracked_series.own or tracked_series.entry.id in shown
        else tracked_series
        for tracked_series in series
    ]
    return FollowedSeries(mark_current_topic(with_messages, topic), topic)


def read_series(
    number: int, repository: Repository, progress: Progress = ignore_progress
) -> Tracked:
    """Return a tracked series with its messages from the local store.

    Raise `UsageError` if the series is no longer tracked.
    """
    with Store() as store:
        return known_series.read_tracked_series(
            number, store=store, repository=repository, progress=progress
        )


def compare_series_revisions(number: int, names: Sequence[str]) -> RevisionComparison:
    """Return the range-diff between two versions of a tracked series; see `compare_revisions`."""
    with Store() as store:
        return compare_revisions(number, names, store=store)


def mark_mails_read(message_ids: Collection[str]) -> None:
    with Store() as store:
        store.mark_read(message_ids)


def track_series(
    repository: Repository, target: str, file: Path | None = None
) -> tuple[int, str | None]:
    """Track the series with this Message-ID or archive URL, or the series in a file of messages.

    Return its number, or 0, and the topic of a request to the stable maintainers, which is the
    mainline commit if the repository has it. A bounce or moderation notice in the file is stored
    with the series that it is about.
    """
    with Store() as store:
        if file:
            added = follow_series.track_series_in_mbox(
                file, None, store=store, repository=repository, progress=ignore_progress
            )
        else:
            added = follow_series.track_named_series(
                target,
                lore=read_settings(repository).get("lore"),
                store=store,
                archive_at=make_archive_opener(directory=repository.top),
                repository=repository,
                progress=ignore_progress,
            )
    if not added:
        return 0, None
    posted = added[-1].posted
    commit = posted.commit_for_branches if posted and posted.is_discussion else ""
    return added[-1].entry.id, commit if commit and repository.find(commit) else None


def remove_series(number: int) -> None:
    with Store() as store:
        store.remove(number)
