# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the latest changes to the files that a fix changes."""

from collections.abc import Collection, Mapping, Sequence

from patchpilot.commits.repository import Repository
from patchpilot.projects.loading import open_thread_pool
from patchpilot.tags.blame import Blame, Owner
from patchpilot.tags.commit_change import CommitChange, read_file_history

MAX_COMMITS = 100
"""Number of commits that are read for each path."""
MAX_PATHS = 8
THREADS = 4


class FileHistories:
    """The latest changes to files before a revision. Each file's changes are read only once.

    Commits older than all lines of the file are not read, nor are more than `MAX_COMMITS` for each
    path.
    """

    def __init__(self, repository: Repository, revision: str, owners: Mapping[str, Owner]) -> None:
        self._repository = repository
        self._revision = revision
        self._owners = owners
        self._known: dict[str, list[CommitChange]] = {}

    def read(self, blames: Collection[Blame]) -> Mapping[str, Sequence[CommitChange]]:
        """Map each file to the changes to it and to its former names, latest first."""
        missing = [blame for blame in blames if blame.path not in self._known]
        self._known.update({blame.path: [] for blame in missing})
        paths = [
            (blame, path)
            for blame in missing
            for path in sorted(
                {blame.path, *(origin for origin, _ in blame.origins.values())},
                key=lambda path: (path != blame.path, path),
            )
        ]
        with open_thread_pool(THREADS) as pool:
            jobs = [
                (blame.path, pool.submit(self._read_path, blame, path))
                for blame, path in paths[:MAX_PATHS]
            ]
            for path, job in jobs:
                self._known[path] += job.result()
        return self._known

    def _read_path(self, blame: Blame, path: str) -> list[CommitChange]:
        since = min((self._owners[owner].committed for owner in blame.ids.values()), default=0)
        return list(
            read_file_history(self._repository, self._revision, path, since, MAX_COMMITS).values()
        )
