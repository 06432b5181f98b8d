# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the original series for stable maintainers' messages in an archive."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from patchpilot.archive.archive import MailArchive, NotInArchiveError, quote_phrase
from patchpilot.archive.poll import LONGEST_QUERY
from patchpilot.model.hosts import quote_url
from patchpilot.model.mail import linked_ids
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
"""Maximum number of links followed per message."""
MAX_MISSED = 20
"""Maximum number of failed searches for the original of a patch."""


def originals(
    archive: MailArchive,
    mails: Sequence[Classified],
    *,
    reader: MailReader,
) -> Mapping[str, PostedSeries]:
    """Map the Message-IDs of messages from stable maintainers to their original series.

    Search the archive for the message's links, its title and author, or its upstream commit. Omit
    messages whose original series is not found.
    """
    archive.parse_mail = reader.parse
    series: dict[str, PostedSeries] = {}
    topics = _Originals()
    topics.add(_find_by_titles(archive, mails, reader))
    missed = set[str]()
    for mail in mails:
        title, topic = title_key(parse_title(mail) or ""), topics.of(mail)
        if topic is None and title not in missed and len(missed) < MAX_MISSED:
            topics.add(_find_by_links(archive, mail, reader))
            topic = topics.of(mail) or next(
                iter(_find_by_commit(archive, mail, reader)), None
            )
            missed |= {title} if topic is None else set()
        if topic:
            series[mail.message_id] = topic
            topics.add([topic])
    return series


class _Originals:
    """The series that may be a message's original, oldest first."""

    def __init__(self) -> None:
        self.topics: list[PostedSeries] = []
        self.posts = Posts(())

    def add(self, topics: Iterable[PostedSeries]) -> None:
        """Add posted series, except backports."""
        new = [topic for topic in topics if topic not in self.topics]
        if new := [topic for topic in new if not topic.latest.backport_to]:
            self.topics += new
            self.posts = Posts(self.topics)

    def of(self, mail: Classified) -> PostedSeries | None:
        """Return the original series of a message's patch, by link or by title and author."""
        position = self.posts.quoted(mail)
        return self.topics[position[0]] if position else None


def _find_by_titles(
    archive: MailArchive, mails: Sequence[Classified], reader: MailReader
) -> tuple[PostedSeries, ...]:
    """Return the series with these titles and authors, with one search for several titles."""
    by_author: dict[str, dict[str, None]] = {}
    for mail in mails:
        title, authors = parse_title(mail), find_named_authors(mail)
        if title and authors:
            by_author.setdefault(authors[0].email, {})[f"s:{quote_phrase(title)}"] = (
                None
            )
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
    """Return the series in threads that the message links to."""
    series: list[tuple[PostedSeries, ...]] = []
    for message_id in dict.fromkeys(
        message_id for message_id, at in linked_ids(mail.mail.body) if at is not None
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
    """Return the series that became the message's upstream commit, according to replies in its
    thread.
    """
    commits = [commit for commit in mail.place.commits if len(commit) >= 12]
    topics = [
        mail
        for commit in commits[:1]
        for mail in archive.search(f"b:{commit[:12]}*", threads=True)
    ]
    landed = [
        posted
        for posted in read_thread(topics, reader=reader)
        if posted.commit and posted.latest.backport_to is None
    ]
    return tuple(
        posted
        for posted in landed
        if any(_is_same_patch(posted.commit or "", commit) for commit in commits)
    )


def _is_same_patch(first: str, second: str) -> bool:
    return first.startswith(second[:12]) or second.startswith(first[:12])


def _build_queries(terms: Sequence[str], rest: str) -> Iterator[str]:
    group: list[str] = []
    for term in terms:
        if (
            group
            and len(quote_url(f"({' OR '.join((*group, term))}) AND {rest}"))
            > LONGEST_QUERY
        ):
            yield f"({' OR '.join(group)}) AND {rest}"
            group = []
        group.append(term)
    if group:
        yield f"({' OR '.join(group)}) AND {rest}"
