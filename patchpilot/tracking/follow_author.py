# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the open series of an author in an archive, and track them.

The archive is searched from now back to a date, with one request for the complete threads of a
period. Only an open series is read completely. Each one is stored when it is found, so that a
search that was interrupted can be continued.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from patchpilot.archive.archive import (
    MailArchive,
    UnreadableAnswerError,
    make_date_query,
    quote_phrase,
)
from patchpilot.archive.collect_mails import collect_series_mails
from patchpilot.archive.open_archive import normalize_archive_address
from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.address import Address, parse_whole_address
from patchpilot.model.mail import Mail
from patchpilot.model.printable import crop_text
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.thread_values import Turn
from patchpilot.threads.known_series import (
    add_repository_facts,
    find_undisclosed_ids,
    read_stored_series,
)
from patchpilot.threads.own_addresses import find_own_addresses
from patchpilot.threads.tracked import Tracked
from patchpilot.topic.archive_target import read_archive_address
from patchpilot.topic.own_archive import ArchiveAt
from patchpilot.tracking.follow_series import (
    Source,
    drop_test_messages,
    find_collected_series,
    store_series,
)

OWN = "me"
"""The value of `--author` for the user's own addresses."""
_FIRST_PERIOD = timedelta(days=61)
_LONGEST_PERIOD, _SHORTEST_PERIOD = timedelta(days=1461), timedelta(days=2)
_FEW, _MANY = 500, 4000
"""Numbers of messages below and above which the next period is twice or half as long."""
_ANSWERS = ("re patch", "re rfc", "re resend", "re git pull", "re pull")
"""Subjects of answers, whose threads belong to others. `s:re` would also match "re-enable"."""


class AuthorRequest(NamedTuple):
    """The author's addresses, the time from which to search, and the archive.

    `fresh` ignores cached responses.
    """

    addresses: tuple[Address, ...]
    since: datetime
    lore: str
    fresh: bool = False


@dataclass
class AuthorFindings:
    """The results of a search so far: the open series, and the titles of finished ones.

    `tracked_before` is the number of series that were tracked before the search.
    """

    series: dict[int, Tracked] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    tracked_before: int = 0


def parse_authors(
    texts: Sequence[str], repository: Repository | None = None
) -> tuple[Address, ...]:
    """Return the addresses that the values of `--author` name; `me` is the user's own addresses.

    Raise `UsageError` for a value that is not an address, and if the user's is not configured.
    """
    addresses: dict[str, Address] = {}
    for text in texts:
        if text.strip().lower() == OWN:
            own = [Address("", email) for email in find_own_addresses(repository)]
            if not own:
                raise UsageError(
                    "--author me: your address is not configured",
                    hint="run `git config --global user.email ADDRESS`, or pass the address",
                )
        else:
            address = parse_whole_address(text)
            if address is None:
                raise UsageError(
                    f"--author: {text!r} is not an email address",
                    hint="use an address, for example ada@example.org, or `me`",
                )
            own = [address]
        addresses |= {address.key: address for address in own}
    return tuple(addresses.values())


def track_author_series(
    request: AuthorRequest,
    findings: AuthorFindings,
    *,
    store: Store,
    archive_at: ArchiveAt,
    repository: Repository | None = None,
    progress: Progress = ignore_progress,
) -> None:
    """Track the open series of an author, and add them to `findings` one by one.

    If this is interrupted or the archive fails, `findings` has what is tracked by then. Series that
    were tracked before are not fetched again. Raise `MissingError` if the archive has no patch by
    the author since then, and `NetworkError` if it fails.
    """
    url = normalize_archive_address(request.lore)
    with archive_at(url) as archive:
        archive.parse_mail, store.reader.progress = store.reader.parse, progress
        search = _AuthorSearch(request, findings, url, archive, store, repository, progress)
        search.run()
    if not (findings.series or findings.finished):
        names = ", ".join(address.email for address in request.addresses)
        raise MissingError(
            f"{archive.host} has no patch by {names} since {request.since:%Y-%m-%d}",
            hint="search further back with --since, in another archive with --lore, or by another"
            " address with --author",
        )


@dataclass
class _AuthorSearch:
    request: AuthorRequest
    findings: AuthorFindings
    url: str
    archive: MailArchive
    store: Store
    repository: Repository | None
    progress: Progress
    mails: dict[str, Mail] = field(default_factory=dict)
    decided_ids: set[str] = field(default_factory=set)
    """The posts of the series that were found to be finished, or are tracked."""

    def run(self) -> None:
        for first, mails in self._read_periods():
            new_mails = [mail for mail in mails if mail.message_id not in self.mails]
            self.mails |= {mail.message_id: mail for mail in new_mails}
            if not new_mails:
                continue
            series = [posted for posted in self._read_series() if self._is_undecided(posted)]
            for number, posted in enumerate(series, 1):
                text = f"reading from {first:%Y-%m-%d}: {crop_text(posted.subject, 40)}"
                self.progress(text, number, len(series))
                self._decide(posted)

    def _read_periods(self) -> Iterator[tuple[datetime, tuple[Mail, ...]]]:
        """Yield the complete threads of each period, latest first, with the start of the period.

        The periods become shorter if an answer is too large, and longer if there are few messages.
        """
        length, end = _FIRST_PERIOD, self.store.reader.now
        last: datetime | None = None
        whole = max(end - self.request.since, _SHORTEST_PERIOD)
        while end > self.request.since:
            first = max(end - length, self.request.since)
            done = (self.store.reader.now - end) / whole
            text = f"searching {self.archive.host} from {first:%Y-%m-%d}"
            self.progress(text, int(100 * done), 100)
            try:
                mails = self.archive.search(
                    self._make_query(first, last), full_threads=True, fresh=self.request.fresh
                )
            except UnreadableAnswerError:
                if length <= _SHORTEST_PERIOD:
                    raise
                length /= 2
                continue
            yield first, drop_test_messages(mails, self.store)
            end = last = first
            if len(mails) < _FEW:
                length = min(2 * length, _LONGEST_PERIOD)
            elif len(mails) > _MANY:
                length = max(length / 2, _SHORTEST_PERIOD)

    def _make_query(self, first: datetime, last: datetime | None) -> str:
        senders = " OR ".join(
            f"f:{quote_phrase(email)}"
            for address in self.request.addresses
            for email in (address.email, _make_relay_address(address.email))
        )
        answers = " OR ".join(f"s:{quote_phrase(words)}" for words in _ANSWERS)
        return f"({senders}) AND {make_date_query(first, last)} AND NOT ({answers})"

    def _read_series(self) -> list[PostedSeries]:
        """Return the author's series in all messages that were found so far, latest first."""
        keys = {address.key for address in self.request.addresses}
        undisclosed = find_undisclosed_ids(self.store)
        all_series = read_thread(
            self.mails.values(),
            now=self.store.reader.now,
            reader=self.store.reader,
            known=self.request.addresses,
        )
        own_series = [
            posted
            for posted in all_series
            if not keys.isdisjoint(revision.author.key for revision in posted.revisions)
            if undisclosed.isdisjoint(posted.post_ids)
        ]
        later_ids = {later.message_id for posted in own_series for later in posted.follow_ups}
        own_series = [posted for posted in own_series if not later_ids & posted.post_ids]
        return sorted(own_series, key=lambda posted: posted.latest.first.when, reverse=True)

    def _is_undecided(self, posted: PostedSeries) -> bool:
        return not posted.post_ids <= self.decided_ids

    def _decide(self, posted: PostedSeries) -> None:
        """Track a series if it is open; otherwise, note that it is finished."""
        is_new = posted.post_ids.isdisjoint(self.decided_ids)
        self.decided_ids |= posted.post_ids
        if entry := self._find_entry(posted.post_ids):
            self._add_versions(entry, posted)
        elif is_new and self._is_finished(posted):
            self.findings.finished.append(posted.subject)
        elif is_new:
            self._collect(posted)

    def _add_versions(self, entry: TrackEntry, posted: PostedSeries) -> None:
        """Add the versions to a tracked series that it lacks."""
        is_tracked_before = entry.id not in self.findings.series
        self.findings.tracked_before += is_tracked_before
        if not posted.post_ids <= self.store.message_ids(entry.id):
            self._store(posted, self._select_mails(posted))
        elif is_tracked_before:
            tracked = read_stored_series(entry, self.store, self.repository, self.progress)
            self.findings.series[entry.id] = tracked
        self.decided_ids |= self.store.message_ids(entry.id)

    def _collect(self, posted: PostedSeries) -> None:
        """Read an open series completely, and track it unless it turns out to be finished."""
        head = posted.latest.head.message_id
        thread = collect_series_mails(
            self.archive,
            head,
            self._select_mails(posted),
            fresh=self.request.fresh,
            reader=self.store.reader,
        )
        self.mails |= {mail.message_id: mail for mail in thread.mails}
        complete = find_collected_series(thread, head, self.store) or posted
        self.decided_ids |= complete.post_ids
        if not thread.failure and self._is_finished(complete):
            self.findings.finished.append(complete.subject)
            return
        self._store(complete, drop_test_messages(thread.mails, self.store), thread.problems)
        if thread.failure:
            raise thread.failure

    def _store(
        self, posted: PostedSeries, mails: Sequence[Mail], problems: tuple[str, ...] = ()
    ) -> None:
        is_chosen = self.url.rstrip("/") != read_archive_address(self.repository)
        source = Source(self.url, is_chosen=is_chosen)
        tracked = store_series(posted, mails, source, self.store, self.repository, self.progress)
        notes = (*problems, *tracked.update_notes)
        self.findings.series[tracked.entry.id] = replace(tracked, update_notes=notes)

    def _select_mails(self, posted: PostedSeries) -> tuple[Mail, ...]:
        return tuple(self.mails[id_] for id_ in sorted(posted.message_ids & self.mails.keys()))

    def _find_entry(self, ids: Set[str]) -> TrackEntry | None:
        entries = (self.store.find_by_mail(message_id) for message_id in sorted(ids))
        return next(filter(None, entries), None)

    def _is_finished(self, posted: PostedSeries) -> bool:
        complete = add_repository_facts(posted, self.repository, self.progress)
        return advise(complete).need is Turn.FINISHED


def _make_relay_address(email: str) -> str:
    """Return the address from which b4's web relay sends the patches of an author."""
    return f"devnull+{email.replace('@', '.')}@kernel.org"
