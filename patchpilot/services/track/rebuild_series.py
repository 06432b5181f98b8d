# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track rebuild`: fetches the messages of tracked series again.

The fetched messages replace the stored ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from patchpilot.archive.archive import LORE
from patchpilot.archive.collect_mails import Gathered, status_of
from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, NetworkError
from patchpilot.model.action import Action
from patchpilot.model.progress import Progress, silent
from patchpilot.reading.mbox import unique
from patchpilot.reading.status import read_thread
from patchpilot.topic.followed.follow_series import (
    from_archive,
    from_mbox,
    numbered,
    own_mails,
)
from patchpilot.topic.followed.known_series import (
    Tracked,
    is_undisclosed,
    moment_of,
    shown_series,
)
from patchpilot.topic.followed.poll_archives import ArchiveAt, Archives


def rebuild(
    numbers: Sequence[int],
    *,
    lore: str | None = None,
    store: Store,
    archive_at: ArchiveAt,
    repository: Repository | None = None,
    progress: Progress = silent,
) -> tuple[Tracked, ...]:
    """Fetches all messages of the given tracked series (by default of all series) again.

    The numbers and sources of the series, the read state of messages and the states of review
    requests are kept, and so are messages that are missing from the source. A series whose
    source does not answer is not changed and is marked `unreachable`; if its stored messages
    are damaged, `NetworkError` is raised.
    """
    entries = (
        [store.entry(number) for number in numbers]
        if numbers
        else list(store.entries())
    )
    archives = Archives(archive_at)
    store.back_up()
    if not numbers:
        store.forget_passed_over()
    return tuple(
        _rebuilt(
            entry,
            lore,
            store,
            archives,
            repository,
            numbered(progress, at, len(entries)),
        )
        for at, entry in enumerate(entries, 1)
    )


def _rebuilt(
    entry: TrackEntry,
    lore: str | None,
    store: Store,
    archives: Archives,
    repository: Repository | None,
    progress: Progress,
) -> Tracked:
    known, damaged = store.readable_mails(entry.id)
    found, troubles, failure = _fetched(entry, lore, store, archives, progress)
    there = {mail.message_id for mail in found}
    saved = store.from_backups(set(damaged) - there)
    lost = [
        message_id
        for message_id in damaged
        if message_id not in there and message_id not in saved
    ]
    if failure and lost:
        raise failure
    if failure and not found and not saved:
        return replace(
            shown_series(entry, store, repository, progress),
            troubles=troubles,
            unreachable=isinstance(failure, NetworkError),
        )
    if lost:
        troubles = (
            *troubles,
            f"damaged, and neither in the archive nor in a backup: {', '.join(lost)}",
        )
    mails = unique((*found, *known, *saved.values()))
    status = status_of(
        entry.message_id,
        read_thread(
            mails,
            now=moment_of(entry, store),
            reader=store.reader,
            anchor=entry.message_id,
        ),
    )
    subject = status.topic.subject if status else entry.subject
    new = store.replace_mails(
        entry.id, subject, mails, seen=own_mails(status) if status else ()
    )
    shown = shown_series(store.entry(entry.id), store, repository, progress, status)
    return replace(
        shown, new=new, troubles=troubles, unreachable=isinstance(failure, NetworkError)
    )


def _fetched(
    entry: TrackEntry,
    lore: str | None,
    store: Store,
    archives: Archives,
    progress: Progress,
) -> Gathered:
    """The mails that the series' source has, what was left out, and why not all could be read."""
    if is_undisclosed(entry, store) and not entry.mbox:
        return Gathered((), ("undisclosed: no archive is queried",))
    url = (
        None
        if is_undisclosed(entry, store)
        else lore or entry.lore or (None if entry.mbox else LORE)
    )
    if url is None:
        return _from_file(Path(entry.mbox or ""), entry, store, progress)
    try:
        return from_archive(entry, url, archives, (), True, store, progress)[0]
    except NetworkError as error:
        return Gathered((), (error.message,), error)


def _from_file(
    path: Path, entry: TrackEntry, store: Store, progress: Progress
) -> Gathered:
    if not path.is_file():
        problem = MissingError(
            f"{path} no longer exists",
            hint=Action(
                "track",
                ("rebuild", str(entry.id), "--lore", LORE),
                "restore the file, or read the series from an archive: `{}`",
            ),
        )
        return Gathered((), (problem.message,), problem)
    return from_mbox(entry, path, (), store, progress)
