# SPDX-License-Identifier: GPL-2.0-or-later
"""Check many series for new messages with only a few searches.

The search terms are the authors' addresses, titles, change-ids and commits. Searches are limited to
messages that were received since the latest known one or name a commit. Each search must also match
one message that is known to be in the archive; if that message is not found, the archive's search
is considered broken.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from patchpilot.archive.archive import MailArchive, make_date_query, quote_phrase
from patchpilot.errors import NetworkError
from patchpilot.model.action import Action
from patchpilot.model.hosts import quote_url
from patchpilot.model.mail import Mail
from patchpilot.model.patch import parse_subject
from patchpilot.reading.mbox import arrival_time, date_or_epoch
from patchpilot.reading.series_summary import SeriesSummary
from patchpilot.series.patch_pairing import title_key, title_similarity

LONGEST_QUERY = 1900
"""Maximum length of a URL-encoded query: servers and proxies reject URLs of more than about 2,000
characters.
"""
_ACTIVE_PERIOD = timedelta(days=60)
_OVERLAP = timedelta(days=2)
_BEFORE = timedelta(days=30)
_EARLIEST_DATE = datetime(1990, 1, 1, tzinfo=UTC)
_MIN_SIMILARITY = 0.3
"""Minimum title similarity for a patch by the same author to be a retitled version."""
_LONG_TITLE = 16
"""Minimum length of a title that is also recognized as a part of another one, as in `patch "…"
added to the tree`.
"""
_SHORTEST, _TITLE = 8, 60
"""Minimum and maximum length of a title in a search."""


class PolledSeries(NamedTuple):
    """A series to check for new messages.

    `asked` is the time of the previous check, and `reached` the arrival time of the archive's
    latest message at that time.
    """

    number: int
    summary: SeriesSummary
    message_ids: frozenset[str]
    asked: datetime
    reached: datetime | None = None


class NewMessages(NamedTuple):
    """The ids of messages that may be about a series, by series number.

    `reached` is the arrival time of the latest message found.
    """

    series: Mapping[int, frozenset[str]]
    reached: datetime | None = None


def find_new_messages(
    archive: MailArchive,
    series: Sequence[PolledSeries],
    irrelevant_ids: Container[str],
    *,
    now: datetime,
    fresh: bool,
) -> NewMessages:
    """Return the series that may have new messages in the archive, using as few searches as
    possible.

    Ignore messages in `irrelevant_ids`. Raise `NetworkError` if the archive is unreachable or its
    search is broken.
    """
    known_ids = _list_known_ids(series)
    new_ids: dict[int, frozenset[str]] = {}
    reached: datetime | None = None
    for group in _group_by_age(series, now):
        control = group[0].summary.head
        for query, group_of_query in _make_queries(group, now):
            mails = archive.search(
                query,
                fresh=fresh,
                excluded_ids=_OmittedIds(known_ids, irrelevant_ids, control),
            )
            if control not in {mail.message_id for mail in mails}:
                raise _unreliable_search_error(archive, control)
            _assign_to_series(
                new_ids,
                (mail for mail in mails if mail.message_id != control),
                group_of_query,
            )
            arrival_times = (
                arrived for mail in mails if (arrived := arrival_time(mail)) and arrived <= now
            )
            reached = max(filter(None, (reached, *arrival_times)), default=None)
    return NewMessages(new_ids, reached)


def _list_known_ids(series: Sequence[PolledSeries]) -> frozenset[str]:
    """Return the ids of known messages.

    A message that only some of the series in a thread have may be new for the others, and is not
    known. A tracked patch that was stored is known to its own series.
    """
    by_number = {polled.number: polled.message_ids for polled in series}
    numbers_by_id: dict[str, list[int]] = defaultdict(list)
    for number, message_ids in by_number.items():
        for message_id in message_ids:
            numbers_by_id[message_id].append(number)
    known = frozenset(numbers_by_id)
    for numbers in {tuple(it) for it in numbers_by_id.values() if len(it) > 1}:
        of_thread = [by_number[number] for number in numbers]
        known -= frozenset[str]().union(*of_thread) - of_thread[0].intersection(*of_thread)
    return known.union(*(it.message_ids.intersection(it.summary.posts) for it in series))


def _assign_to_series(
    new_ids: dict[int, frozenset[str]],
    mails: Iterable[Mail],
    series: Sequence[PolledSeries],
) -> None:
    for mail in mails:
        lacking = [polled for polled in series if mail.message_id not in polled.message_ids]
        if len(lacking) < len(series):
            # a message known to another series is placed: only its parent's series lack it
            lacking = [polled for polled in lacking if mail.in_reply_to in polled.message_ids]
        for number in find_concerned_series(mail, lacking):
            new_ids[number] = new_ids.get(number, frozenset()) | {mail.message_id}


def _unreliable_search_error(archive: MailArchive, control: str) -> NetworkError:
    return NetworkError(
        f"the search of {archive.host} does not find message {control}, which is in the archive",
        hint=Action("track", ("update", "--all"), "`{}` reads each series by itself"),
    )


def _group_by_age(
    series: Sequence[PolledSeries], now: datetime
) -> Iterator[Sequence[PolledSeries]]:
    """Group the series into active and past ones, each sorted by the start of its search."""
    for is_past in (False, True):
        group = [polled for polled in series if _is_past_series(polled, now) is is_past]
        if group:
            yield sorted(group, key=lambda polled: _find_search_start(polled, now))


def _is_past_series(polled: PolledSeries, now: datetime) -> bool:
    """Return whether a series had no recent activity, and the time of the archive's latest message
    at the last check is unknown.
    """
    last_activity = polled.summary.last_activity
    return not (polled.reached or (last_activity and now - last_activity < _ACTIVE_PERIOD))


def _find_search_start(polled: PolledSeries, now: datetime) -> datetime:
    if polled.reached:
        return polled.reached - _OVERLAP
    if _is_past_series(polled, now):
        return (polled.summary.last_activity or polled.asked) - _BEFORE
    return polled.asked - _OVERLAP


def _make_queries(
    series: Sequence[PolledSeries], now: datetime
) -> Iterator[tuple[str, list[PolledSeries]]]:
    """Yield queries of limited length, each with its series.

    Series by one author share search terms.
    """
    control = f"m:{quote_phrase(series[0].summary.head)}"
    terms: dict[str, None] = {}
    group: list[PolledSeries] = []

    def query(terms: Iterable[str]) -> str:
        # a commit may become known after the messages that name it
        always = [*(it for it in terms if it.startswith("b:")), control]
        recent = " OR ".join(it for it in terms if it not in always)
        start = max(_find_search_start(group[0], now), _EARLIEST_DATE)
        return " OR ".join((f"({make_date_query(start)} AND ({recent}))", *always))

    def fill_query() -> str:
        """Add as many more titles to the query as fit.

        Replies to a later patch, or to a pull request with the patches, may mention neither the
        first patch nor the author.
        """
        remaining = LONGEST_QUERY - len(quote_url(query(terms)))
        for term in (
            _make_title_query(title)
            for polled in group
            for title in _list_additional_titles(polled.summary)
        ):
            remaining -= len(quote_url(f" OR {term}")) if term not in terms else 0
            if remaining < 0:
                break
            terms[term] = None
        return query(terms)

    for polled in series:
        new_terms = dict.fromkeys(_make_search_terms(polled.summary))
        if terms and len(quote_url(query({**terms, **new_terms}))) > LONGEST_QUERY:
            yield fill_query(), group
            terms, group = {}, []
        terms.update(new_terms)
        group.append(polled)
    yield fill_query(), group


def _make_search_terms(summary: SeriesSummary) -> list[str]:
    """Return search terms for messages about a series: author, title and commits."""
    titled = [_make_title_query(summary.subject)] if len(summary.subject) >= _SHORTEST else []
    return [
        *(f"a:{quote_phrase(email)}" for email in summary.authors[-2:]),
        *titled,
        *(f"b:{commit[:12]}*" for commit in summary.commits[:2]),
    ]


def _list_additional_titles(summary: SeriesSummary) -> list[str]:
    """Return titles of a series' patches and of related series that `_make_search_terms` omits."""
    own_title = title_key(summary.subject)
    return [
        title
        for title in (*summary.related, *summary.titles)
        if len(title) >= _SHORTEST and title != own_title
    ]


def _make_title_query(title: str) -> str:
    return f"s:{quote_phrase(_shorten_title(title))}"


def _shorten_title(title: str) -> str:
    """Return the first words of a title. They are enough to find it, and few enough that many
    titles fit in one search.
    """
    return title if len(title) <= _TITLE else title[:_TITLE].rpartition(" ")[0]


@dataclass(frozen=True)
class _OmittedIds:
    """The Message-IDs to exclude from search results.

    They never include the message that each search must find to prove that the search works.
    """

    known: frozenset[str]
    passed: Container[str]
    control: str

    def __contains__(self, message_id: object) -> bool:
        return message_id != self.control and (
            message_id in self.known or message_id in self.passed
        )


def find_concerned_series(mail: Mail, series: Iterable[PolledSeries]) -> list[int]:
    """Return the numbers of the series that a message may be about."""
    title = title_key(parse_subject(mail.subject).title)
    return [polled.number for polled in series if _may_be_about(mail, title, polled)]


def _may_be_about(mail: Mail, title: str, polled: PolledSeries) -> bool:
    """Return whether a message may be about a series: as a reply, by title, commit or change-id, or
    as a similar patch by its author.
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
        known_text in title for known_text in summary.titles if len(known_text) >= _LONG_TITLE
    ):
        return True
    if (
        mail.sender.key not in summary.authors
        or mail.in_reply_to
        or (summary.began and date_or_epoch(mail) < summary.began)
    ):
        return False
    similarity = max(
        (title_similarity(title, known_text) for known_text in summary.titles),
        default=0.0,
    )
    return (
        similarity >= _MIN_SIMILARITY
        or any(file in mail.body for file in summary.files)
        or any(known_text in mail.body for known_text in polled.message_ids)
    )
