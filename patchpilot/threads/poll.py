# SPDX-License-Identifier: GPL-2.0-or-later
"""One question for many series: which of them have mails that are not known yet.

A few searches cover all series of an archive: their authors' addresses, titles, change-ids and commits, limited to what the archive received
lately. Each search also names a mail that the archive has. When that mail is missing in the answer, the search is not believed.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from patchpilot.errors import NetworkError
from patchpilot.model.action import Action
from patchpilot.model.mail import Mail
from patchpilot.series.patch_pairing import title_key, title_similarity
from patchpilot.threads.archive import MailArchive, quoted
from patchpilot.threads.local_archive import LocalArchive
from patchpilot.threads.local_clues import ALIKE, LONG_TITLE, Clues
from patchpilot.threads.mbox import when
from patchpilot.threads.posted_series import plain_title
from patchpilot.threads.series_summary import SeriesSummary

LONGEST_QUERY = 1900
"""Characters of a search, encoded for a URL: servers and proxies refuse URLs of more than some 2,000."""
_LIVE = timedelta(days=60)
_OVERLAP = timedelta(days=2)
_BEFORE = timedelta(days=30)
_TITLE = 60
"""Characters of a title that are searched for."""


@dataclass(frozen=True)
class PolledSeries:
    """A series to ask about: its number, what is known of it, the ids of its mails, and when it was asked about before."""

    number: int
    summary: SeriesSummary
    message_ids: frozenset[str]
    asked: datetime


class News(NamedTuple):
    """The numbers of the series that may have new mails, and the ids of these mails."""

    series: frozenset[int]
    message_ids: frozenset[str]


def news(archive: MailArchive, series: Sequence[PolledSeries], passed: Container[str] = (), *, now: datetime, fresh: bool = False) -> News:
    """The series about which the archive has mails that are not known, by as few searches as possible; `passed` are mails known not to matter.

    NetworkError when the archive cannot be reached or its search does not find what it has.
    """
    if isinstance(archive, LocalArchive):
        return _indexed_news(archive, series, passed)
    by_number = {polled.number: polled for polled in series}
    known = _known_ids(series)
    found, new = set[int](), set[str]()
    for group, since in _by_age(series, now):
        control = group[0].summary.head
        for query, asked in _queries(group, since):
            is_there = False
            for mail in archive.search(query, fresh=fresh, without=_Known(known, passed, control)):
                if mail.message_id == control:
                    is_there = True
                    continue
                concerned = [number for number in asked if _concerns(mail, by_number[number])]
                found.update(concerned)
                new.update([mail.message_id] if concerned else [])
            if not is_there:
                raise _distrusted(archive, control)
    return News(frozenset(found), frozenset(new))


def _indexed_news(archive: LocalArchive, series: Sequence[PolledSeries], passed: Container[str]) -> News:
    """The news of an archive on this machine: its index leads to the mails that may be about a series, and only these are read."""
    heads = [polled.summary.head for polled in series]
    if not any(map(archive.has, heads)):
        raise _distrusted(archive, heads[0])
    clues = _clues(series)
    found, new = set[int](), set[str]()
    for mail in archive.related(clues, without=_Known(clues.message_ids, passed, "")):
        concerned = [polled.number for polled in series if _concerns(mail, polled)]
        found.update(concerned)
        new.update([mail.message_id] if concerned else [])
    if not found:
        archive.settled(clues)
    return News(frozenset(found), frozenset(new))


def _distrusted(archive: MailArchive, control: str) -> NetworkError:
    return NetworkError(
        f"the search of {archive.host} does not find the mail {control}",
        hint=Action("track", ("update", "--all"), "`{}` reads each series by itself"),
    )


def _clues(series: Sequence[PolledSeries]) -> Clues:
    authors: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for summary in (polled.summary for polled in series):
        for author in summary.authors:
            titles, files = authors.get(author, (frozenset(), frozenset()))
            authors[author] = titles.union(summary.titles), files.union(summary.files)
    return Clues(
        _known_ids(series),
        frozenset(title for polled in series for title in polled.summary.titles),
        frozenset(polled.summary.change_id for polled in series if polled.summary.change_id),
        frozenset(commit[:12] for polled in series for commit in polled.summary.commits),
        authors,
    )


def _known_ids(series: Sequence[PolledSeries]) -> frozenset[str]:
    return frozenset().union(*(polled.message_ids for polled in series))


def _by_age(series: Sequence[PolledSeries], now: datetime) -> Iterator[tuple[Sequence[PolledSeries], datetime | None]]:
    """The series, with the time from which to search: the last time that all were asked about where they are of today; None for mails of
    the past, as in a copy of an old archive, for which it is when each was heard of last."""
    live: list[PolledSeries] = []
    past: list[PolledSeries] = []
    for polled in series:
        last = polled.summary.last_activity
        (live if last and now - last < _LIVE else past).append(polled)
    if live:
        yield live, min(polled.asked for polled in live) - _OVERLAP
    past.sort(key=lambda polled: polled.summary.last_activity or now)
    if past:
        yield past, None


def _queries(series: Sequence[PolledSeries], since: datetime | None) -> Iterator[tuple[str, list[int]]]:
    """Searches within the longest URL, each with the numbers of the series it asks about (an address may be that of several)."""
    control = f"m:{quoted(series[0].summary.head)}"
    terms: dict[str, None] = {}
    asked: list[PolledSeries] = []

    def query(first: PolledSeries) -> str:
        begin = since or (first.summary.last_activity or first.asked) - _BEFORE
        return f"(rt:{max(begin, datetime(1990, 1, 1, tzinfo=UTC)):%Y%m%d}.. AND ({' OR '.join(terms)})) OR {control}"

    for polled in series:
        before = dict(terms)
        terms.update(dict.fromkeys(_terms(polled.summary)))
        if before and len(quote(query(asked[0]))) > LONGEST_QUERY:
            terms, added = before, dict.fromkeys(_terms(polled.summary))
            yield query(asked[0]), [one.number for one in asked]
            terms, asked = added, []
        asked.append(polled)
    yield query(asked[0]), [one.number for one in asked]


def _terms(summary: SeriesSummary) -> list[str]:
    """What mails about a series have: its author as sender or recipient, its title, the commit it became."""
    titled = [f"s:{quoted(_short(summary.subject))}"] if len(summary.subject) >= 8 else []
    return [*(f"a:{quoted(email)}" for email in summary.authors[-2:]), *titled, *(f"b:{commit[:12]}*" for commit in summary.commits[:2])]


def _short(title: str) -> str:
    """The first words of a title: enough to find it, and as much as fits many into a search."""
    return title if len(title) <= _TITLE else title[:_TITLE].rpartition(" ")[0]


@dataclass(frozen=True)
class _Known:
    """The Message-IDs that are known or passed over, but not the one that an answer must have."""

    known: frozenset[str]
    passed: Container[str]
    control: str

    def __contains__(self, message_id: object) -> bool:
        return message_id != self.control and (message_id in self.known or message_id in self.passed)


def _concerns(mail: Mail, polled: PolledSeries) -> bool:
    """Whether a mail may be about a series: it answers one of its mails, has its title, names its commit or change-id, or is a like patch of its author."""
    summary = polled.summary
    above = {reference for reference in (mail.in_reply_to, *mail.references) if reference}
    title = title_key(plain_title(mail.subject))
    if above & polled.message_ids or title in summary.titles:
        return True
    if summary.change_id and summary.change_id in mail.body:
        return True
    if any(commit[:12] in mail.body for commit in summary.commits) or any(
        known in title for known in summary.titles if len(known) >= LONG_TITLE
    ):
        return True
    if mail.sender.key not in summary.authors or mail.in_reply_to or (summary.began and when(mail) < summary.began):
        return False
    alike = max((title_similarity(title, known) for known in summary.titles), default=0.0)
    return alike >= ALIKE or any(file in mail.body for file in summary.files) or any(known in mail.body for known in polled.message_ids)
