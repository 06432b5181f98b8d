# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect all messages about a series from an archive: its threads, other versions, and messages
from stable maintainers and bots in other threads.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from patchpilot.archive.archive import MailArchive, NotInArchiveError, quote_phrase
from patchpilot.errors import MissingError, NetworkError, PatchpilotError
from patchpilot.model.address import Address
from patchpilot.model.mail import Mail
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import unique
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread


class CollectedMails(NamedTuple):
    """The messages about the series, and an error for each unreadable one.

    `failure` is the error that stopped the search early, and `missing` the error if the archive
    lacks the thread of the series, whose messages were known before. `archived` contains the
    Message-IDs that the archive returned.
    """

    mails: tuple[Mail, ...]
    problems: tuple[str, ...]
    failure: PatchpilotError | None = None
    archived: frozenset[str] = frozenset()
    missing: NotInArchiveError | None = None


MACHINES = "(f:gregkh OR f:sashal OR f:akpm OR f:tip-bot2 OR f:patchwork-bot)"
MAX_THREADS = 12
MAX_TITLES = 8
MAX_CARRIED, MAX_FILES = 4, 3
MAX_FOLLOW_UPS = 4


def collect_series_mails(
    archive: MailArchive,
    message_id: str,
    known_mails: Iterable[Mail] = (),
    *,
    sent: Iterable[Mail] = (),
    commits: Sequence[str] = (),
    fresh: bool = False,
    reader: MailReader | None = None,
) -> CollectedMails:
    """Return the messages about the series that contains a message.

    `sent` contains the series' messages that were sent from this machine. They help to find other
    messages, but are returned only if the archive also contains them. `commits` are those as which
    the series was merged, if known. If the first query succeeds
    and a later one fails, return the messages found until then. Raise `NotInArchiveError` if the
    archive lacks the message and no messages are known, and `NetworkError` if the first query
    fails.
    """
    reader = reader or MailReader()
    archive.parse_mail = reader.parse
    reader.online = reader.online or archive.online
    mails: dict[str, Mail] = {mail.message_id: mail for mail in known_mails}
    unarchived = {mail.message_id: mail for mail in sent if mail.message_id not in mails}
    mails.update(unarchived)
    search = _MailSearch(archive, message_id, mails, reader, fresh, commits, set(unarchived))
    failure: PatchpilotError | None = None
    missing: NotInArchiveError | None = None
    reader.progress("fetching the thread from the archive")
    try:
        search.add_thread(message_id)
    except NotInArchiveError as error:
        if len(mails) == len(unarchived):
            raise
        missing = error
    try:
        search.search_other_threads()
    except (NetworkError, MissingError) as error:
        failure = error
    return CollectedMails(
        tuple(
            mail
            for mail in _select_related({message_id: commits}, mails.values(), reader)
            if mail.message_id not in search.only_sent
        ),
        tuple(dict.fromkeys(archive.skipped)),
        failure,
        frozenset(search.archived),
        missing,
    )


@dataclass
class _MailSearch:
    """A search that adds the messages it finds to `have`.

    `only_sent` contains the ids of sent messages that have not been found in the archive yet.
    """

    archive: MailArchive
    message_id: str
    have: dict[str, Mail]
    reader: MailReader
    fresh: bool
    commits: Sequence[str]
    only_sent: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)

    def add_thread(self, message_id: str) -> None:
        self.asked.add(message_id)
        self._add(self.archive.thread(message_id, fresh=self.fresh))

    def search_other_threads(self) -> None:
        """Search for messages outside the first thread: other versions and their threads, messages
        from stable maintainers and bots, and messages that mention the commit.
        """
        posted = self._find_series()
        if posted is None:
            return
        self.reader.progress("searching for other revisions")
        self._add_threads(_make_revision_queries(posted))
        posted = self._find_series() or posted
        self._add_revisions(posted)
        posted = self._find_series() or posted
        self.reader.progress("searching for messages of the stable trees")
        titles = (post.title for post in posted.latest.patches if len(post.title) >= 8)
        for title in list(dict.fromkeys(titles))[:MAX_TITLES]:
            # patchwork's summary messages name the applied patches in the body, not in the subject
            by_patchwork = f"(b:{quote_phrase(title)} AND f:patchwork-bot)"
            query = f"(s:{quote_phrase(title)} AND {MACHINES}) OR {by_patchwork}"
            self._add(self.archive.search(query, fresh=self.fresh))
        self._add_threads(_make_forwarding_queries(posted))
        self._add_mails_about_commits()
        self._add_follow_ups()

    def _add(self, mails: Iterable[Mail]) -> None:
        for mail in mails:
            self.archived.add(mail.message_id)
            if mail.message_id in self.only_sent:
                self.only_sent.discard(mail.message_id)
                self.have[mail.message_id] = mail
            self.have.setdefault(mail.message_id, mail)

    def _find_series(self, message_id: str = "") -> PostedSeries | None:
        anchor = message_id or self.message_id
        anchors = {anchor: self.commits if anchor == self.message_id else ()}
        topics = read_thread(self.have.values(), reader=self.reader, anchors=anchors)
        return find_posted_series(anchor, topics)

    def _add_threads(self, queries: Iterable[str]) -> None:
        for query in queries:
            self._add(self.archive.search(query, full_threads=True, fresh=self.fresh))

    def _add_revisions(self, posted: PostedSeries) -> None:
        """Add the threads of all known and missing versions, latest first."""
        head_ids = [revision.head.message_id for revision in reversed(posted.revisions)]
        for head in [*head_ids, *posted.missing][:MAX_THREADS]:
            if head in self.asked or (not self.fresh and self._has_answers_to(head)):
                continue
            try:
                self.add_thread(head)
            except NotInArchiveError:
                continue

    def _has_answers_to(self, message_id: str) -> bool:
        return message_id in self.have and any(
            mail.in_reply_to == message_id for mail in self.have.values()
        )

    def _add_mails_about_commits(self) -> None:
        posted = self._find_series()
        landed = posted.landed if posted else ()
        named = (*self.commits, *(it.commit for it in landed if it.commit))
        commits = list(dict.fromkeys(commit[:12] for commit in named))
        self.reader.progress("searching for messages that reference the commit")
        for commit in commits[:MAX_TITLES]:
            self._add(self.archive.search(f"b:{commit}*", fresh=self.fresh))

    def _add_follow_ups(self) -> None:
        posted = self._find_series()
        for follow_up in posted.follow_ups[:MAX_FOLLOW_UPS] if posted else ():
            follow_up_series = self._find_series(follow_up.message_id)
            self._add_threads(_make_revision_queries(follow_up_series) if follow_up_series else ())


def _make_revision_queries(posted: PostedSeries) -> list[str]:
    """Return queries for other versions of a series.

    They search by change-id, links to known versions, title and author and, if versions are
    missing, for the author's patches to the same files.
    """
    author = _make_sender_condition(posted.author)
    by_link = [
        f"b:{quote_phrase(revision.head.message_id)} AND {author}"
        for revision in posted.revisions[-2:]
    ]
    titles = dict.fromkeys((posted.subject, posted.revisions[0].head.title))
    by_identity = (
        [quote_phrase(posted.change_id)]
        if posted.change_id
        else [f"s:{quote_phrase(title)} AND {author}" for title in titles if len(title) >= 8]
    )
    return [*by_identity, *by_link, *_make_missing_version_queries(posted)]


def _make_missing_version_queries(posted: PostedSeries) -> list[str]:
    known_versions = {revision.version for revision in posted.revisions}
    if all(
        version in known_versions or version in posted.missing.values()
        for version in range(1, max(known_versions))
    ):
        return []
    files = sorted(posted.revisions[0].files, key=len)[-MAX_FILES:]
    if files:
        return [
            f"{_make_sender_condition(posted.author)} AND"
            f" ({' OR '.join(f'dfn:{quote_phrase(file)}' for file in files)}) AND NOT s:re"
        ]
    return []


def _make_sender_condition(author: Address) -> str:
    """Return a search condition for the sender's address or name, because addresses change."""
    if " " in author.name:
        return f"(f:{author.email} OR f:{quote_phrase(author.name)})"
    return f"f:{author.email}"


def _make_forwarding_queries(posted: PostedSeries) -> list[str]:
    if posted.latest.backport_to:
        return []
    titles = list(
        dict.fromkeys(post.title for post in posted.latest.patches if len(post.title) >= 16)
    )[:MAX_CARRIED]
    subjects = " OR ".join(f"s:{quote_phrase(title)}" for title in titles)
    bodies = " OR ".join(f"b:{quote_phrase(title)}" for title in titles)
    forwarded = (
        f"b:{quote_phrase(posted.author.email)} AND ({subjects}) "
        f"AND NOT {_make_sender_condition(posted.author)} AND NOT s:re"
    )
    if titles:
        return [forwarded, f"s:pull AND ({bodies}) AND b:{quote_phrase(posted.author.name)}"]
    return []


def find_posted_series(message_id: str, topics: Iterable[PostedSeries]) -> PostedSeries | None:
    """Return the series that contains a message. If none does, return one that references it, or
    None.
    """
    topics = tuple(topics)
    post = next(
        (
            posted
            for posted in topics
            if message_id in posted.post_ids or message_id in posted.missing
        ),
        None,
    )
    return post or next((posted for posted in topics if message_id in posted.message_ids), None)


def _select_related(
    anchors: Mapping[str, Sequence[str]], mails: Iterable[Mail], reader: MailReader
) -> tuple[Mail, ...]:
    """Return the messages about the series and its follow-ups, omitting unrelated matches."""
    unique_mails, (message_id,) = unique(mails), anchors
    topics = read_thread(unique_mails, reader=reader, anchors=anchors)
    own_series = find_posted_series(message_id, topics)
    if own_series is None:
        return unique_mails
    ids = collect_series_ids(own_series, topics) | {message_id}
    return tuple(mail for mail in unique_mails if mail.message_id in ids)


def collect_series_ids(posted: PostedSeries, topics: Sequence[PostedSeries]) -> frozenset[str]:
    """Return the Message-IDs of a series and its follow-up series."""
    later = (find_posted_series(follow_up.message_id, topics) for follow_up in posted.follow_ups)
    return posted.message_ids.union(*(series.message_ids for series in later if series))
