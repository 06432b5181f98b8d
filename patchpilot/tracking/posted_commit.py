# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the series in which a commit was posted, with its versions, reviews and backports."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from patchpilot.archive.archive import (
    MailArchive,
    NotInArchiveError,
    find_archive_url,
    quote_phrase,
)
from patchpilot.archive.open_archive import normalize_archive_address
from patchpilot.archive.track_store import Store
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import MissingError, RefusedError
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.history.patch_similarity import (
    are_alike,
    count_changed_lines,
    patch_ids,
)
from patchpilot.model.commit import Commit
from patchpilot.model.hosts import quote_url
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import Mail, find_linked_ids
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import find_upstream_commits
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import unique
from patchpilot.reading.posted_series import Revision
from patchpilot.reading.series_messages import REPORTS, revisions_in
from patchpilot.resources import TRACK_DATABASE
from patchpilot.series.draft import Drafts
from patchpilot.series.patch_pairing import title_key
from patchpilot.threads.known_series import SAVE_REPLIES
from patchpilot.threads.tracked import Tracked
from patchpilot.topic.own_archive import ArchiveAt
from patchpilot.topic.posted_elsewhere import PostedFix, find_posts_by_others
from patchpilot.tracking.follow_series import track_named_series

MAX_LINKS = 6
MAX_FILES = 3
_CLOCK_TOLERANCE = timedelta(days=1)
"""A message may have a later date than its commit, because clocks and time zones differ."""


class SearchMethod(StrEnum):
    """How a commit's message was found."""

    LINK = "link"
    PATCH_ID = "patch-id"
    SUBJECT = "subject"
    CHANGES = "changes"
    REPORT = "report"


_HOW = {
    SearchMethod.LINK: "by the commit's link",
    SearchMethod.PATCH_ID: "by patch-id",
    SearchMethod.SUBJECT: "by subject and author",
    SearchMethod.CHANGES: "by author and changes",
    SearchMethod.REPORT: "by a report that names the commit",
}


class CommitMail(NamedTuple):
    """The Message-ID of a commit's patch, and how it was found."""

    message_id: str
    found_by: SearchMethod


def mail_of_commit(
    archive: MailArchive,
    repository: Repository,
    commit: Commit,
    *,
    reader: MailReader,
    progress: Progress,
) -> CommitMail | None:
    """Return the message in which a commit was posted, or None if the archive does not have it.

    Link: trailers may refer to reports and discussions. Therefore, unless the commit is a merge, a
    linked message must have its title or its changes.
    """
    archive.parse_mail = reader.parse
    search = _CommitMailSearch(archive, repository, commit, reader)
    methods: tuple[tuple[SearchMethod, Callable[[], str | None]], ...] = (
        (SearchMethod.LINK, search.find_by_links),
        (SearchMethod.PATCH_ID, search.find_by_patch_id),
        (SearchMethod.SUBJECT, search.find_by_subject),
        (SearchMethod.CHANGES, search.find_by_changes),
        (SearchMethod.REPORT, search.find_by_report),
    )
    for method, find in methods:
        progress(f"searching {_HOW[method]}")
        if post := find():
            return CommitMail(post, method)
    return None


class _CommitMailSearch(NamedTuple):
    archive: MailArchive
    repository: Repository
    commit: Commit
    reader: MailReader

    def find_by_links(self) -> str | None:
        is_merge = len(self.commit.parents) > 1
        links = dict.fromkeys(message_id for message_id, _ in find_linked_ids(self.commit.message))
        for message_id in list(links)[:MAX_LINKS]:
            try:
                posts = self._select_posts(self.archive.thread(message_id))
            except NotInArchiveError:
                continue
            linked = [post for post in posts if post.message_id == message_id]
            if any(is_merge or self._has_same_change(post) for post in linked):
                return message_id
            # the link may refer to the cover letter or a review, so look for the patch in the same
            # thread
            if latest_post := self._choose_post(filter(self._has_same_title, posts)):
                return latest_post
        return None

    def find_by_patch_id(self) -> str | None:
        patch_id = patch_ids(self.repository, [self.commit.id]).get(self.commit.id)
        if not patch_id or not self.archive.url.startswith(("http://", "https://")):
            return None
        posts = self._select_posts(self._search(f"patchid:{patch_id}"))
        return self._choose_post(filter(self._has_same_change, posts))

    def find_by_subject(self) -> str | None:
        author, title = self.commit.author, f"s:{quote_phrase(self.commit.subject)}"
        forwarded_from = f"nq:{quote_phrase(f'From: {author.name} <{author.email}>')}"
        for query in (f"{title} AND f:{author.email}", f"{title} AND {forwarded_from}"):
            posts = [
                post
                for post in self._select_posts(self._search(query))
                if self._has_same_title(post)
            ]
            latest_post = self._choose_post(
                filter(self._has_same_lines, posts)
            ) or self._choose_post(posts)
            if latest_post:
                return latest_post
        return None

    def find_by_changes(self) -> str | None:
        changed_files = self.repository.changed_files(
            next(iter(self.commit.parents), None), self.commit.id
        )
        files = sorted((file.path for file in changed_files), key=len)[-MAX_FILES:]
        if not files or len(self.commit.parents) > 1:
            return None
        file_terms = " OR ".join(f"dfn:{quote_phrase(file)}" for file in files)
        query = f"f:{self.commit.author.email} AND ({file_terms}) AND NOT s:re"
        return self._choose_post(
            filter(self._has_same_lines, self._select_posts(self._search(query)))
        )

    def find_by_report(self) -> str | None:
        """Return the Message-ID of the first bot report or pull request about the commit."""
        posts = self._search(f"b:{self.commit.id[:12]}*")
        for mail in map(self.reader.classify, unique(posts)):
            is_report = mail.kind in REPORTS and is_bot_address(mail.sender)
            is_pull = mail.kind is MailKind.COVER and mail.subject.is_pull_request
            if is_report or is_pull:
                return mail.message_id
        return None

    def _search(self, query: str) -> tuple[Mail, ...]:
        return self.archive.search(query)

    def _select_posts(self, mails: Iterable[Mail]) -> tuple[Classified, ...]:
        """Return the patches and cover letters among the messages, without stable backports."""
        return tuple(
            post
            for revision in revisions_in(mails, self.reader)
            if not revision.backport_to
            for post in revision.posts
        )

    def _has_same_change(self, post: Classified) -> bool:
        return self._has_same_title(post) or self._has_same_lines(post)

    def _has_same_title(self, post: Classified) -> bool:
        return not post.is_cover and post.key == title_key(self.commit.subject)

    def _has_same_lines(self, post: Classified) -> bool:
        files = post.patch.files if post.patch else ()
        return bool(files) and are_alike(
            self.repository, count_changed_lines(files), self.commit.id
        )

    def _choose_post(self, posts: Iterable[Classified]) -> str | None:
        """Return the Message-ID of the last post before the commit was made or, if there is none,
        of the first post after it.

        An author commits a topic before posting it, so all of its posts may be later.
        """
        latest_time = self.commit.committed + _CLOCK_TOLERANCE
        by_date = sorted(posts, key=lambda post: post.when)
        earlier_posts = [post for post in by_date if post.when <= latest_time]
        chosen = earlier_posts[-1:] or by_date[:1]
        return chosen[0].message_id if chosen else None


@json_form(
    "commit=asked.id subject=commit.subject upstream found_by=mail.found_by "
    "message_id=mail.message_id url version series=tracked"
)
class PostedCommit(NamedTuple):
    """A commit, the message in which it was posted, and its series.

    `asked` is the requested commit. If `asked` is a backport, `commit` is its upstream commit;
    otherwise, both are the same.
    """

    asked: Commit
    commit: Commit
    mail: CommitMail
    tracked: Tracked

    @property
    def upstream(self) -> str | None:
        return self.commit.id if self.commit.id != self.asked.id else None

    @property
    def how(self) -> str:
        return _HOW[self.mail.found_by]

    @property
    def url(self) -> str | None:
        lore = self.tracked.entry.lore or ""
        return (
            f"{lore}/{quote_url(self.mail.message_id, safe='@')}/"
            if lore.startswith(("http://", "https://"))
            else None
        )

    @property
    def revision(self) -> Revision | None:
        return next(
            (
                revision
                for revision in self.tracked.about.revisions
                for post in revision.posts
                if post.message_id == self.mail.message_id
            ),
            None,
        )

    @property
    def version(self) -> int | None:
        return self.revision.version if self.revision else None


@json_form()
class UnpostedCommit(NamedTuple):
    """The id of a commit that the archive does not have."""

    commit: str


def find_posted_series(
    repository: Repository,
    revision: str,
    *,
    lore: str,
    archive_at: ArchiveAt,
    progress: Progress = ignore_progress,
) -> PostedCommit:
    """Find the series in which a commit was posted, without tracking it.

    Raise `UsageError` if the commit is unknown, `RefusedError` if it belongs to an undisclosed
    security fix, `MissingError` if the archive does not have its message, and `NetworkError` if the
    archive cannot be queried.
    """
    requested_commit = repository.commit(repository.resolve(revision))
    _refuse_undisclosed_commit(requested_commit)
    commit = _find_upstream(repository, requested_commit)
    with (
        TemporaryFolder("find") as folder,
        Store(folder / TRACK_DATABASE) as store,
    ):
        # links in commit messages are not trusted, so query only the configured archive
        with archive_at(find_archive_url("", normalize_archive_address(lore))) as archive:
            mail = mail_of_commit(
                archive,
                repository,
                commit,
                reader=store.reader,
                progress=progress,
            )
            archive_host = archive.host
        if mail is None:
            raise _not_found_error(commit, archive_host)
        (tracked_series,) = track_named_series(
            mail.message_id,
            lore=lore,
            store=store,
            archive_at=archive_at,
            repository=repository,
            progress=progress,
        )
    return PostedCommit(requested_commit, commit, mail, tracked_series)


def find_similar_posts(
    repository: Repository,
    revision: str,
    lore: str,
    *,
    offline: bool,
    progress: Progress,
) -> tuple[PostedFix, ...]:
    """Return recent patches by others that fix the same bug as a commit.

    Raise `RefusedError` if the commit belongs to an undisclosed security fix.
    """
    commit = repository.commit(repository.resolve(revision))
    _refuse_undisclosed_commit(commit)
    if len(commit.parents) != 1:
        return ()
    return find_posts_by_others(
        repository,
        [format_commit_patch(repository, commit.id)],
        undisclosed=False,
        lore=lore,
        offline=offline,
        progress=progress,
    ).fixes


def _find_upstream(repository: Repository, commit: Commit) -> Commit:
    """Return the mainline commit of a commit.

    Without mainline, return the commit that its message names. Return the commit itself if it names
    none or that commit is not in the repository.
    """
    if mainline_commit := find_named_mainline_commit(repository, commit.id):
        return repository.commit(mainline_commit)
    ids = (repository.find(name.id) for name in find_upstream_commits(commit.message))
    return next((repository.commit(commit) for commit in ids if commit), commit)


def _refuse_undisclosed_commit(commit: Commit) -> None:
    with Drafts() as drafts:
        is_undisclosed = any(
            commit.subject in {patch.subject for patch in draft.patches}
            for draft in drafts.list_undisclosed()
        )
    if is_undisclosed:
        raise RefusedError(
            f"{commit.short} belongs to an undisclosed security fix: no server is queried",
            hint=SAVE_REPLIES,
        )


def _not_found_error(commit: Commit, host: str) -> MissingError:
    links = [message_id for message_id, _ in find_linked_ids(commit.message)]
    link_note = f"; it links to <{links[0]}>, which is not this patch" if links else ""
    return MissingError(
        f"{host} has no patch for {commit.reference}{link_note}",
        hint="pass another archive with --lore URL",
    )
