# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `dig`: finds the series in which a commit was posted.

The result includes the versions, reviews and backports of the series.
"""

from dataclasses import dataclass

from patchpilot.archive.archive import LORE, archive_of
from patchpilot.archive.commit_mail import CommitMail, FoundBy, mail_of_commit
from patchpilot.archive.open_archive import archive_address
from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import MissingError, RefusedError
from patchpilot.model.commit import Commit
from patchpilot.model.hosts import quote_url
from patchpilot.model.json_form import json_form
from patchpilot.model.message_id import linked_ids
from patchpilot.model.progress import Progress, silent
from patchpilot.model.upstream_references import upstream_commits
from patchpilot.reading.posted_series import Revision
from patchpilot.series.draft import Drafts
from patchpilot.services.track.series_answer import SeriesAnswer
from patchpilot.topic.followed.follow_series import add, default_archive
from patchpilot.topic.followed.known_series import SAVE_REPLIES, Tracked, with_mails
from patchpilot.topic.followed.poll_archives import ArchiveAt

_HOW = {
    FoundBy.LINK: "by the commit's link",
    FoundBy.PATCH_ID: "by patch-id",
    FoundBy.SUBJECT: "by subject and author",
    FoundBy.CHANGES: "by author and changes",
}


@json_form(
    "commit=asked.id",
    "subject=commit.subject",
    "upstream",
    "found_by=mail.found_by",
    "message_id=mail.message_id",
    "url",
    "version",
    "series",
)
@dataclass(frozen=True, slots=True)
class DugCommit:
    """A commit, the message in which it was posted, and the series of that message.

    `asked` is the requested commit; `commit` is the upstream commit of which it is a
    backport, or the same commit.
    """

    asked: Commit
    commit: Commit
    mail: CommitMail
    tracked: Tracked

    @property
    def upstream(self) -> str | None:
        """The upstream commit if the requested commit is a backport."""
        return self.commit.id if self.commit.id != self.asked.id else None

    @property
    def how(self) -> str:
        """A description of how the message was found."""
        return _HOW[self.mail.found_by]

    @property
    def url(self) -> str | None:
        """The message's URL in the archive; None if the archive is local."""
        lore = self.tracked.entry.lore or ""
        return (
            f"{lore}/{quote_url(self.mail.message_id, safe='@')}/"
            if lore.startswith(("http://", "https://"))
            else None
        )

    @property
    def revision(self) -> Revision | None:
        """The revision of the series to which the message belongs."""
        status = self.tracked.status
        return next(
            (
                revision
                for revision in (status.topic.revisions if status else ())
                for post in revision.posts
                if post.message_id == self.mail.message_id
            ),
            None,
        )

    @property
    def version(self) -> int | None:
        """The version of the series that was applied."""
        return self.revision.version if self.revision else None

    @property
    def series(self) -> SeriesAnswer:
        """The series in the form that `track show` uses."""
        return SeriesAnswer(self.tracked)


def dig(
    repository: Repository,
    revision: str,
    *,
    lore: str = LORE,
    fresh: bool = False,
    archive_at: ArchiveAt,
    progress: Progress = silent,
) -> DugCommit:
    """Finds the series in which a commit was posted, without tracking it.

    Raises `UsageError` if the commit is unknown, `RefusedError` if it belongs to an
    undisclosed security fix, `MissingError` if the archive does not have its message, and
    `NetworkError` if the archive cannot be queried.
    """
    asked = repository.commit(repository.resolve(revision))
    _refuse_undisclosed(repository, asked)
    commit = _upstream_of(repository, asked)
    with (
        TemporaryFolder("dig") as folder,
        Store(folder / "track.sqlite") as store,
    ):
        # messages of commits are not trusted: only the configured archive is asked
        with archive_at(archive_of("", archive_address(lore))) as archive:
            mail = mail_of_commit(
                archive,
                repository,
                commit,
                reader=store.reader,
                fresh=fresh,
                progress=progress,
            )
            host = archive.host
        if mail is None:
            raise _not_found(commit, host)
        (tracked,) = with_mails(
            add(
                mail.message_id,
                lore=lore,
                fresh=fresh,
                store=store,
                archive_at=archive_at,
                repository=repository,
                progress=progress,
            )
        )
    return DugCommit(asked, commit, mail, tracked)


def dig_in_archive(
    repository: Repository, commit: str, lore: str, *, progress: Progress = silent
) -> DugCommit:
    """Finds the series in which a commit was posted, using the archive at `lore`.

    See `dig`.
    """
    return dig(
        repository,
        commit,
        lore=lore,
        archive_at=default_archive(where=repository.top, progress=progress),
        progress=progress,
    )


def _upstream_of(repository: Repository, commit: Commit) -> Commit:
    """The upstream commit that a commit's message names, where the repository has it."""
    named = (repository.find(name.id) for name in upstream_commits(commit.message))
    return next((repository.commit(one) for one in named if one), commit)


def _refuse_undisclosed(repository: Repository, commit: Commit) -> None:
    with Drafts() as drafts:
        of_undisclosed = any(
            commit.subject in {patch.subject for patch in draft.patches}
            for draft in drafts.all(repository.key)
            if draft.is_undisclosed
        )
    if of_undisclosed:
        raise RefusedError(
            f"{commit.short} belongs to an undisclosed security fix: no server is queried",
            hint=SAVE_REPLIES,
        )


def _not_found(commit: Commit, host: str) -> MissingError:
    links = [message_id for message_id, _ in linked_ids(commit.message)]
    read = f"; it links to <{links[0]}>, which is not this patch" if links else ""
    return MissingError(
        f"{host} has no patch for {commit.reference}{read}",
        hint="pass another archive with --lore URL",
    )
