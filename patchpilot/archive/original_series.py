# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the original series of patches sent by stable maintainers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from patchpilot.archive.archive import MailArchive, NotInArchiveError, quote_phrase
from patchpilot.archive.poll import LONGEST_QUERY
from patchpilot.model.hosts import quote_url
from patchpilot.model.mail import find_linked_ids
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.series_messages import (
    Posts,
    find_named_authors,
    parse_title,
    posted_in,
)
from patchpilot.series.patch_pairing import title_key

MAX_LINKS = 4
"""Maximum number of threads to read from the links in a message."""
MAX_MISSED = 20
"""Maximum number of patches to search for in vain."""


def find_original_series(
    archive: MailArchive,
    mails: Sequence[Classified],
    *,
    reader: MailReader,
) -> Mapping[str, PostedSeries]:
    """Map the Message-IDs of stable maintainers' messages to the original series.

    Search the archive by title and author, by the message's links, and by its upstream commit. Omit
    messages whose original is not found.
    """
    archive.parse_mail = reader.parse
    series: dict[str, PostedSeries] = {}
    topics = _Originals()
    topics.add(_find_by_titles(archive, mails, reader))
    missed_titles = set[str]()
    for mail in mails:
        title, topic = title_key(parse_title(mail) or ""), topics.of(mail)
        if topic is None and title not in missed_titles and len(missed_titles) < MAX_MISSED:
            topics.add(_find_by_links(archive, mail, reader))
            topic = topics.of(mail) or next(iter(_find_by_commit(archive, mail, reader)), None)
            missed_titles |= {title} if topic is None else set()
        if topic:
            series[mail.message_id] = topic
            topics.add([topic])
    return series


class _Originals:
    def __init__(self) -> None:
        self.topics: list[PostedSeries] = []
        self.posts = Posts(())

    def add(self, topics: Iterable[PostedSeries]) -> None:
        """Add series to the search results, except backports."""
        new_topics = [topic for topic in topics if topic not in self.topics]
        if new_topics := [topic for topic in new_topics if not topic.latest.backport_to]:
            self.topics += new_topics
            self.posts = Posts(self.topics)

    def of(self, mail: Classified) -> PostedSeries | None:
        """Return the original series of a message, found by a link in it or by title and author."""
        position = self.posts.quoted(mail)
        return self.topics[position[0]] if position else None


def _find_by_titles(
    archive: MailArchive, mails: Sequence[Classified], reader: MailReader
) -> tuple[PostedSeries, ...]:
    """Return the series with the messages' titles and authors, with several titles per search."""
    by_author: dict[str, dict[str, None]] = {}
    for mail in mails:
        title, authors = parse_title(mail), find_named_authors(mail)
        if title and authors:
            by_author.setdefault(authors[0].email, {})[f"s:{quote_phrase(title)}"] = None
    queries = [
        query
        for email, terms in by_author.items()
        for query in _build_queries(
            list(terms), f"(f:{quote_phrase(email)} OR b:{quote_phrase(email)})"
        )
    ]
    matches = [mail for query in queries for mail in archive.search(query)]
    return posted_in(matches, reader)


def _find_by_links(
    archive: MailArchive, mail: Classified, reader: MailReader
) -> tuple[PostedSeries, ...]:
    """Return the series in the threads that a message links to."""
    series: list[tuple[PostedSeries, ...]] = []
    for message_id in dict.fromkeys(
        message_id for message_id, offset in find_linked_ids(mail.mail.body) if offset is not None
    ):
        if len(series) == MAX_LINKS:
            break
        try:
            series.append(posted_in(archive.thread(message_id), reader))
        except NotInArchiveError:
            continue
    return tuple(topic for topics in series for topic in topics)


def _find_by_commit(
    archive: MailArchive, mail: Classified, reader: MailReader
) -> tuple[PostedSeries, ...]:
    """Return the series whose threads name the message's upstream commit."""
    commits = [commit for commit in mail.placement.commits if len(commit) >= 12]
    mails = [
        mail
        for commit in commits[:1]
        for mail in archive.search(f"b:{commit[:12]}*", full_threads=True)
    ]
    merged = [
        posted
        for posted in read_thread(mails, reader=reader)
        if posted.commit and posted.latest.backport_to is None
    ]
    return tuple(
        posted
        for posted in merged
        if any(_is_same_patch(posted.commit or "", commit) for commit in commits)
    )


def _is_same_patch(first: str, second: str) -> bool:
    return first.startswith(second[:12]) or second.startswith(first[:12])


def _build_queries(terms: Sequence[str], author_condition: str) -> Iterator[str]:
    group: list[str] = []
    for term in terms:
        if (
            group
            and len(quote_url(f"({' OR '.join((*group, term))}) AND {author_condition}"))
            > LONGEST_QUERY
        ):
            yield f"({' OR '.join(group)}) AND {author_condition}"
            group = []
        group.append(term)
    if group:
        yield f"({' OR '.join(group)}) AND {author_condition}"
