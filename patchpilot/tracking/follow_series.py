# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `track` command: track series until they are merged."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from patchpilot.archive.archive import (
    MailArchive,
    NotInArchiveError,
    find_archive_url,
)
from patchpilot.archive.collect_mails import (
    CollectedMails,
    collect_series_ids,
    collect_series_mails,
    find_posted_series,
)
from patchpilot.archive.open_archive import normalize_archive_address
from patchpilot.archive.original_series import find_original_series
from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import (
    InputError,
    MissingError,
    NetworkError,
    UsageError,
)
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.mail import Mail, parse_message_id
from patchpilot.model.patch import parse_subject
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.outgoing.outbox import Outbox
from patchpilot.reading.delivery import delivery_reports, reports_about
from patchpilot.reading.mail_kinds import STABLE
from patchpilot.reading.mbox import deduplicate, read_mails
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import find_unplaced_subjects, read_thread
from patchpilot.resources import TRACK_DATABASE
from patchpilot.series.patch_pairing import title_key
from patchpilot.threads.known_series import (
    find_sent_ids,
    find_stall_time,
    find_unarchived_ids,
    find_undisclosed_ids,
    read_outbox_facts,
    read_sent_mails,
    read_stored_series,
    undisclosed_error,
)
from patchpilot.threads.own_addresses import find_own_addresses
from patchpilot.threads.same_series import (
    find_same_series,
    format_merge_note,
    merge_entries,
)
from patchpilot.threads.tracked import Tracked, describe_unplaced
from patchpilot.topic.archive_target import read_archive_address
from patchpilot.topic.own_archive import ArchiveAt
from patchpilot.tracking.poll_archives import (
    Archives,
    UpdateRequest,
)
from patchpilot.urls import LORE

_REACH_KNOWN = timedelta(hours=1)
"""How long the arrival time of an archive's latest message is cached."""


def track_named_series(
    target: str | None,
    *,
    lore: str = LORE,
    fresh: bool = False,
    store: Store,
    archive_at: ArchiveAt,
    repository: Repository | None = None,
    progress: Progress = ignore_progress,
) -> tuple[Tracked, ...]:
    """Track the series named by a Message-ID or URL.

    `fresh` ignores cached responses of an archive.
    """
    if target is None:
        raise UsageError(
            "no series given to track",
            hint="pass a Message-ID, an archive URL, or --mbox FILE",
        )
    message_id = parse_message_id(target)
    if message_id is None:
        raise UsageError(
            f"{target}: neither a Message-ID nor an archive URL",
            hint="use a Message-ID, for example <20240101120000.1-1-ada@example.org>",
        )
    if message_id in find_undisclosed_ids(store):
        raise undisclosed_error(message_id)
    store.reader.progress = progress
    url = find_archive_url(target, normalize_archive_address(lore))
    with archive_at(url) as archive:
        thread = collect_series_mails(archive, message_id, fresh=fresh, reader=store.reader)
        posted = find_collected_series(thread, message_id, store)
        named_mails = [mail for mail in thread.mails if mail.message_id == message_id]
        if posted is None and (original := _find_original(archive, named_mails, store, repository)):
            thread = collect_series_mails(
                archive,
                original.message_id,
                named_mails,
                commits=original.commits,
                fresh=fresh,
                reader=store.reader,
            )
            posted = find_collected_series(thread, original.message_id, store)
        start = _find_start(thread.mails, message_id)
        posted = (
            posted
            or find_collected_series(thread, message_id, store, with_reports=True)
            or find_collected_series(thread, start, store, with_reports=True)
        )
        last_arrival = (
            (store.last_arrival(url, store.reader.now - _REACH_KNOWN) or archive.reaches())
            if posted and not thread.failure
            else None
        )
    if posted is None or not _is_own_discussion(posted, repository):
        raise InputError(
            f"{message_id}: no patch in this thread",
            hint="pass the Message-ID of the patch or its cover letter; a thread without a patch is"
            " tracked if you started it, from an address in your git configuration",
        )
    tracked = store_series(
        posted,
        drop_test_messages(thread.mails, store),
        Source(url, is_chosen=url.rstrip("/") != read_archive_address(repository)),
        store,
        repository,
        progress,
        last_arrival,
    )
    failures = (thread.failure.message,) if thread.failure else ()
    return (
        replace(
            tracked,
            update_notes=(*thread.problems, *failures, *tracked.update_notes),
            unreachable=thread.failure is not None,
        ),
    )


def _find_start(mails: Sequence[Mail], message_id: str) -> str:
    """Return the first message of the thread of a message, as far as its ancestors are known."""
    by_id = {mail.message_id: mail for mail in mails}
    above = {message_id}
    while (mail := by_id.get(message_id)) and (parent := mail.in_reply_to) in by_id.keys() - above:
        message_id = parent or message_id
        above.add(message_id)
    return message_id


def _is_own_discussion(posted: PostedSeries, repository: Repository | None) -> bool:
    """Return whether a series has a patch, or the user started its discussion."""
    if not posted.is_discussion:
        return True
    return posted.author.key in {email.lower() for email in find_own_addresses(repository)}


class Source(NamedTuple):
    """The archive or the file that has the messages of a series.

    `is_chosen` is set if the user named the archive, which is not the configured one.
    """

    lore: str | None = None
    mbox: str | None = None
    is_chosen: bool = False


def store_series(
    posted: PostedSeries,
    mails: Sequence[Mail],
    source: Source,
    store: Store,
    repository: Repository | None,
    progress: Progress,
    last_arrival: datetime | None = None,
) -> Tracked:
    """Track a series with these messages, and return it.

    If the series is tracked already, its entry gets the messages. `last_arrival` is the arrival
    time of the latest message in its archive, if known. Other processes can write to the store
    while the series is read.
    """
    with store.transaction():
        entries = find_same_series(posted.post_ids, posted.change_id, store)
        # the series is identified by its first post whose sender is known
        entry = merge_entries(entries, store) or store.add(
            posted.first_known.head.message_id,
            posted.subject,
            source.lore,
            source.mbox,
            is_chosen=source.is_chosen,
        )
        new_ids = store.keep(entry.id, posted.subject, mails, seen_ids=find_own_mails(posted))
        if last_arrival:
            store.note_reached(entry.id, min(last_arrival, store.reader.now))
    # a series that was already tracked may have stored messages that are not in this thread
    complete = None if entries else posted
    tracked = read_stored_series(
        store.entry(entry.id), store, repository, progress, complete, whole=True
    )
    return replace(tracked, new=new_ids, update_notes=format_merge_note(entries))


def find_collected_series(
    thread: CollectedMails, message_id: str, store: Store, *, with_reports: bool = False
) -> PostedSeries | None:
    """Return the series that contains a message, as these messages show it, or None."""
    candidates = read_thread(
        drop_test_messages(thread.mails, store),
        now=store.reader.now,
        reader=store.reader,
        anchors={message_id: ()},
        with_reports=with_reports,
    )
    return find_posted_series(message_id, candidates)


class _Original(NamedTuple):
    """A message of a series, and the commits as which it was merged, if it is tracked."""

    message_id: str
    commits: tuple[str, ...] = ()


def _find_original(
    archive: MailArchive, mails: Sequence[Mail], store: Store, repository: Repository | None
) -> _Original | None:
    """Return the series that a stable message refers to: a tracked one, by its commit, or one in
    the archive.

    Stable messages are AUTOSEL patches, FAILED notices and review announcements.
    """
    classified = [it for it in map(store.reader.classify, mails) if it.kind in STABLE]
    named = {it[:12] for mail in classified for it in mail.placement.commits if len(it) >= 12}
    for entry in store.entries() if named else ():
        commits = read_stored_series(entry, store, repository, store.reader.progress).commits
        if not named.isdisjoint(it[:12] for it in commits):
            return _Original(entry.message_id, commits)
    originals = find_original_series(archive, classified, reader=store.reader)
    posted = next(iter(originals.values()), None)
    return _Original(posted.revisions[0].head.message_id) if posted else None


def track_series_in_mbox(
    mbox: Path,
    target: str | None = None,
    *,
    store: Store,
    repository: Repository | None = None,
    progress: Progress = ignore_progress,
) -> tuple[Tracked, ...]:
    """Track the series in an mbox that a Message-ID or URL names; without a name, track all of
    them.

    All versions of a series are tracked together.
    """
    skipped: list[str] = []
    addresses = tuple(Address("", email) for email in find_own_addresses(repository))
    parsed = read_mails(mbox, progress, skipped.append, store.reader.parse)
    mails = drop_test_messages(
        deduplicate(parsed, {address.key for address in addresses}, skipped.append), store
    )
    message_id = parse_message_id(target or "")

    in_file = frozenset(mail.message_id for mail in mails)
    parents = _find_parents(mails, store)
    store.reader.progress = progress
    candidates = [
        posted
        for posted in read_thread(
            (*parents, *mails),
            reader=store.reader,
            known=addresses,
            anchors={message_id or "": ()},
            with_reports=True,
        )
        if _is_own_discussion(posted, repository)
        if not in_file.isdisjoint(posted.message_ids)
    ]
    if target:
        target_series = find_posted_series(message_id, candidates) if message_id else None
        if target_series is None:
            reason = next((reason for reason in skipped if f"<{message_id}>" in reason), "")
            hint = reason or "omit the Message-ID to track the series in the file"
            raise MissingError(f"{target}: not in {mbox}", hint=hint)
        selection: Sequence[PostedSeries] = (target_series,)
    else:
        later = {later.message_id for posted in candidates for later in posted.follow_ups}
        selection = [posted for posted in candidates if not later & posted.post_ids] or candidates
        if subjects := find_unplaced_subjects(mails, candidates, store.reader):
            skipped.append(describe_unplaced(subjects))
    reported = _store_only_reports(mails, store, repository, progress) if not target else ()
    if not selection:
        if reported:
            return reported
        raise InputError(
            f"{mbox}: neither a patch nor a reply to a patch that you sent or track",
            hint="pass the mbox of a thread, for example t.mbox.gz of an archive; if it has no"
            " patch, add the Message-ID of your first message",
        )
    tracked = []
    for posted in selection:
        ids = collect_series_ids(posted, candidates)
        series_mails = [mail for mail in mails if mail.message_id in ids]
        source = Source(mbox=str(mbox.resolve()))
        stored = store_series(posted, series_mails, source, store, repository, progress)
        tracked.append(replace(stored, update_notes=(*skipped, *stored.update_notes)))
    return tuple(tracked)


def _find_parents(mails: Sequence[Mail], store: Store) -> tuple[Mail, ...]:
    ids = {mail.message_id for mail in mails}
    parent_ids = {
        id_ for mail in mails for id_ in (mail.in_reply_to, *mail.references) if id_
    } - ids
    sent_copies = read_sent_mails(find_sent_ids(parent_ids, store), store)
    entries = {entry.id: entry for id_ in parent_ids if (entry := store.find_by_mail(id_))}
    entries |= {entry.id: entry for entry in find_same_series(parent_ids, None, store)}
    tracked = [mail for number in sorted(entries) for mail in store.readable_mails(number)[0]]
    by_id = {mail.message_id: mail for mail in (*tracked, *sent_copies)}
    return tuple(mail for id_, mail in by_id.items() if id_ not in ids)


def read_mbox(
    mbox: Path,
    *,
    repository: Repository | None,
    progress: Progress,
) -> tuple[Tracked, ...]:
    """Return the series in an mbox with their messages, without tracking them.

    Each has a note with the command that tracks it.
    """
    with (
        TemporaryFolder("mbox") as folder,
        Store(folder / TRACK_DATABASE) as store,
    ):
        tracked = track_series_in_mbox(mbox, store=store, repository=repository, progress=progress)
        track_action = Action("track", ("add", "--mbox", str(mbox)), "not tracked: `{}`")
        return tuple(
            replace(series, update_notes=(*series.update_notes, str(track_action)))
            for series in tracked
        )


def _store_only_reports(
    mails: Sequence[Mail],
    store: Store,
    repository: Repository | None,
    progress: Progress,
) -> tuple[Tracked, ...]:
    """Store the delivery reports among the messages with the tracked series that they are about.

    Return the series with new reports. Raise MissingError if a report is about another series.
    """
    reported = store_delivery_reports(mails, store, repository, progress)
    if not reported and (
        reports := [report for mail in mails for report in delivery_reports(mail)]
    ):
        raise MissingError(
            f"this report is about a mail that belongs to no tracked series ({reports[0].words})",
            hint=Action("track", ("add", "<message-id>"), "track the series first: `{}`"),
        )
    return reported


def store_delivery_reports(
    mails: Sequence[Mail],
    store: Store,
    repository: Repository | None,
    progress: Progress,
) -> tuple[Tracked, ...]:
    """Store delivery reports with their series, and return the series that have new reports."""
    updated: dict[int, Tracked] = {}
    for mail in mails:
        if not (mail_reports := delivery_reports(mail)):
            continue
        for entry in store.entries():
            series = read_stored_series(entry, store, None, progress)
            ids = store.message_ids(entry.id) | {entry.message_id}
            ids |= find_sent_ids(ids, store)
            titles = (
                series.titles if series.version else [title_key(parse_subject(entry.subject).title)]
            )
            if reports_about(mail_reports, ids, titles):
                new_ids = store.keep(entry.id, entry.subject, [mail])
                earlier_ids = updated[entry.id].new if entry.id in updated else ()
                updated[entry.id] = replace(
                    read_stored_series(entry, store, repository, progress, whole=True),
                    new=(*earlier_ids, *new_ids),
                )
    return tuple(updated.values())


def reread_series(
    previous: Tracked,
    store: Store,
    archives: Archives,
    request: UpdateRequest,
    repository: Repository | None,
    progress: Progress,
    from_mbox: CollectedMails | None,
) -> Tracked:
    """Read a series that has new messages, or read all of it again, and store its messages.

    If the series is not read from an archive, `from_mbox` contains its messages (see
    `reread_mboxes`).
    """
    entry = previous.entry
    if previous.undisclosed and from_mbox is None:
        # an undisclosed series is not in an archive, so replies can only come from a file
        return read_stored_series(entry, store, repository, progress)
    stored_mails, damaged = _restored_mails(entry, store)
    is_cached = False
    if from_mbox is not None:
        result = from_mbox
    else:
        url = request.find_archive(entry) or LORE
        store.reader.progress = progress
        result, is_cached = fetch_series(
            previous,
            url,
            archives,
            () if request.everything else stored_mails,
            request.fresh,
            store,
        )
        if not request.lore and not request.is_known_archive(entry):
            if result.missing:
                result = result._replace(problems=(*result.problems, result.missing.message))
            elif result.mails and not result.failure:
                store.note_archive(entry.id, url)
    mails, problems, failure = result[:3]
    for mail in mails:
        if mail.message_id in damaged:
            store.store_raw(mail.message_id, mail.raw)
    if is_cached and {mail.message_id for mail in mails} <= {
        mail.message_id for mail in stored_mails
    }:
        return replace(
            read_stored_series(entry, store, repository, progress),
            update_notes=problems,
            cached=True,
        )
    posted = find_posted_series(
        entry.message_id,
        read_thread(
            (*stored_mails, *mails),
            now=find_stall_time(entry, store),
            reader=store.reader,
            anchors={entry.message_id: previous.commits},
            with_reports=True,
        ),
    )
    new_ids = store.keep(
        entry.id,
        posted.subject if posted else entry.subject,
        mails,
        seen_ids=find_own_mails(posted) if posted else (),
    )
    lost = () if failure or not mails else _remove_lost_mails(entry, store)
    # if messages were damaged, read the series again to find out which of them still are
    updated = read_stored_series(
        store.entry(entry.id), store, repository, progress, whole=bool(damaged)
    )
    notes = (*problems, *lost)
    return replace(updated, new=new_ids, update_notes=notes, unreachable=failure is not None)


def _remove_lost_mails(entry: TrackEntry, store: Store) -> tuple[str, ...]:
    """Remove the damaged messages that the series' source does not have, and return a note each.

    If the damage is in its Message-ID, the message was stored again under the right one.
    """
    _, damaged = store.readable_mails(entry.id)
    store.remove_damaged(entry.id, damaged)
    return tuple(
        f"the mail <{message_id}> is damaged, and not in the source of the series: removed"
        for message_id in damaged
    )


def _restored_mails(entry: TrackEntry, store: Store) -> tuple[tuple[Mail, ...], tuple[str, ...]]:
    mails, damaged = store.readable_mails(entry.id)
    if damaged:
        store.restore(damaged)
        mails, damaged = store.readable_mails(entry.id)
    return mails, damaged


def reread_mboxes(
    series: Sequence[Tracked], request: UpdateRequest, store: Store, progress: Progress
) -> dict[int, CollectedMails]:
    """Return the messages about each of these series that was read from an mbox.

    Each file is read once for all of its series. Omit series that are in an archive.
    """
    entries_by_file: dict[str, list[TrackEntry]] = defaultdict(list)
    for tracked in series:
        entry = tracked.entry
        url = None if tracked.undisclosed else request.find_archive(entry)
        if entry.mbox and url is None:
            entries_by_file[entry.mbox].append(entry)
    collected = {}
    for file, entries in entries_by_file.items():
        mails, problems = _read_tracked_mbox(Path(file), store, progress)
        known_mails = [
            mail
            for entry in entries
            for mail in (
                *_restored_mails(entry, store)[0],
                *read_sent_mails(find_unarchived_ids(entry, store), store),
            )
        ]
        anchors = {it.entry.message_id: it.commits for it in series if it.entry in entries}
        candidates = read_thread(
            (*known_mails, *mails),
            reader=store.reader,
            anchors=anchors,
            with_reports=True,
        )
        for entry in entries:
            series_mails = mails
            if posted := find_posted_series(entry.message_id, candidates):
                ids = collect_series_ids(posted, candidates)
                series_mails = tuple(mail for mail in mails if mail.message_id in ids)
            collected[entry.id] = CollectedMails(series_mails, problems)
    return collected


def _read_tracked_mbox(
    file: Path, store: Store, progress: Progress
) -> tuple[tuple[Mail, ...], tuple[str, ...]]:
    """Return the messages in an mbox.

    Also return an error for each message that cannot be read, or one for the file.
    """
    if not file.is_file():
        return (), (f"{file} no longer exists",)
    skipped: list[str] = []
    try:
        mails = read_mails(file, progress, skipped.append, store.reader.parse)
    except InputError as error:
        return (), (error.message,)
    return drop_test_messages(mails, store), tuple(skipped)


def fetch_series(
    series: Tracked,
    url: str,
    archives: Archives,
    known_mails: Sequence[Mail],
    fresh: bool,
    store: Store,
) -> tuple[CollectedMails, bool]:
    """Fetch the messages of a series from an archive.

    Return the messages, and whether they were in the cache.
    """
    try:
        with archives.open(url) as archive:
            thread = collect_series_mails(
                archive,
                series.entry.message_id,
                known_mails,
                sent=read_sent_mails(find_unarchived_ids(series.entry, store), store),
                commits=series.commits,
                fresh=fresh,
                reader=store.reader,
            )
            thread = thread._replace(mails=drop_test_messages(thread.mails, store))
            is_cached = archive.remembered
            with Outbox() as outbox:
                outbox.note_archived(thread.archived)
    except NotInArchiveError as error:
        return CollectedMails((), (error.message,)), False
    except NetworkError as error:
        archives.note_failure(url, error)
        raise
    if thread.failure:
        archives.note_failure(url, thread.failure)
        thread = thread._replace(problems=(*thread.problems, thread.failure.message))
    return thread, is_cached


def drop_test_messages(mails: Sequence[Mail], store: Store) -> tuple[Mail, ...]:
    """Drop the test messages that `send --to-self` sent from this machine.

    With b4, no header distinguishes these copies from the real messages.
    """
    test_ids = read_outbox_facts(store).tests
    return tuple(mail for mail in mails if mail.message_id not in test_ids)


def find_own_mails(posted: PostedSeries) -> frozenset[str]:
    """Return the Message-IDs of the author's messages in a series, which do not count as new
    messages.
    """
    reply_ids = {reply.message_id for reply in posted.replies if reply.mail.by_author}
    return posted.post_ids | reply_ids
