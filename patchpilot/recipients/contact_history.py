# SPDX-License-Identifier: GPL-2.0-or-later
"""Count each contact's commits to a patch's files."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.model.trailer import parse_trailer

YEARS = 3
NEWEST = 40
"""Maximum number of commits stored of a history."""
ENOUGH = 10
"""With fewer commits to the files themselves, those to their folders are counted."""
_FORMAT = "--format=%x01%H%x00%aN%x00%aE%x00%as%x00%s%x00%(trailers:only=true,unfold=true)"


class ContactHistory(NamedTuple):
    """A contact's share of the commits to some files.

    The contact wrote, signed or reviewed `commits` of `total` commits. The date, id and subject are
    those of the latest one.
    """

    commits: int
    total: int
    last: str
    last_id: str
    last_subject: str

    @property
    def percent(self) -> int:
        """Return the share as a rounded percentage."""
        return round(100 * self.commits / max(1, self.total))


class FileCommit(NamedTuple):
    """A commit to a patch's files.

    It has the id, author's name, date and subject. It also has the addresses (in lower case) of its
    author, signers and reviewers.
    """

    id: str
    author: str
    date: str
    subject: str
    contacts: frozenset[str]


class FileHistory(NamedTuple):
    """The history of `paths`.

    It maps the address (in lower case) of each contact to the contact's share, and has the total
    number of commits. `complete` is False if git timed out. `newest` contains the most recent
    commits, latest first.
    """

    paths: tuple[str, ...]
    total: int
    contacts: Mapping[str, ContactHistory]
    complete: bool = True
    newest: tuple[FileCommit, ...] = ()


def read_file_history(
    repository: Repository, paths: Sequence[str], start: str, seconds: float
) -> FileHistory:
    """Return the history of files for the three years up to a commit.

    If few commits changed the files, use their folders' history.
    """
    folders = tuple(
        dict.fromkeys(f"{folder}/" for path in paths if (folder := path.rpartition("/")[0]))
    )
    file_history = FileHistory(tuple(paths), 0, {})
    for searched_paths in (tuple(paths), folders):
        if searched_paths:
            file_history = _read_history(repository, searched_paths, start, seconds / 2)
        if file_history.total >= ENOUGH or not file_history.complete:
            break
    return file_history


def _read_history(
    repository: Repository, paths: tuple[str, ...], start: str, seconds: float
) -> FileHistory:
    since = repository.commit(start).committed - timedelta(days=365 * YEARS)
    arguments = (
        "log",
        "--no-merges",
        "--use-mailmap",
        f"--since={since.isoformat()}",
        _FORMAT,
        start,
        "--",
        *paths,
    )
    try:
        completed = repository.git(*arguments, ok=(), timeout=seconds)
    except GitError:
        return FileHistory(paths, 0, {}, complete=False)
    commits = [_parse_commit(entry) for entry in completed.text.split("\x01")[1:]]
    counts: dict[str, int] = {}
    newest: dict[str, FileCommit] = {}
    for commit in commits:
        for key in commit.contacts:
            counts[key] = counts.get(key, 0) + 1
            newest.setdefault(key, commit)
    contacts = {
        key: ContactHistory(
            count, len(commits), newest[key].date, newest[key].id, newest[key].subject
        )
        for key, count in counts.items()
    }
    return FileHistory(paths, len(commits), contacts, newest=tuple(commits[:NEWEST]))


def _parse_commit(entry: str) -> FileCommit:
    id_, author, email, date, subject, trailers = entry.split("\0", 5)
    tags = (parse_trailer(line) for line in trailers.splitlines())
    tag_addresses = {
        tag.address.key for tag in tags if tag and tag.address and tag.key.endswith("-by")
    }
    return FileCommit(id_, author, date, subject, frozenset((email.lower(), *tag_addresses)))
