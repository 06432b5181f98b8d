# SPDX-License-Identifier: GPL-2.0-or-later
"""Read tracked series from the local store, without querying archives.

Listing the series reads no messages and imports no module that reads any.
"""

import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from patchpilot.archive.track_store import MOST_READ, Store, StoredChecks, TrackEntry
from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    package_sources,
    read_cached_value,
)
from patchpilot.errors import RefusedError
from patchpilot.model.action import Action, join_hints
from patchpilot.model.address import Address
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.hosts import split_url
from patchpilot.model.message import MailState
from patchpilot.model.patch import parse_subject
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.outgoing.outbox import Outbox
from patchpilot.projects.loading import user_folder
from patchpilot.reading.delivery import (
    DeliveryProblem,
    DeliveryReport,
    delivery_reports,
    reports_about,
)
from patchpilot.reading.mail_reader import OutboxFacts
from patchpilot.reading.series_summary import SeriesSummary
from patchpilot.reading.stable_subject import parse_request_subject
from patchpilot.reading.thread_values import (
    NextStep,
    Turn,
)
from patchpilot.series.patch_pairing import title_key
from patchpilot.threads.sent_backports import list_sent_backports
from patchpilot.threads.stable_requests import add_sent_marks, list_request_states
from patchpilot.threads.tracked import Tracked
from patchpilot.urls import LORE

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.model.mail import Mail
    from patchpilot.reading.posted_series import PostedSeries

_SUMMARIES = CacheKind("series", package_sources(), keep=16)
_HOUR, _DAY = 3600, 86400
ARRIVES = timedelta(hours=1)
"""Time within which a message should arrive in the archive."""
_SEARCH_PERIOD = timedelta(days=14)
SAVE_REPLIES = Action(
    "track",
    ("add", "--mbox", "FILE"),
    "save the replies to the undisclosed fix in an mbox, then `{}`",
)
"""Next step for a series that is in no archive."""


def open_store(*, offline: bool = False) -> Store:
    """Open the store of tracked series; the caller must close it.

    With `offline`, ages are relative to the time when a series' archive was last read.
    """
    store = Store()
    store.reader.from_poll = offline
    return store


def read_tracked_series(
    number: int,
    *,
    store: Store,
    repository: "Repository | None" = None,
    every_mail: bool = False,
    progress: Progress = ignore_progress,
) -> Tracked:
    """Return one tracked series from the local store, without the network.

    If it has very many messages, only the most important ones are read, unless `every_mail` is
    set.
    """
    return _SeriesReader(store.entry(number), store, repository, progress, every_mail).read(
        whole=True
    )


def read_all_series(
    *,
    store: Store,
    repository: "Repository | None" = None,
    whole: bool = True,
    progress: Progress = ignore_progress,
) -> tuple[Tracked, ...]:
    """Return all tracked series from the local store.

    With `whole`, read all their messages; otherwise, read only the messages of series that have no
    stored summary.
    """
    return tuple(
        read_stored_series(entry, store, repository, progress, whole=whole)
        for entry in store.entries()
    )


def add_series_mails(
    series: Tracked,
    store: Store,
    repository: "Repository | None",
    progress: Progress = ignore_progress,
) -> Tracked:
    """Return a series with its messages read."""
    if series.is_read:
        return series
    complete = read_stored_series(series.entry, store, repository, progress, whole=True)
    return replace(
        series,
        posted=complete.posted,
        is_read=True,
        damaged_ids=complete.damaged_ids,
        as_of=complete.as_of,
    )


def read_stored_series(
    entry: TrackEntry,
    store: Store,
    repository: "Repository | None",
    progress: Progress,
    posted: "PostedSeries | None" = None,
    *,
    whole: bool = False,
) -> Tracked:
    """Return the stored series, reusing results derived from the same messages and refs.

    Pass `posted` if it was just read from these messages. With `whole`, read the messages even if
    their summary is cached.
    """
    reading = _SeriesReader(entry, store, repository, progress)
    if posted is not None and not reading.left_out:
        reading.keep(posted)
    return reading.read(whole=whole)


def _find_first_step(series: Tracked) -> NextStep:
    if series.delivery:
        report = series.delivery[0]
        return NextStep(Turn.YOURS, join_hints(f"{report.words}: ", report.advice))
    if series.damaged_ids:
        number = str(series.entry.id)
        reason = "fetch its damaged messages again: `{}`"
        return NextStep(Turn.YOURS, Action("track", ("update", number), reason))
    if series.undisclosed:
        return NextStep(Turn.WAITING, SAVE_REPLIES)
    if series.entry.updated:
        reason_to_wait = (
            "wait: the archive does not have the message yet (this can take a few minutes); then"
            " `{}`"
        )
    else:
        reason_to_wait = "wait a few minutes for the archive to receive the message; then `{}`"
    return NextStep(Turn.WAITING, Action("track", ("update",), reason_to_wait))


def _early_reports(entry: TrackEntry, store: Store) -> tuple[DeliveryReport, ...]:
    reports = [
        report for mail in store.readable_mails(entry.id)[0] for report in delivery_reports(mail)
    ]
    own_ids = find_sent_ids({entry.message_id}, store)
    return reports_about(
        reports,
        frozenset([entry.message_id, *own_ids]),
        [title_key(parse_subject(entry.subject).title)],
    )


def read_outbox_facts(store: Store) -> OutboxFacts:
    """Return the facts about messages sent from this machine.

    The outbox is opened once; the result is cached until the command ends.
    """
    if store.reader.outbox is None:
        with Outbox() as outbox:
            store.reader.outbox = OutboxFacts(
                outbox.accepted_since(store.reader.now - _SEARCH_PERIOD),
                outbox.topics_of_mails(),
                outbox.undisclosed_ids(),
                outbox.test_ids(),
                list_sent_backports(outbox),
            )
    return store.reader.outbox


def find_undisclosed_ids(store: Store) -> frozenset[str]:
    """Return the Message-IDs that must not be sent to an archive."""
    return read_outbox_facts(store).undisclosed


def is_undisclosed(entry: TrackEntry, store: Store) -> bool:
    """Return whether a series is an undisclosed security fix.

    Such a series is never looked up in an archive.
    """
    ids = find_undisclosed_ids(store)
    return bool(ids) and (
        entry.message_id in ids or not ids.isdisjoint(store.message_ids(entry.id))
    )


def undisclosed_error(message_id: str) -> RefusedError:
    """Return the error for a message that must not be looked up on a server."""
    return RefusedError(
        f"{message_id} was sent as an undisclosed security fix: no server is queried",
        hint=SAVE_REPLIES,
    )


def report_missing_mails(
    entry: TrackEntry, series_ids: frozenset[str], store: Store
) -> tuple[DeliveryReport, ...]:
    """Report a series' sent messages that are missing from its archive.

    The result is empty if none are missing. Only messages sent from this machine count, and only if
    the archive was queried an hour or more after sending.
    """
    if not entry.updated or (entry.mbox and not entry.lore) or is_undisclosed(entry, store):
        return ()
    sends = {send for message_id, _, send in _list_sent_mails(store) if message_id in series_ids}
    if not sends:
        return ()
    archived_ids = store.message_ids(entry.id)
    query_time = parse_stored_time(entry.updated)
    missing = [
        (message_id, send_time)
        for message_id, send_time, send in _list_sent_mails(store)
        if send in sends and message_id not in archived_ids and query_time - send_time >= ARRIVES
    ]
    if not missing:
        return ()
    counted_mails, archive = format_count(len(missing), "message"), entry.lore or LORE
    hours = int((query_time - missing[0][1]) / timedelta(hours=1))
    reason = f"{counted_mails} sent {format_count(hours, 'hour')} before it was last asked"
    return (
        DeliveryReport(
            DeliveryProblem.MISSING,
            archive,
            reason,
            "",
            tuple(message_id for message_id, _ in missing),
            "",
            "",
        ),
    )


def _list_sent_mails(store: Store) -> Sequence[tuple[str, datetime, int]]:
    return read_outbox_facts(store).recent


def map_sent_topics(store: Store) -> Mapping[str, str]:
    """Map each message sent from this machine to its change-id."""
    return read_outbox_facts(store).topics


def find_sent_ids(message_ids: Set[str], store: Store) -> frozenset[str]:
    """Return the Message-IDs of all versions of the topics to which these messages belong.

    Only messages sent from this machine are known. An undisclosed fix and its public series are
    separate topics.
    """
    topics = map_sent_topics(store)
    change_ids = {topics[message_id] for message_id in message_ids if message_id in topics}
    if not change_ids:
        return frozenset()
    undisclosed = find_undisclosed_ids(store)
    is_private = not undisclosed.isdisjoint(message_ids)
    return frozenset(
        message_id
        for message_id, change_id in topics.items()
        if change_id in change_ids and (message_id in undisclosed) is is_private
    )


def read_sent_mails(message_ids: Set[str], store: Store) -> "tuple[Mail, ...]":
    """Return copies of the messages with these ids that were sent from this machine."""
    if not message_ids:
        return ()
    with Outbox() as outbox:
        sends = outbox.find_by_messages(message_ids)
    return tuple(
        store.reader.parse(mail.raw)
        for send in sends
        for mail in send.entries
        if mail.state is MailState.ACCEPTED and mail.message_id in message_ids
    )


def find_unarchived_ids(entry: TrackEntry, store: Store) -> frozenset[str]:
    """Return the Message-IDs of a series' sent messages that are in no archive or file.

    Return none for a series that was never read because it is not in its archive yet.
    """
    topics, key = map_sent_topics(store), entry.message_id
    stored = store.message_ids(entry.id) if topics else frozenset()
    if not stored:
        return frozenset()
    # the stored messages may include a later fix from another topic, so prefer the message that
    # identifies the series
    ids = frozenset([key]) if key in topics else stored
    return find_sent_ids(ids, store) - stored


def find_series_with_mail(message_id: str, store: Store) -> TrackEntry | None:
    """Return the tracked series that contains a message.

    If the message was sent from this machine, also find a series that contains another message of
    its topic.
    """
    return store.find_by_mail(message_id) or next(
        (entry for entry in store.entries() if message_id in find_unarchived_ids(entry, store)),
        None,
    )


class _SeriesReader:
    """Read the messages of a series, or its cached summary, when they are first needed."""

    def __init__(
        self,
        entry: TrackEntry,
        store: Store,
        repository: "Repository | None",
        progress: Progress,
        every_mail: bool = False,
    ) -> None:
        self._entry, self._store, self._repository = entry, store, repository
        self._progress, self._every_mail = progress, every_mail
        self._moment = find_stall_time(entry, store)
        self._posted: PostedSeries | None = None
        self._is_read = False
        self._damaged: tuple[str, ...] = ()
        self._unplaced: tuple[str, ...] = ()
        self._commits: tuple[str, ...] = ()
        self._max_span = _DAY
        self._ids = store.stored_order(entry.id)
        self._marks = store.marks(entry.id)
        self._sent_ids = find_sent_ids({entry.message_id}, store)
        self.left_out = 0 if every_mail else max(0, len(self._ids) - MOST_READ)

    def read(self, *, whole: bool) -> Tracked:
        entry, store, summary = self._entry, self._store, self.find_summary()
        if whole:
            self._read()
        facts = summary or SeriesSummary(subject=entry.subject)
        ids = frozenset(facts.message_ids or [entry.message_id])
        reports = facts.reports if summary else _early_reports(entry, store)
        unread, now = store.unread(entry.id), store.reader.now
        as_of = self._moment if self._moment and self._moment < now else None
        if entry.mbox and not entry.lore:
            as_of = facts.last_activity
            as_of = self._posted.now if self._posted else as_of
        series = Tracked(
            **facts.summary(),
            entry=entry,
            unread=unread & ids if summary else unread,
            posted=self._posted,
            is_read=self._is_read,
            undisclosed=is_undisclosed(entry, store),
            as_of=as_of,
            damaged_ids=self._damaged,
            left_out=self.left_out,
            unplaced=self._unplaced,
            marks=self._marks,
            delivery=(*reports, *report_missing_mails(entry, ids, store)),
        )
        if summary:
            return self._follow_fix(series) if series.is_report else series
        if series.undisclosed:
            reason = "undisclosed"
        elif entry.updated:
            reason = "no archive has it yet"
        else:
            reason = "no archive has answered yet"
        return replace(series, step=_find_first_step(series), why=reason)

    def _follow_fix(self, report: Tracked) -> Tracked:
        """Return a report with the step that follows from the latest series that closes it.

        A series for mainline precedes its backports.
        """
        fixes = [
            (not summary.targets, number, summary)
            for number, summary in self._read_fixes()
            if number != self._entry.id and not set(summary.closes).isdisjoint(report.message_ids)
        ]
        if not fixes:
            return report
        from patchpilot.reading.next_step import follow_fix

        _, number, fix = max(fixes, key=lambda row: row[:2])
        return replace(report, step=follow_fix(report, number, fix))

    def _read_fixes(self) -> Sequence[tuple[int, SeriesSummary]]:
        """Return the tracked series that close a report, each with its number.

        The result is cached until the store is changed.
        """
        store = self._store
        if store.reader.fixes is None:
            summaries = (
                (
                    entry.id,
                    _SeriesReader(entry, store, self._repository, self._progress).find_summary(),
                )
                for entry in store.entries()
            )
            store.reader.fixes = [(it, fix) for it, fix in summaries if fix and fix.closes]
        return store.reader.fixes

    def _read(self) -> "PostedSeries | None":
        if not self._is_read:
            self.keep(self._find_series())
        return self._posted

    def _find_series(
        self,
        known_addresses: tuple[Address, ...] = (),
        confirmed: frozenset[str] = frozenset(),
        mails: "tuple[Mail, ...] | None" = None,
    ) -> "PostedSeries | None":
        # import lazily: listing tracked series needs no mail modules
        from patchpilot.archive.collect_mails import find_posted_series
        from patchpilot.reading.read_thread import find_unplaced_subjects, read_thread

        self._store.reader.progress = self._progress
        mails = self._mails() if mails is None else mails
        candidates = read_thread(
            mails,
            now=self._moment,
            reader=self._store.reader,
            known=known_addresses,
            confirmed=confirmed,
            anchors={self._entry.message_id: self._commits},
            with_reports=True,
        )
        self._unplaced = find_unplaced_subjects(mails, candidates, self._store.reader)
        return find_posted_series(self._entry.message_id, candidates)

    def _mails(self) -> "tuple[Mail, ...]":
        """Return the messages of the series; if there are very many, return only the most important
        ones.

        Include messages sent from this machine, unless all stored messages are delivery reports.
        """
        stored = self._store.read_important_mails(
            self._entry.id, sys.maxsize if self._every_mail else MOST_READ
        )
        self._damaged = stored.damaged
        if all(map(delivery_reports, stored.mails)):
            return stored.mails
        return (
            *stored.mails,
            *read_sent_mails(find_unarchived_ids(self._entry, self._store), self._store),
        )

    def _recognize_senders(self, posted: "PostedSeries") -> "PostedSeries":
        """Return `posted` after deciding which claims in messages to accept.

        Claims by known senders are accepted, and claims that the user dismissed are removed.
        """
        store, marks = self._store, self._marks
        if not (posted.claims or marks):
            return posted
        from patchpilot.threads.known_senders import (
            KNOWN,
            STRANGER,
            find_known_senders,
            select_marked_messages,
        )

        # the result may change soon, because messages in other series may show that the sender is
        # known
        self._max_span = _HOUR
        confirmed_ids = select_marked_messages(marks, KNOWN)
        senders = find_known_senders(posted, self._entry.id, store, self._repository)
        if senders or confirmed_ids:
            posted = self._find_series(senders, confirmed_ids) or posted
        stranger_ids = select_marked_messages(marks, STRANGER)
        if not stranger_ids:
            return posted
        from patchpilot.reading.series_state import decide_state

        claims, events = (
            tuple(it for it in found if it.message_id not in stranger_ids)
            for found in (posted.claims, posted.events)
        )
        return decide_state(replace(posted, claims=claims, events=events))

    def find_summary(self) -> SeriesSummary | None:
        """Return the summary of the series.

        It is cached until it expires or the messages, marks or refs change.
        """
        entry, store, moment = self._entry, self._store, self._moment
        parts = (
            (entry.message_id, *self._ids),
            sorted(self._marks.items()),
            sorted(find_unarchived_ids(entry, store) or self._sent_ids),
            bool(moment),
            self._every_mail,
            self._store.server_checks(entry.id),
            list_request_states(),
            read_outbox_facts(store).backports,
            [(it, store.stored_order(it)) for it in map_tracked_requests(store)],
        )
        key = make_cache_key(_SUMMARIES, [repr(parts).encode("utf-8", "surrogateescape")])
        now = moment.timestamp() if moment else 0.0
        cache_name = make_summaries_key(self._repository)
        summaries = store.reader.summaries
        if cache_name not in summaries:
            summaries[cache_name] = read_cached_value(_SUMMARIES, cache_name) or {}
        cached_key, since, until, value = summaries[cache_name].get(entry.id, ("", 0.0, 0.0, {}))
        if cached_key == key and since < now <= until and not self._is_read:
            return SeriesSummary.read(value)
        posted = self._read()
        if posted is None:
            return None
        from patchpilot.threads.series_record import (
            find_unchanged_span,
            summarize_series,
        )

        summary = summarize_series(posted, self._marks)
        if not self._damaged:
            span = find_unchanged_span(posted, self._max_span) if moment else (-1.0, 0.0)
            summaries[cache_name][entry.id] = (key, *span, summary.as_dict())
            store.on_close[cache_name] = partial(
                cache_value, _SUMMARIES, cache_name, summaries[cache_name]
            )
        return summary

    def _add_answers(self, posted: "PostedSeries") -> "PostedSeries":
        """Return a merged series with the answers to the tracked requests for its commit."""
        commit = posted.commit
        if posted.is_discussion or not commit:
            return posted
        requests = [
            read_tracked_series(number, store=self._store, repository=self._repository).posted
            for number, requested in map_tracked_requests(self._store).items()
            if number != self._entry.id and commit.startswith(requested)
        ]
        answers = [
            claim for request in requests if request for claim in request.events if claim.version
        ]
        if not answers:
            return posted
        from patchpilot.reading.series_state import decide_state

        return decide_state(replace(posted, events=(*posted.events, *answers)))

    def _add_facts(self, posted: "PostedSeries") -> "PostedSeries":
        posted = self._recognize_senders(posted)
        return add_repository_facts(posted, self._repository, self._progress)

    def _add_mails_about_commits(self, posted: "PostedSeries") -> "PostedSeries":
        """Return a series with the messages that name its commits from the repository, but another
        title than the patches.
        """
        commits = tuple(it.commit for it in posted.commits if it.commit)
        short_ids = {it[:12] for it in commits}
        if not any(
            any(it in mail.body for it in short_ids)
            for mail in (self._mails() if commits else ())
            if mail.message_id not in posted.message_ids
        ):
            return posted
        self._commits = commits
        again = self._find_series()
        return self._add_facts(again) if again else posted

    def keep(self, posted: "PostedSeries | None") -> None:
        """Use `posted` as the result of reading the messages, and add facts from the repository.

        A series that is in no archive is read from the messages sent from this machine, if the
        repository has its commits.
        """
        is_archived = posted is not None
        if not is_archived and self._sent_ids and _has_public_mainline(self._repository):
            posted = self._find_series(mails=read_sent_mails(self._sent_ids, self._store))
        if posted is not None:
            posted = self._add_mails_about_commits(self._add_facts(posted))
            posted = self._add_answers(_mark_own_backports(posted, self._repository))
            posted = add_sent_marks(posted, self._store, read_outbox_facts(self._store).backports)
            posted = _add_server_checks(posted, self._store.server_checks(self._entry.id))
            if self._marks:
                from patchpilot.threads.series_record import apply_marks

                posted = apply_marks(posted, self._marks)
            posted = posted if is_archived or posted.commits else None
        self._posted, self._is_read = posted, True


def _mark_own_backports(posted: "PostedSeries", repository: "Repository | None") -> "PostedSeries":
    """Mark the backports that the user sent, possibly of another author's fix."""
    if not any(it.onto for it in posted.follow_ups):
        return posted
    from patchpilot.threads.own_addresses import find_own_addresses

    own = {email.lower() for email in find_own_addresses(repository)}
    follow_ups = (it._replace(is_own=it.author.key in own) for it in posted.follow_ups)
    return replace(posted, follow_ups=tuple(follow_ups))


def map_tracked_requests(store: Store) -> Mapping[int, str]:
    """Map the numbers of the tracked requests to the stable maintainers to their commits.

    The result is cached until the command ends.
    """
    if store.reader.requests is None:
        named = {entry.id: parse_request_subject(entry.subject)[0] for entry in store.entries()}
        store.reader.requests = {number: commit for number, commit in named.items() if commit}
    return store.reader.requests


def _has_public_mainline(repository: "Repository | None") -> bool:
    """Return whether a repository has a mainline branch that is not the user's own."""
    if repository is None:
        return False
    from patchpilot.history.stable_branches import list_mainline_tips

    return bool(list_mainline_tips(repository))


def _add_server_checks(posted: "PostedSeries", stored: StoredChecks | None) -> "PostedSeries":
    """Return a series with the stored answer of a patchwork server about its latest version."""
    if stored is None or stored.head != posted.latest.message_id:
        return posted
    from patchpilot.reading.patchwork_checks import PatchworkAnswer, load_answer

    message_ids = [post.message_id for post in posted.latest.patches]
    patches = load_answer(stored.answer, message_ids)
    asked = parse_stored_time(stored.asked)
    answer = PatchworkAnswer(split_url(stored.server).netloc, asked, patches)
    return replace(posted, patchwork=answer) if patches else posted


def add_repository_facts(
    posted: "PostedSeries", repository: "Repository | None", progress: Progress
) -> "PostedSeries":
    """Return a series with its commits in the repository, if there is one."""
    if repository is None:
        return posted
    from patchpilot.archive.landed_series import find_commits_in_repository
    from patchpilot.reading.read_thread import with_commits

    merged = find_commits_in_repository(posted, repository, progress=progress)
    posted = with_commits(posted, merged.commits, merged.follow_ups, merged.needs)
    claims = [it for it in posted.claims if it.known and it.what == "applied"]
    if not claims:
        return posted
    from patchpilot.outgoing.target_tree import find_unfetched_url, make_remote_command

    paths = [path for it in posted.latest.patches if it.patch for path in it.patch.paths]
    url = find_unfetched_url(repository, "HEAD", paths, claims[-1].tree or "")
    return replace(posted, tree_command=make_remote_command(repository, url)[1]) if url else posted


@lru_cache(maxsize=2)
def make_summaries_key(repository: "Repository | None") -> str:
    """Return the cache key for summaries.

    It depends on the refs that may contain a series, and on the projects. Commits on the branch of
    a topic do not change the state of its series.
    """
    kind = _SUMMARIES._replace(code=(*_SUMMARIES.code, str(user_folder())))
    if repository is None:
        return make_cache_key(kind, ())
    from patchpilot.history.stable_branches import (
        find_mainline,
        find_stable_trees,
        list_queue_refs,
    )

    refs = repository.all_refs
    stable, queue_names = (
        find_stable_trees([ref.short for ref in refs]),
        list_queue_refs(repository),
    )
    lines = [
        f"{ref.name} {ref.object_id}"
        for ref in refs
        if not ref.name.startswith("refs/heads/")
        or ref.short in queue_names
        or stable.version_of(ref.short)
    ]
    text = "\n".join([str(find_mainline(repository)), *lines])
    return make_cache_key(kind, [text.encode("utf-8", "surrogateescape")])


def find_stall_time(entry: TrackEntry, store: Store) -> datetime | None:
    """Return the time for deciding whether a series is stalled.

    This is the current time, or the time at which the archive was last read. For an mbox of old
    messages, return None.
    """
    if entry.mbox and not entry.lore:
        return None
    reader = store.reader
    if reader.from_poll and entry.updated:
        return min(parse_stored_time(entry.updated), reader.now)
    return reader.now
