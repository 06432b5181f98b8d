# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement `track`: track series until they are merged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

from patchpilot.archive.archive import (
    MailArchive,
    NotInArchiveError,
    archive_of,
)
from patchpilot.archive.collect_mails import (
    CollectedMails,
    find_posted_series,
    gather,
    ids_with_later,
)
from patchpilot.archive.open_archive import archive_address
from patchpilot.archive.original_series import find_originals
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
from patchpilot.model.mail import Mail, message_id_of
from patchpilot.model.patch import parse_subject
from patchpilot.model.progress import Progress, silent
from patchpilot.outgoing.outbox import Outbox
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.delivery import delivery_reports, reports_about
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import deduplicate, read_mails
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from patchpilot.series.patch_pairing import title_key
from patchpilot.topic.followed.known_series import (
    Tracked,
    sent_ids,
    sent_mails,
    shown_series,
    stall_time,
    unarchived_ids,
    undisclosed_error,
    undisclosed_ids,
)
from patchpilot.topic.followed.own_addresses import known_addresses
from patchpilot.topic.followed.poll_archives import (
    Archives,
    UpdateRequest,
)
from patchpilot.topic.followed.same_series import (
    merge_entries,
    merge_note,
    same_series,
)
from patchpilot.topic.own_archive import ArchiveAt
from patchpilot.urls import LORE

_REACH_KNOWN = timedelta(hours=1)
"""How long the arrival time of an archive's latest message is cached."""


def add(
    target: str | None,
    *,
    lore: str = LORE,
    fresh: bool = False,
    store: Store,
    archive_at: ArchiveAt,
    repository: Repository | None = None,
    progress: Progress = silent,
) -> tuple[Tracked, ...]:
    """Track the series named by a Message-ID or URL.

    `fresh` ignores cached responses of an archive.
    """
    if target is None:
        raise UsageError(
            "no series given to track",
            hint="pass a Message-ID, an archive URL, or --mbox FILE",
        )
    message_id = message_id_of(target)
    if message_id is None:
        raise UsageError(
            f"{target}: neither a Message-ID nor an archive URL",
            hint="use a Message-ID, for example <20240101120000.1-1-ada@example.org>",
        )
    if message_id in undisclosed_ids(store):
        raise undisclosed_error(message_id)
    url = archive_of(target, archive_address(lore))
    with archive_at(url) as archive:
        gathered = gather(
            archive, message_id, fresh=fresh, reader=store.reader, progress=progress
        )
        posted = _find_posted(gathered, message_id, store)
        if posted is None and (
            original := _original(archive, message_id, gathered, store)
        ):
            named = [mail for mail in gathered.mails if mail.message_id == message_id]
            gathered = gather(
                archive,
                original,
                named,
                fresh=fresh,
                reader=store.reader,
                progress=progress,
            )
            posted = _find_posted(gathered, original, store)
        posted = posted or _find_posted(gathered, message_id, store, reports=True)
        reached = (
            (
                store.last_arrival(url, store.reader.now - _REACH_KNOWN)
                or archive.reaches()
            )
            if posted and not gathered.failure
            else None
        )
    if posted is None:
        raise InputError(
            f"{message_id}: no patch in this thread",
            hint="pass the Message-ID of the patch or its cover letter",
        )
    with store.transaction():
        shown = _store_series(
            posted,
            drop_tests(gathered.mails),
            (url, None),
            store,
            repository,
            progress,
        )
        if reached:
            store.note_reached(shown.entry.id, min(reached, store.reader.now))
    failed = (gathered.failure.message,) if gathered.failure else ()
    return (
        replace(
            shown,
            troubles=(*gathered.troubles, *failed, *shown.troubles),
            unreachable=gathered.failure is not None,
        ),
    )


def _store_series(
    posted: PostedSeries,
    mails: Sequence[Mail],
    source: tuple[str | None, str | None],
    store: Store,
    repository: Repository | None,
    progress: Progress,
) -> Tracked:
    with store.transaction():
        same = same_series(posted.post_ids, posted.change_id, store)
        # the key is the first post by a known sender
        entry = merge_entries(same, store) or store.add(
            posted.first_known.head.message_id, posted.subject, *source
        )
        new = store.keep(entry.id, posted.subject, mails, seen_ids=own_mails(posted))
    # if the series was tracked before, it may have more known messages
    known = None if same else posted
    shown = shown_series(
        store.entry(entry.id), store, repository, progress, known, whole=True
    )
    return replace(shown, new=new, troubles=merge_note(same))


def _find_posted(
    gathered: CollectedMails, message_id: str, store: Store, *, reports: bool = False
) -> PostedSeries | None:
    every = read_thread(
        drop_tests(gathered.mails),
        now=store.reader.now,
        reader=store.reader,
        anchor=message_id,
        reports=reports,
    )
    return find_posted_series(message_id, every)


def _original(
    archive: MailArchive, message_id: str, gathered: CollectedMails, store: Store
) -> str | None:
    """Return the Message-ID of the series that a message about stable (AUTOSEL, FAILED, a review)
    refers to.
    """
    classified = [
        store.reader.classify(mail)
        for mail in gathered.mails
        if mail.message_id == message_id
    ]
    led = find_originals(
        archive,
        [mail for mail in classified if mail.kind in STABLE],
        reader=store.reader,
    )
    return led[message_id].revisions[0].head.message_id if message_id in led else None


def add_from_mbox(
    mbox: Path,
    target: str | None = None,
    *,
    store: Store,
    repository: Repository | None = None,
    progress: Progress = silent,
) -> tuple[Tracked, ...]:
    """Track the series in an mbox that a Message-ID or URL names, or all of them.

    Versions of the same series count as one series.
    """
    left_out: list[str] = []
    own = tuple(Address("", email) for email in known_addresses(repository))
    read = read_mails(mbox, progress, left_out.append, store.reader.parse)
    mails = drop_tests(
        deduplicate(read, {address.key for address in own}, left_out.append)
    )
    message_id = message_id_of(target or "")

    in_file = frozenset(mail.message_id for mail in mails)
    answered = _answered(mails, store)
    store.reader.progress = progress
    every = [
        posted
        for posted in read_thread(
            (*answered, *mails),
            reader=store.reader,
            known=own,
            anchor=message_id or "",
            reports=True,
        )
        if not in_file.isdisjoint(posted.message_ids)
    ]
    if target:
        named = find_posted_series(message_id, every) if message_id else None
        if named is None:
            why = next((why for why in left_out if f"<{message_id}>" in why), "")
            hint = why or "omit the Message-ID to track the series in the file"
            raise MissingError(f"{target}: not in {mbox}", hint=hint)
        chosen: Sequence[PostedSeries] = (named,)
    else:
        later = {later.message_id for posted in every for later in posted.follow_ups}
        chosen = [posted for posted in every if not later & posted.post_ids] or every
    about = _keep_only_reports(mails, store, repository, progress) if not target else ()
    if not chosen and about:
        return about
    if not chosen:
        raise InputError(
            f"{mbox}: neither a patch nor a reply to a patch that you sent or track",
            hint="pass the mbox of a thread, for example t.mbox.gz of an archive",
        )
    added = []
    for posted in chosen:
        ids = ids_with_later(posted, every)
        kept = [mail for mail in mails if mail.message_id in ids]
        source = None, str(mbox.resolve())
        shown = _store_series(posted, kept, source, store, repository, progress)
        added.append(replace(shown, troubles=(*left_out, *shown.troubles)))
    return tuple(added)


def _answered(mails: Sequence[Mail], store: Store) -> tuple[Mail, ...]:
    """Return the local or tracked messages that these messages reply to."""
    ids = {mail.message_id for mail in mails}
    answered = {
        id_ for mail in mails for id_ in (mail.in_reply_to, *mail.references) if id_
    } - ids
    sent = sent_mails(sent_ids(answered, store), store)
    entries = {
        entry.id: entry for id_ in answered if (entry := store.find_by_mail(id_))
    }
    entries |= {entry.id: entry for entry in same_series(answered, None, store)}
    tracked = [
        mail for number in sorted(entries) for mail in store.readable_mails(number)[0]
    ]
    by_id = {mail.message_id: mail for mail in (*tracked, *sent)}
    return tuple(mail for id_, mail in by_id.items() if id_ not in ids)


def read_mbox(
    mbox: Path,
    *,
    repository: Repository | None = None,
    progress: Progress = silent,
) -> tuple[Tracked, ...]:
    """Return the series in an mbox with their messages, without tracking them.

    Each has a note with the command that tracks it.
    """
    with (
        TemporaryFolder("mbox") as folder,
        Store(folder / "track.sqlite") as store,
    ):
        tracked = add_from_mbox(
            mbox, store=store, repository=repository, progress=progress
        )
        follow = Action("track", ("add", "--mbox", str(mbox)), "not tracked: `{}`")
        return tuple(
            replace(series, troubles=(*series.troubles, str(follow)))
            for series in tracked
        )


def _keep_only_reports(
    mails: Sequence[Mail],
    store: Store,
    repository: Repository | None,
    progress: Progress,
) -> tuple[Tracked, ...]:
    """Store delivery reports with the tracked series that they are about.

    Return the series with new reports. Raise MissingError for reports about other series.
    """
    reported = keep_reports(mails, store, repository, progress)
    if not reported and (
        reports := [report for mail in mails for report in delivery_reports(mail)]
    ):
        raise MissingError(
            f"this report is about a mail that belongs to no tracked series ({reports[0].words})",
            hint=Action(
                "track", ("add", "<message-id>"), "track the series first: `{}`"
            ),
        )
    return reported


def keep_reports(
    mails: Sequence[Mail],
    store: Store,
    repository: Repository | None,
    progress: Progress,
) -> tuple[Tracked, ...]:
    """Return the series with new delivery reports."""
    reported: dict[int, Tracked] = {}
    for mail in mails:
        if not (of_mail := delivery_reports(mail)):
            continue
        for entry in store.entries():
            known = shown_series(entry, store, None, progress)
            ids = store.message_ids(entry.id) | {entry.message_id}
            ids |= sent_ids(ids, store)
            titles = (
                known.titles
                if known.version
                else [title_key(parse_subject(entry.subject).title)]
            )
            if reports_about(of_mail, ids, titles):
                new = store.keep(entry.id, entry.subject, [mail])
                before = reported[entry.id].new if entry.id in reported else ()
                reported[entry.id] = replace(
                    shown_series(entry, store, repository, progress, whole=True),
                    new=(*before, *new),
                )
    return tuple(reported.values())


def read_again(
    before: Tracked,
    store: Store,
    archives: Archives,
    request: UpdateRequest,
    repository: Repository | None,
    progress: Progress,
) -> Tracked:
    """Read a series that has news, or read it completely, and store its messages."""
    entry, lore = before.entry, request.lore
    if before.undisclosed:
        # the series is not in an archive, so replies can only come from a file
        entry, lore = entry._replace(lore=None), None
        if not entry.mbox:
            return shown_series(entry, store, repository, progress)
    known, damaged = store.readable_mails(entry.id)
    if damaged:
        store.restore(damaged)
        known, damaged = store.readable_mails(entry.id)
    url = lore or entry.lore
    cached = False
    if url is None and entry.mbox:
        fetched = from_mbox(entry, Path(entry.mbox), known, store, progress)
    else:
        fetched, cached = fetch_series(
            entry,
            url or LORE,
            archives,
            () if request.everything else known,
            request.fresh,
            store,
            progress,
        )
    mails, troubles, failure = fetched
    for mail in mails:
        if mail.message_id in damaged:
            store.store_raw(mail.message_id, mail.raw)
    if cached and {mail.message_id for mail in mails} <= {
        mail.message_id for mail in known
    }:
        return replace(
            shown_series(entry, store, repository, progress),
            troubles=troubles,
            cached=True,
        )
    posted = find_posted_series(
        entry.message_id,
        read_thread(
            (*known, *mails),
            now=stall_time(entry, store),
            reader=store.reader,
            anchor=entry.message_id,
            reports=True,
        ),
    )
    new = store.keep(
        entry.id,
        posted.subject if posted else entry.subject,
        mails,
        seen_ids=own_mails(posted) if posted else (),
    )
    # report messages that are still damaged
    shown = shown_series(
        store.entry(entry.id), store, repository, progress, whole=bool(damaged)
    )
    return replace(shown, new=new, troubles=troubles, unreachable=failure is not None)


def from_mbox(
    entry: TrackEntry,
    file: Path,
    known_mails: Sequence[Mail],
    store: Store,
    progress: Progress,
) -> CollectedMails:
    if not file.is_file():
        return CollectedMails((), (f"{file} no longer exists",))
    left_out: list[str] = []
    read = drop_tests(read_mails(file, progress, left_out.append, store.reader.parse))
    sent = sent_mails(unarchived_ids(entry, store), store)
    about = _track_mbox_entry(entry, (*known_mails, *sent), read, store.reader)
    return CollectedMails(about, tuple(left_out))


def fetch_series(
    entry: TrackEntry,
    url: str,
    archives: Archives,
    known_mails: Sequence[Mail],
    fresh: bool,
    store: Store,
    progress: Progress,
) -> tuple[CollectedMails, bool]:
    """Fetch a series' messages from an archive; return them and whether they were in the cache."""
    try:
        with archives.open(url) as archive:
            fetched = gather(
                archive,
                entry.message_id,
                known_mails,
                sent=sent_mails(unarchived_ids(entry, store), store),
                fresh=fresh,
                reader=store.reader,
                progress=progress,
            )
            fetched = fetched._replace(mails=drop_tests(fetched.mails))
            cached = archive.remembered
    except NotInArchiveError as error:
        return CollectedMails((), (error.message,)), False
    except NetworkError as error:
        archives.note_failure(url, error)
        raise
    if fetched.failure:
        archives.note_failure(url, fetched.failure)
        fetched = fetched._replace(
            troubles=(*fetched.troubles, fetched.failure.message)
        )
    return fetched, cached


def drop_tests(mails: Sequence[Mail]) -> tuple[Mail, ...]:
    """Drop the test messages that `send --to-self` sent from this machine.

    With b4, no header distinguishes these copies from the real messages.
    """
    with Outbox() as outbox:
        tests = outbox.test_ids()
    return tuple(mail for mail in mails if mail.message_id not in tests)


def _track_mbox_entry(
    entry: TrackEntry,
    known_mails: Sequence[Mail],
    mails: Sequence[Mail],
    reader: MailReader,
) -> tuple[Mail, ...]:
    every = read_thread(
        (*known_mails, *mails), reader=reader, anchor=entry.message_id, reports=True
    )
    posted = find_posted_series(entry.message_id, every)
    if posted is None:
        return tuple(mails)
    ids = ids_with_later(posted, every)
    return tuple(mail for mail in mails if mail.message_id in ids)


def failed_mails(commits: Sequence[str], *, store: Store) -> dict[tuple[str, str], str]:
    """Map each (commit, stable version) to the last failure message about it.

    This is the Message-ID of the last "FAILED: patch … failed to apply" message among the
    messages of the tracked series.
    """
    newest: dict[tuple[str, str], tuple[datetime, str]] = {}
    for entry in store.entries():
        for mail in store.readable_mails(entry.id)[0]:
            # people reply to these messages under the same subject
            if "failed to apply" not in mail.subject:
                continue
            failed = store.reader.classify(mail)
            if failed.kind is not MailKind.STABLE_FAILED:
                continue
            named = set(failed.place.commits).intersection(commits)
            named = named or {commit for commit in commits if commit in mail.body}
            for key in product(named, failed.place.versions):
                if is_bot_address(failed.sender):
                    now = failed.when, mail.message_id
                    newest[key] = max(newest.get(key, now), now)
    return {key: message_id for key, (_, message_id) in newest.items()}


def own_mails(posted: PostedSeries) -> frozenset[str]:
    """Return the Message-IDs of the author's own messages, which are not news."""
    mine = {reply.message_id for reply in posted.replies if reply.mail.by_author}
    return posted.post_ids | mine
