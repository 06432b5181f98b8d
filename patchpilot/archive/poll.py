# SPDX-License-Identifier: GPL-2.0-or-later
"""Check many series for new messages with only a few searches.

The searches use the authors' addresses, titles, change-ids and commits, and are limited to messages
received since the latest known one. Each search includes a message known to be in the archive; if
the results lack it, the archive's search is considered broken.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from patchpilot.archive.archive import MailArchive, date_query, quote_phrase
from patchpilot.errors import NetworkError
from patchpilot.model.action import Action
from patchpilot.model.hosts import quote_url
from patchpilot.model.mail import Mail
from patchpilot.model.patch import parse_subject
from patchpilot.reading.mbox import arrival_time, date_or_epoch
from patchpilot.reading.series_summary import SeriesSummary
from patchpilot.series.patch_pairing import title_key, title_similarity

LONGEST_QUERY = 1900
"""Length of a search, URL-encoded; servers and proxies reject URLs of more than about 2,000
characters.
"""
_LIVE = timedelta(days=60)
_OVERLAP = timedelta(days=2)
_BEFORE = timedelta(days=30)
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)
_ALIKE = 0.3
"""Minimum similarity of a patch by the same author for it to be a retitled version."""
_LONG_TITLE = 16
"""Minimum length of a title to be recognized within another one, as in `patch "…" added to the
tree`.
"""
_SHORTEST, _TITLE = 8, 60
"""Minimum and maximum length of a title in a search."""


class PolledSeries(NamedTuple):
    """A series to check for new messages.

    Contains the series' number, summary and Message-IDs, the time of the previous check, and the
    arrival time of the latest message in the archive at that time.
    """

    number: int
    summary: SeriesSummary
    message_ids: frozenset[str]
    asked: datetime
    reached: datetime | None = None


class NewMessages(NamedTuple):
    """The numbers of series that may have new messages, with these messages' ids.

    `reached` is the arrival time of the latest message found.
    """

    series: Mapping[int, frozenset[str]]
    reached: datetime | None = None


def news(
    archive: MailArchive,
    series: Sequence[PolledSeries],
    passed: Container[str] = (),
    *,
    now: datetime,
    fresh: bool = False,
) -> NewMessages:
    """Return the series that may have new messages in the archive.

    Use as few searches as possible. Messages in `passed` are known to be irrelevant. Raise
    `NetworkError` if the archive is unreachable or its search is broken.
    """
    known = frozenset[str]().union(*(polled.message_ids for polled in series))
    new_ids: dict[int, frozenset[str]] = {}
    reached: datetime | None = None
    for group in _group_by_age(series, now):
        control = group[0].summary.head
        for query, group_of_query in _queries(group, now):
            mails = archive.search(
                query, fresh=fresh, without=_Known(known, passed, control)
            )
            if control not in {mail.message_id for mail in mails}:
                raise _unreliable_search_error(archive, control)
            _assign(
                new_ids,
                (mail for mail in mails if mail.message_id != control),
                group_of_query,
            )
            moments = (
                moment
                for mail in mails
                if (moment := arrival_time(mail)) and moment <= now
            )
            reached = max(filter(None, (reached, *moments)), default=None)
    return NewMessages(new_ids, reached)


def _assign(
    new_ids: dict[int, frozenset[str]],
    mails: Iterable[Mail],
    series: Sequence[PolledSeries],
) -> None:
    """Assign messages to the series that they may be about."""
    for mail in mails:
        for number in find_concerned(mail, series):
            new_ids[number] = new_ids.get(number, frozenset()) | {mail.message_id}


def _unreliable_search_error(archive: MailArchive, control: str) -> NetworkError:
    return NetworkError(
        f"the search of {archive.host} does not find message {control}, which is in the archive",
        hint=Action("track", ("update", "--all"), "`{}` reads each series by itself"),
    )


def _group_by_age(
    series: Sequence[PolledSeries], now: datetime
) -> Iterator[Sequence[PolledSeries]]:
    """Group the series by the start of their search, with past series in a separate group."""
    for is_past in (False, True):
        group = [polled for polled in series if _is_past(polled, now) is is_past]
        if group:
            yield sorted(group, key=lambda polled: _ask_since(polled, now))


def _is_past(polled: PolledSeries, now: datetime) -> bool:
    """Return whether an outdated archive may have unseen messages about an inactive series."""
    last = polled.summary.last_activity
    return not (polled.reached or (last and now - last < _LIVE))


def _ask_since(polled: PolledSeries, now: datetime) -> datetime:
    """Return the arrival time from which to search."""
    if polled.reached:
        return polled.reached - _OVERLAP
    return (
        (polled.summary.last_activity or polled.asked) - _BEFORE
        if _is_past(polled, now)
        else polled.asked - _OVERLAP
    )


def _queries(
    series: Sequence[PolledSeries], now: datetime
) -> Iterator[tuple[str, list[PolledSeries]]]:
    """Yield queries of limited length with their series, of which several may share an address."""
    control = f"m:{quote_phrase(series[0].summary.head)}"
    terms: dict[str, None] = {}
    group: list[PolledSeries] = []

    def query(terms: Iterable[str]) -> str:
        return (
            f"({date_query(max(_ask_since(group[0], now), _FIRST))} AND ({' OR '.join(terms)})) OR"
            f" {control}"
        )

    def fill_query() -> str:
        """Add as many further titles to the query as fit.

        Replies to a later patch, or to a pull request with the patches, may mention neither the
        first patch nor the author.
        """
        room = LONGEST_QUERY - len(quote_url(query(terms)))
        for term in (
            _title_query(title)
            for polled in group
            for title in _more_titles(polled.summary)
        ):
            room -= len(quote_url(f" OR {term}")) if term not in terms else 0
            if room < 0:
                break
            terms[term] = None
        return query(terms)

    for polled in series:
        more = dict.fromkeys(_terms(polled.summary))
        if terms and len(quote_url(query({**terms, **more}))) > LONGEST_QUERY:
            yield fill_query(), group
            terms, group = {}, []
        terms.update(more)
        group.append(polled)
    yield fill_query(), group


def _terms(summary: SeriesSummary) -> list[str]:
    """Return search terms for messages about a series: its author as sender or recipient, its
    title, or its commit.
    """
    titled = (
        [_title_query(summary.subject)] if len(summary.subject) >= _SHORTEST else []
    )
    return [
        *(f"a:{quote_phrase(email)}" for email in summary.authors[-2:]),
        *titled,
        *(f"b:{commit[:12]}*" for commit in summary.commits[:2]),
    ]


def _more_titles(summary: SeriesSummary) -> list[str]:
    """Return a series' titles and related ones omitted by `_terms`."""
    own = title_key(summary.subject)
    return [
        title
        for title in (*summary.related, *summary.titles)
        if len(title) >= _SHORTEST and title != own
    ]


def _title_query(title: str) -> str:
    return f"s:{quote_phrase(_shorten_title(title))}"


def _shorten_title(title: str) -> str:
    """Return the first words of a title: enough to find it, but few enough for many titles per
    search.
    """
    return title if len(title) <= _TITLE else title[:_TITLE].rpartition(" ")[0]


@dataclass(frozen=True)
class _Known:
    """The known or skipped Message-IDs, except the one that a response must contain."""

    known: frozenset[str]
    passed: Container[str]
    control: str

    def __contains__(self, message_id: object) -> bool:
        return message_id != self.control and (
            message_id in self.known or message_id in self.passed
        )


def find_concerned(mail: Mail, series: Iterable[PolledSeries]) -> list[int]:
    """Return the numbers of the series that a message may be about."""
    title = title_key(parse_subject(mail.subject).title)
    return [polled.number for polled in series if _may_be_about(mail, title, polled)]


def _may_be_about(mail: Mail, title: str, polled: PolledSeries) -> bool:
    """Return whether a message may be about a series, as a reply, by title, commit or
    change-id, or as a similar patch by its author.
    """
    summary = polled.summary
    if (
        not polled.message_ids.isdisjoint((mail.in_reply_to, *mail.references))
        or title in summary.titles
    ):
        return True
    if summary.change_id and summary.change_id in mail.body:
        return True
    if any(commit[:12] in mail.body for commit in summary.commits) or any(
        known in title for known in summary.titles if len(known) >= _LONG_TITLE
    ):
        return True
    if (
        mail.sender.key not in summary.authors
        or mail.in_reply_to
        or (summary.began and date_or_epoch(mail) < summary.began)
    ):
        return False
    similarity = max(
        (title_similarity(title, known) for known in summary.titles), default=0.0
    )
    return (
        similarity >= _ALIKE
        or any(file in mail.body for file in summary.files)
        or any(known in mail.body for known in polled.message_ids)
    )
