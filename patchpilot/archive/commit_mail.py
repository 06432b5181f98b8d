# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the message in which a commit was posted, as `b4 dig` does.

It is found by the links in the commit message, by patch-id, by title and author, or by
the changed files.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from patchpilot.archive.archive import MailArchive, NotInArchiveError, quoted
from patchpilot.commits.repository import Repository
from patchpilot.history.patch_similarity import alike, changed_in, patch_ids
from patchpilot.model.commit import Commit
from patchpilot.model.mail import Mail
from patchpilot.model.message_id import linked_ids
from patchpilot.model.progress import Progress, silent
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import unique
from patchpilot.reading.posted_series import Post
from patchpilot.reading.revisions import find_topics
from patchpilot.series.patch_pairing import title_key

MAX_LINKS = 6
MAX_FILES = 3
_CLOCKS = timedelta(days=1)
"""A mail may be dated after the commit that it became, as clocks and time zones differ."""


class FoundBy(StrEnum):
    """The method by which the message of a commit was found."""

    LINK = "link"
    PATCH_ID = "patch-id"
    SUBJECT = "subject"
    CHANGES = "changes"


class CommitMail(NamedTuple):
    """The Message-ID of the patch that became a commit, and the method by which it was found."""

    message_id: str
    found_by: FoundBy


def mail_of_commit(
    archive: MailArchive,
    repository: Repository,
    commit: Commit,
    *,
    reader: MailReader,
    fresh: bool = False,
    progress: Progress = silent,
) -> CommitMail | None:
    """Returns the message in which a commit was posted; None if the archive does not have it.

    A linked message counts only if it has the commit's title or changes, or if the commit is
    a merge, because Link: trailers may name reports and discussions.
    """
    archive.parse_mail = reader.parse
    search = _Search(archive, repository, commit, reader, fresh)
    ways: tuple[tuple[FoundBy, str, Callable[[], str | None]], ...] = (
        (
            FoundBy.LINK,
            "reading the messages that the commit links to",
            search.by_links,
        ),
        (FoundBy.PATCH_ID, "searching by patch-id", search.by_patch_id),
        (FoundBy.SUBJECT, "searching by subject and author", search.by_subject),
        (FoundBy.CHANGES, "searching by the changed files", search.by_changes),
    )
    for way, what, look in ways:
        progress(what)
        if found := look():
            return CommitMail(found, way)
    return None


class _Search(NamedTuple):
    archive: MailArchive
    repository: Repository
    commit: Commit
    reader: MailReader
    fresh: bool

    def by_links(self) -> str | None:
        is_merge = len(self.commit.parents) > 1
        links = dict.fromkeys(
            message_id for message_id, _ in linked_ids(self.commit.message)
        )
        for message_id in list(links)[:MAX_LINKS]:
            try:
                posts = self._posts(self.archive.thread(message_id, fresh=self.fresh))
            except NotInArchiveError:
                continue
            linked = [post for post in posts if post.message_id == message_id]
            if any(is_merge or self._same_change(post) for post in linked):
                return message_id
            # maintainers also link to the cover letter, and to a review of the patch
            if found := self._latest(filter(self._same_title, posts)):
                return found
        return None

    def by_patch_id(self) -> str | None:
        patch_id = patch_ids(self.repository, [self.commit.id]).get(self.commit.id)
        if not patch_id or not self.archive.url.startswith(("http://", "https://")):
            return None
        posts = self._posts(self._found(f"patchid:{patch_id}"))
        return self._latest(filter(self._same_change, posts))

    def by_subject(self) -> str | None:
        author, title = self.commit.author, f"s:{quoted(self.commit.subject)}"
        inner = f"nq:{quoted(f'From: {author.name} <{author.email}>')}"
        for query in (f"{title} AND f:{author.email}", f"{title} AND {inner}"):
            posts = [
                post
                for post in self._posts(self._found(query))
                if self._same_title(post)
            ]
            found = self._latest(filter(self._same_lines, posts)) or self._latest(posts)
            if found:
                return found
        return None

    def by_changes(self) -> str | None:
        changed = self.repository.changed_files(
            next(iter(self.commit.parents), None), self.commit.id
        )
        files = sorted((file.path for file in changed), key=len)[-MAX_FILES:]
        if not files or len(self.commit.parents) > 1:
            return None
        named = " OR ".join(f"dfn:{quoted(file)}" for file in files)
        query = f"f:{self.commit.author.email} AND ({named}) AND NOT s:re"
        return self._latest(filter(self._same_lines, self._posts(self._found(query))))

    def _found(self, query: str) -> tuple[Mail, ...]:
        return self.archive.search(query, fresh=self.fresh)

    def _posts(self, mails: Iterable[Mail]) -> tuple[Post, ...]:
        """The patches and cover letters among mails, those sent to a stable tree left out."""
        return tuple(
            post
            for topic in find_topics(map(self.reader.classify, unique(mails)))
            for revision in topic.revisions
            if not revision.backport_to
            for post in revision.posts
        )

    def _same_change(self, post: Post) -> bool:
        return self._same_title(post) or self._same_lines(post)

    def _same_title(self, post: Post) -> bool:
        return not post.is_cover and post.key == title_key(self.commit.subject)

    def _same_lines(self, post: Post) -> bool:
        files = post.patch.files if post.patch else ()
        return bool(files) and alike(self.repository, changed_in(files), self.commit.id)

    def _latest(self, posts: Iterable[Post]) -> str | None:
        """The Message-ID of the last post before the commit, otherwise of the first after it: a
        topic is committed before it is posted.
        """
        until = self.commit.committed + _CLOCKS
        in_order = sorted(posts, key=lambda post: post.when)
        before = [post for post in in_order if post.when <= until]
        chosen = before[-1:] or in_order[:1]
        return chosen[0].message_id if chosen else None
