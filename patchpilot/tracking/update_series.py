# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement `track update`: query the archives, and read only series with new messages.

If there are none, no module that reads messages is imported.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.archive.archive import make_date_query
from patchpilot.archive.local_archive import REPORT
from patchpilot.archive.open_archive import normalize_archive_address
from patchpilot.archive.poll import PolledSeries
from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.errors import NetworkError, PatchpilotError
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.reading.thread_values import FINAL
from patchpilot.settings.read_settings import read_user_settings
from patchpilot.threads.known_series import (
    add_series_mails,
    read_stored_series,
    report_missing_mails,
)
from patchpilot.threads.same_series import (
    format_merge_note,
    group_same_series,
    merge_entries,
)
from patchpilot.threads.tracked import Tracked
from patchpilot.topic.archive_target import read_archive_address
from patchpilot.topic.own_archive import ArchiveAt
from patchpilot.tracking.poll_archives import (
    Archives,
    PollResult,
    UpdateRequest,
    poll_archives,
)

if TYPE_CHECKING:
    from patchpilot.archive.collect_mails import CollectedMails

_REPORTED = timedelta(days=30)
"""How long a mailbox is searched for reports about a send."""
_SHARE_OF_QUIET = 10
_LONGEST_PAUSE = timedelta(days=30)
"""A finished series is polled after a tenth of the time since its last news, but at least every 30
days.
"""


def update_tracked_series(
    request: UpdateRequest,
    *,
    store: Store,
    archive_at: ArchiveAt,
    repository: Repository | None = None,
    progress: Progress = ignore_progress,
) -> tuple[Tracked, ...]:
    """Fetch and read the new messages of series.

    A few searches per archive find all series with new messages, and only these series are read
    completely. If an archive cannot be reached, its series are returned unchanged and marked
    `unreachable`; all other series are still read.
    """
    request = request._replace(configured=read_archive_address(repository))
    numbers = request.numbers
    archives = Archives(archive_at)
    if request.everything:
        store.clear_irrelevant_ids()
    report_ids, problem = _store_mailbox_reports(store, archives, progress)
    entries = [store.entry(number) for number in numbers] or store.entries()
    previous = {
        entry.id: read_stored_series(entry, store, repository, progress) for entry in entries
    }
    due_numbers = {
        entry.id
        for entry in entries
        if numbers or request.everything or _is_poll_due(previous[entry.id], store.reader.now)
    }
    poll = _poll_series(
        [previous[number] for number in sorted(due_numbers) if not previous[number].undisclosed],
        request,
        store,
        archives,
        progress,
    )
    unread_numbers = (due_numbers - poll.quiet - poll.cached) | {
        number for number, series in previous.items() if series.damaged_ids
    }
    with store.transaction():
        for number in poll.quiet:
            store.note_poll(number)
    from_mboxes: Mapping[int, CollectedMails] = {}
    if unread_numbers:
        from patchpilot.tracking.follow_series import reread_mboxes, reread_series

        unread = [previous[number] for number in sorted(unread_numbers)]
        from_mboxes = reread_mboxes(unread, request, store, progress)
    updated = []
    for entry in entries:
        if entry.id not in unread_numbers:
            entry, series = store.entry(entry.id), previous[entry.id]
            if entry.id in poll.quiet:
                # the archive may receive a message late, so a message is missing only if the
                # archive was queried long enough after sending
                missing = report_missing_mails(entry, frozenset(series.message_ids), store)
                series = replace(series, delivery=(*series.reports, *missing))
            is_cached = entry.id in poll.cached
            updated.append(replace(series, entry=entry, cached=is_cached))
            continue
        try:
            report_progress = prefix_progress(progress, len(updated) + 1, len(entries))
            fresh = request.fresh or request.everything or entry.id in poll.news
            series_request = request._replace(fresh=fresh)
            updated.append(
                reread_series(
                    previous[entry.id],
                    store,
                    archives,
                    series_request,
                    repository,
                    report_progress,
                    from_mboxes.get(entry.id),
                )
            )
        except NetworkError as error:
            # the archive failed, but the state in the repository can still be updated
            unchanged = read_stored_series(store.entry(entry.id), store, repository, progress)
            updated.append(replace(unchanged, update_notes=(error.message,), unreachable=True))
    _record_poll(poll, updated, due_numbers, request, store)
    updated = _merge_same_series(updated, store, repository, progress)
    updated, check_problem = _update_checks(updated, request, store, repository, progress)
    updated = [
        replace(series, new=(*series.new, *report_ids.get(series.entry.id, ())))
        for series in updated
    ]
    if (problems := tuple(filter(None, (problem, check_problem)))) and updated:
        updated[0] = replace(updated[0], update_notes=(*updated[0].update_notes, *problems))
    if request.whole:
        updated = [add_series_mails(series, store, repository, progress) for series in updated]
    return tuple(updated)


def _update_checks(
    updated: list[Tracked],
    request: UpdateRequest,
    store: Store,
    repository: Repository | None,
    progress: Progress,
) -> tuple[list[Tracked], str]:
    """Return the series with their checks on the configured server, and the problem, or ""."""
    settings = read_user_settings(repository, problems=[])
    address = settings.get("patchwork")
    if "patchwork" in settings.wrong:
        value = settings.of("patchwork").value
        return updated, f"patchpilot.patchwork: {value!r} is not an https URL without a login"
    if not address and not any(store.server_checks(series.entry.id) for series in updated):
        return updated, ""
    from patchpilot.tracking.update_checks import update_server_checks

    return update_server_checks(updated, address, request, store, repository, progress)


def _merge_same_series(
    updated: Sequence[Tracked],
    store: Store,
    repository: Repository | None,
    progress: Progress,
) -> list[Tracked]:
    by_id = {tracked.entry.id: tracked for tracked in updated}
    others = (
        read_stored_series(entry, store, None, progress)
        for entry in store.entries()
        if entry.id not in by_id
    )
    for group in group_same_series((*updated, *others), store):
        members = [by_id.pop(entry.id) for entry in group if entry.id in by_id]
        if not members:
            continue
        entry = merge_entries(group, store)
        assert entry is not None
        by_id[entry.id] = replace(
            read_stored_series(entry, store, repository, progress),
            new=tuple(dict.fromkeys(new for series in members for new in series.new)),
            update_notes=(
                *(problem for series in members for problem in series.update_notes),
                *format_merge_note(group),
            ),
            unreachable=any(series.unreachable for series in members),
        )
    return list(by_id.values())


def _record_poll(
    poll: PollResult,
    updated: Sequence[Tracked],
    due_numbers: Set[int],
    request: UpdateRequest,
    store: Store,
) -> None:
    """Record when each archive was last read.

    If reading a series failed, record nothing for it, so that it is queried again.
    """
    failed_numbers = {tracked.entry.id for tracked in updated if tracked.unreachable}
    with store.transaction():
        for entry in (tracked.entry for tracked in updated):
            last_arrival = poll.reached.get(entry.lore or "")
            if (
                last_arrival
                and entry.id in due_numbers - failed_numbers
                and request.is_known_archive(entry)
            ):
                store.note_reached(entry.id, last_arrival)
    # do not fetch messages again that belong to none of the queried series
    accepted_ids = frozenset().union(*(store.message_ids(number) for number in due_numbers))
    pending_ids = frozenset().union(
        *(ids for number, ids in poll.news.items() if number in failed_numbers)
    )
    store.add_irrelevant_ids(frozenset().union(*poll.news.values()) - accepted_ids - pending_ids)


def _store_mailbox_reports(
    store: Store, archives: Archives, progress: Progress
) -> tuple[dict[int, tuple[str, ...]], str]:
    """Store bounces and moderation notices from the user's mailbox with their series.

    Return their ids by series, and the reason if the mailbox could not be read.
    """

    mailbox = read_user_settings().get("mailbox")
    if not mailbox:
        return {}, ""
    progress("searching the mailbox for bounces")
    known_ids = store.passed_over() | frozenset().union(
        *(store.message_ids(entry.id) for entry in store.entries())
    )
    try:
        with archives.open(normalize_archive_address(str(Path(mailbox).expanduser()))) as archive:
            archive.parse_mail = store.reader.parse
            mails = archive.search(
                f"{make_date_query(store.reader.now - _REPORTED)} AND {REPORT}",
                excluded_ids=known_ids,
            )
    except PatchpilotError as error:
        return {}, f"patchpilot.mailbox: {error.message}"
    from patchpilot.tracking.follow_series import store_delivery_reports

    by_series = {
        series.entry.id: series.new
        for series in store_delivery_reports(mails, store, None, progress)
    }
    store.add_irrelevant_ids(
        frozenset(mail.message_id for mail in mails).difference(*by_series.values())
    )
    return by_series, ""


def _poll_series(
    series: Sequence[Tracked],
    request: UpdateRequest,
    store: Store,
    archives: Archives,
    progress: Progress,
) -> PollResult:
    """Query the archives about series whose messages are known.

    Other series are read completely. With `everything`, this applies to all series. It also applies
    to a series whose latest version may be missing from the archive because it came from another
    archive or a file, or was sent from this machine, because only a search can find such a version.
    """
    by_archive: dict[str, list[PolledSeries]] = {}
    for tracked in series if not request.everything else ():
        entry = tracked.entry
        known_ids = store.message_ids(entry.id)
        if (
            entry.updated
            and entry.lore
            and request.is_known_archive(entry)
            and tracked.head in known_ids
        ):
            polled = PolledSeries(
                entry.id,
                tracked,
                known_ids,
                parse_stored_time(entry.updated),
                parse_stored_time(entry.reached) if entry.reached else None,
            )
            by_archive.setdefault(entry.lore, []).append(polled)
    return poll_archives(
        by_archive,
        archives,
        store.passed_over(),
        store.reader,
        current_time=store.reader.now,
        fresh=request.fresh,
        progress=progress,
    )


def _is_poll_due(series: Tracked, now: datetime) -> bool:
    """Return whether to query the archive about a series.

    A series is always due while messages are expected, and later at growing intervals.
    """
    news, updated = series.entry.news, series.entry.updated
    if series.proven not in FINAL or not news or not updated:
        return True
    quiet_time = max(now - parse_stored_time(news), timedelta())
    return now - parse_stored_time(updated) >= min(quiet_time / _SHARE_OF_QUIET, _LONGEST_PAUSE)


def prefix_progress(progress: Progress, position: int, count: int) -> Progress:
    """Wrap a progress callback so that each step begins with the number of the current series."""

    def report(what: str, done: int = 0, total: int | None = None) -> None:
        progress(f"series {position} of {count}: {what}" if count > 1 else what, done, total)

    return report
