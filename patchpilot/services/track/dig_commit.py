# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `dig`: from a commit to the series that it was posted in, with its versions, reviews and
backports.
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
    """A commit, the mail that it was posted as, and the series of that mail.

    `asked` is the commit that was named, `commit` the upstream commit that it is a backport of, or
    the same one.
    """

    asked: Commit
    commit: Commit
    mail: CommitMail
    tracked: Tracked

    @property
    def upstream(self) -> str | None:
        """The upstream commit, where the named one is a backport."""
        return self.commit.id if self.commit.id != self.asked.id else None

    @property
    def how(self) -> str:
        """How the mail was found, in words."""
        return _HOW[self.mail.found_by]

    @property
    def url(self) -> str | None:
        """The mail's address in the archive; None for an archive on this machine."""
        lore = self.tracked.entry.lore or ""
        return (
            f"{lore}/{quote_url(self.mail.message_id, safe='@')}/"
            if lore.startswith(("http://", "https://"))
            else None
        )

    @property
    def revision(self) -> Revision | None:
        """The revision that the mail is of."""
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
        """The version that was applied."""
        return self.revision.version if self.revision else None

    @property
    def series(self) -> SeriesAnswer:
        """The series, as `track show` has it."""
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
    """The series that a commit was posted in; nothing is followed.

    UsageError for an unknown commit, RefusedError for a commit of an undisclosed security fix,
    MissingError where the archive does not have it, NetworkError where it cannot be asked.
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
    """As `dig`, in the archive that is set."""
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
            f"{commit.short} is of an undisclosed security fix: no server is asked about it",
            hint=SAVE_REPLIES,
        )


def _not_found(commit: Commit, host: str) -> MissingError:
    links = [message_id for message_id, _ in linked_ids(commit.message)]
    read = f"; it links to <{links[0]}>, which is not this patch" if links else ""
    return MissingError(
        f"{host} has no patch for {commit.reference}{read}",
        hint="pass another archive with --lore URL",
    )
