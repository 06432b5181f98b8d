# SPDX-License-Identifier: GPL-2.0-or-later
"""All mails about a series that an archive has: its threads, its other revisions, and mails of
stable trees and bots in other threads.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from patchpilot.errors import MissingError, NetworkError, PatchpilotError
from patchpilot.model.address import Address
from patchpilot.model.mail import Mail
from patchpilot.model.progress import Progress, silent
from patchpilot.threads.archive import MailArchive, NotInArchiveError, quoted
from patchpilot.threads.mail_reader import MailReader
from patchpilot.threads.mbox import unique
from patchpilot.threads.posted_series import PostedTopic
from patchpilot.threads.status import Status, read_thread


class Gathered(NamedTuple):
    """The mails about a series.

    Mails that could not be read, in words; and the failure that ended the search early.
    """

    mails: tuple[Mail, ...]
    troubles: tuple[str, ...]
    failure: PatchpilotError | None = None


Take = Callable[[Iterable[Mail]], None]
MACHINES = "(f:gregkh OR f:sashal OR f:akpm OR f:tip-bot2 OR f:patchwork-bot)"
MAX_THREADS = 12
MAX_TITLES = 8
MAX_CARRIED, MAX_FILES = 4, 3
MAX_FOLLOW_UPS = 4


def gather(
    archive: MailArchive,
    message_id: str,
    known: Iterable[Mail] = (),
    *,
    fresh: bool = False,
    reader: MailReader | None = None,
    progress: Progress = silent,
) -> Gathered:
    """The mails about the series that has this mail; those found before a later query failed are
    kept.

    NotInArchiveError when the archive has no such mail and none is known; NetworkError when the
    first query fails.
    """
    reader = reader or MailReader()
    archive.parse_mail = reader.parse
    reader.online = reader.online or archive.online
    have: dict[str, Mail] = {mail.message_id: mail for mail in known}
    asked: set[str] = set()
    failure: PatchpilotError | None = None

    def take(mails: Iterable[Mail]) -> None:
        for mail in mails:
            have.setdefault(mail.message_id, mail)

    progress("fetching the thread from the archive")
    asked.add(message_id)
    try:
        take(archive.thread(message_id, fresh=fresh))
    except NotInArchiveError:
        if not have:
            raise
    try:
        _widen(archive, message_id, have, reader, asked, take, fresh, progress)
    except (NetworkError, MissingError) as error:
        failure = error
    return Gathered(
        _about(message_id, have.values(), reader), tuple(dict.fromkeys(archive.skipped)), failure
    )


def _widen(
    archive: MailArchive,
    message_id: str,
    have: Mapping[str, Mail],
    reader: MailReader,
    asked: set[str],
    take: Take,
    fresh: bool,
    progress: Progress,
) -> None:
    """Search for what is not in the first thread: other revisions, their threads, the stable trees'
    and bots' mails, what names the commit.
    """
    status = _one(message_id, have.values(), reader)
    if status is None:
        return
    progress("searching for other revisions")
    for query in _revision_queries(status):
        take(archive.search(query, threads=True, fresh=fresh))
    status = _one(message_id, have.values(), reader) or status
    heads = [revision.head.message_id for revision in reversed(status.topic.revisions)]
    for head in [*heads, *status.topic.missing][:MAX_THREADS]:
        if head in asked or (
            head in have and not fresh and any(mail.in_reply_to == head for mail in have.values())
        ):
            continue
        asked.add(head)
        try:
            take(archive.thread(head, fresh=fresh))
        except NotInArchiveError:
            continue
    status = _one(message_id, have.values(), reader) or status
    progress("searching for mails of the stable trees")
    for title in list(
        dict.fromkeys(post.title for post in status.topic.latest.patches if len(post.title) >= 8)
    )[:MAX_TITLES]:
        # patchwork's summaries name what was applied in their text
        take(
            archive.search(
                f"(s:{quoted(title)} AND {MACHINES}) OR (b:{quoted(title)} AND f:patchwork-bot)",
                fresh=fresh,
            )
        )
    for query in _carrier_queries(status):
        take(archive.search(query, threads=True, fresh=fresh))
    _what_came_after(archive, message_id, have, reader, take, fresh, progress)


def _what_came_after(
    archive: MailArchive,
    message_id: str,
    have: Mapping[str, Mail],
    reader: MailReader,
    take: Take,
    fresh: bool,
    progress: Progress,
) -> None:
    """Search for mails that reference the commit, and for all revisions of series that fix or
    revert it.
    """
    status = _one(message_id, have.values(), reader)
    commits = (
        list(dict.fromkeys(landed.commit[:12] for landed in status.landed if landed.commit))
        if status
        else []
    )
    progress("searching for mails that reference the commit")
    for commit in commits[:MAX_TITLES]:
        naming = archive.search(f"b:{commit}*", fresh=fresh)
        take(naming)
        people = [
            mail
            for mail in naming
            if mail.message_id not in (status.message_ids if status else ())
            and reader.classify(mail).robot is None
        ]
        for mail in people[:MAX_FOLLOW_UPS]:
            take(archive.thread(mail.message_id, fresh=fresh))
    status = _one(message_id, have.values(), reader)
    for follow_up in status.follow_ups[:MAX_FOLLOW_UPS] if status else ():
        other = _one(follow_up.message_id, have.values(), reader)
        for query in _revision_queries(other) if other else ():
            take(archive.search(query, threads=True, fresh=fresh))


def _revision_queries(status: Status) -> list[str]:
    """Searches for other revisions: by change-id, by what links to a known one, by title and
    author; where a version is not there, by the files the author's patches touch."""
    topic = status.topic
    author = _by(topic.author)
    linking = [
        f"b:{quoted(revision.head.message_id)} AND {author}" for revision in topic.revisions[-2:]
    ]
    titles = dict.fromkeys((topic.subject, topic.revisions[0].head.title))
    named = (
        [quoted(topic.change_id)]
        if topic.change_id
        else [f"s:{quoted(title)} AND {author}" for title in titles if len(title) >= 8]
    )
    return [*named, *linking, *_gap_queries(topic)]


def _gap_queries(topic: PostedTopic) -> list[str]:
    """A search by files for versions that must have been and are not known."""
    known = {revision.version for revision in topic.revisions}
    if all(
        version in known or version in topic.missing.values() for version in range(1, max(known))
    ):
        return []
    files = sorted(topic.revisions[0].files, key=len)[-MAX_FILES:]
    return (
        [
            f"{_by(topic.author)} AND ({' OR '.join(f'dfn:{quoted(file)}' for file in files)}) AND"
            " NOT s:re"
        ]
        if files
        else []
    )


def _by(author: Address) -> str:
    """A condition on the sender: by address, or by name, as people change their addresses."""
    return (
        f"(f:{author.email} OR f:{quoted(author.name)})"
        if " " in author.name
        else f"f:{author.email}"
    )


def _carrier_queries(status: Status) -> list[str]:
    """Searches for who forwards the patches: with the author's name in their text, or in a request
    to pull.
    """
    topic = status.topic
    if topic.latest.backport_to:
        return []
    titles = list(
        dict.fromkeys(post.title for post in topic.latest.patches if len(post.title) >= 16)
    )[:MAX_CARRIED]
    subjects = " OR ".join(f"s:{quoted(title)}" for title in titles)
    listed = " OR ".join(f"b:{quoted(title)}" for title in titles)
    sent_on = (
        f"b:{quoted(topic.author.email)} AND ({subjects}) AND NOT {_by(topic.author)} AND NOT s:re"
    )
    return [sent_on, f"s:pull AND ({listed}) AND b:{quoted(topic.author.name)}"] if titles else []


def _one(message_id: str, mails: Iterable[Mail], reader: MailReader) -> Status | None:
    return status_of(message_id, read_thread(mails, reader=reader, anchor=message_id))


def status_of(message_id: str, every: Iterable[Status]) -> Status | None:
    """The status of the series that has this mail as a post, else of the one it speaks of."""
    statuses = tuple(every)
    post = next(
        (
            status
            for status in statuses
            if message_id in status.topic.message_ids or message_id in status.topic.missing
        ),
        None,
    )
    return post or next((status for status in statuses if message_id in status.message_ids), None)


def _about(message_id: str, mails: Iterable[Mail], reader: MailReader) -> tuple[Mail, ...]:
    """The mails of the series and of what follows it up.

    What a search found besides is left out.
    """
    everything = unique(mails)
    every = read_thread(everything, reader=reader, anchor=message_id)
    mine = status_of(message_id, every)
    if mine is None:
        return everything
    ids = set(mine.message_ids) | {message_id}
    for follow_up in mine.follow_ups:
        other = status_of(follow_up.message_id, every)
        ids |= other.message_ids if other else frozenset()
    return tuple(mail for mail in everything if mail.message_id in ids)
