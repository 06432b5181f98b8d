# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rules about history may ask of a repository: the services' side of lint's HistoryFacts."""

from collections.abc import Sequence

from patchpilot.commits.repository import BASES, Repository
from patchpilot.errors import GitError, PatchpilotError
from patchpilot.history.releases import Releases
from patchpilot.model.commit import Commit

LOG_SECONDS = 10.0
MAINLINE = ("mainline/master", "linus/master", "torvalds/master", "upstream/master", "origin/HEAD", *BASES)


class RepositoryFacts:
    """Answers from one repository, each asked of git once. What git cannot tell in time counts as unknown."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._commits: dict[str, Commit | None] = {}
        self._subjects: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._releases: Releases | None = None

    def find(self, word: str) -> Commit | None:
        """The commit an abbreviated id names."""
        if word not in self._commits:
            found = self._repository.find(word)
            self._commits[word] = self._repository.commit(found) if found else None
        return self._commits[word]

    def subjects_touching(self, paths: Sequence[str], limit: int = 50) -> tuple[str, ...]:
        """Subjects of the last commits that touched these paths, newest first."""
        key = (str(limit), *paths)
        if key not in self._subjects:
            try:
                done = self._repository.git(
                    "log", f"--max-count={limit}", "--no-merges", "--format=%s", "HEAD", "--", *paths, ok=(), timeout=LOG_SECONDS
                )
                self._subjects[key] = tuple(line for line in done.text.split("\n") if line)
            except GitError:
                self._subjects[key] = ()
        return self._subjects[key]

    def is_ancestor_of_mainline(self, commit_id: str) -> bool | None:
        """Whether the commit is in anything this repository may have of mainline; None where it has none. A stale branch denies nothing."""
        tips = {found for name in MAINLINE if (found := self._repository.refs.get(name))}
        answers = [self.is_ancestor(commit_id, tip) for tip in tips]
        return None if None in answers or not answers else any(answers)

    def is_ancestor(self, old: str, new: str) -> bool | None:
        """Whether `old` is `new` or one of its ancestors; None in a shallow clone, where the answer may be wrong."""
        if self._repository.is_shallow():
            return None
        try:
            return self._repository.is_ancestor(old, new)
        except GitError:
            return None

    def first_release(self, commit_id: str) -> str | None:
        """The first final release that contains the commit."""
        self._releases = self._releases or Releases(self._repository)
        commit = self.find(commit_id)
        try:
            found = self._releases.first(commit_id, int(commit.committed.timestamp()) if commit else None, final=True)
        except PatchpilotError:
            return None
        return found.name if found else None
