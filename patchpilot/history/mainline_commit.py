# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide which mainline commit a commit of another branch, a patch file or a message is.

All commands use this. The evidence is, in this order: the commit is in mainline; its message, or
that of the commit that it names, names a mainline commit; its patch-id; its subject and author with
a similar change; for a patch that does not apply, the same change with another subject.
"""

import re
from collections.abc import Iterable, Iterator

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.history.earlier_fixes import TreeTip, find_merged_patch, find_same_patch
from patchpilot.history.fix_in_branch import History
from patchpilot.history.patch_similarity import are_alike, count_changed_lines
from patchpilot.history.stable_branches import Mainline, find_mainline
from patchpilot.model.address import parse_address
from patchpilot.model.patch import Patch
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import (
    list_copied_commits,
    list_named_commits,
    read_announced_title,
    read_commit_marks,
    strip_vendor_prefixes,
)

_PERSON = lazy_pattern(r"\s*(?:From|Signed-off-by):\s*(?P<person>\S.*)", re.IGNORECASE)


class MainlineSearch:
    """Finds mainline commits. `history` is optional: without it, only ids and marks are read."""

    def __init__(
        self, repository: Repository, main: Mainline, history: History | None = None
    ) -> None:
        self.repository, self.main, self.history = repository, main, history

    def of_ids(self, ids: Iterable[str]) -> str | None:
        """Return the first of these commits that is in mainline, or None.

        Instead of a commit outside of mainline, use the commits that its message names, or the
        mainline commit that was picked from it.
        """
        todo, seen = list(ids), set[str]()
        while todo:
            name = todo.pop(0)
            commit = self.repository.find(name)
            if (commit or name) in seen:
                continue
            seen.add(commit or name)
            if commit and self._is_in_mainline(commit):
                return commit
            if picked := next(self._find_picked(commit or name), None):
                return picked
            if commit:
                todo += read_commit_marks(self.repository.commit(commit).message).upstream
        return None

    def of_patch(self, patch: Patch) -> str | None:
        """Return the mainline commit that a patch names, was made from, or that makes its change.

        The commit has the patch-id of the patch, or its subject and author and a similar change.
        """
        commit = self.of_ids(list_named_commits(patch))
        if commit is None:
            commit = self.of_ids(list_copied_commits(patch))
            commit = commit if commit and self._has_same_subject(patch, commit) else None
        if commit or self.history is None or not patch.has_diff:
            return commit
        return self._find_same_change(patch, self.history)

    def _find_same_change(self, patch: Patch, history: History) -> str | None:
        tree = TreeTip(self.main.name, self.main.tip, is_mainline=True)
        titled = history.titled(read_announced_title(patch), self.main.tip)[::-1]
        if same := find_same_patch(self.repository, patch, tree, titled):
            return same
        lines = count_changed_lines(patch.files)
        alike = (
            commit
            for commit in titled
            if self._is_from_author(patch, commit) and are_alike(self.repository, lines, commit)
        )
        similar = next(alike, None)
        if similar is None:
            return None
        try:
            return find_same_patch(self.repository, patch, tree) or similar
        except GitError:
            return similar

    def _is_from_author(self, patch: Patch, commit: str) -> bool:
        """Return whether a patch is from a commit's author, or has the author's sign-off.

        A patch without an author may be from anybody.
        """
        author = self.repository.commit(commit).author
        lines = (_PERSON.match(line) for line in patch.message)
        named = [parse_address(match["person"]) for match in lines if match]
        people = [person for person in (patch.author, *named) if person]
        return not patch.author or any(
            person.key == author.key or (person.name or "").lower() == (author.name or " ").lower()
            for person in people
        )

    def of_unfit_patch(self, patch: Patch, progress: Progress = ignore_progress) -> str | None:
        """Return the mainline commit of a patch that cannot be applied to mainline, or None.

        It is the commit from which the patch was made, or the one that makes the same change.
        """
        commit = self.of_ids(list_copied_commits(patch))
        lines = count_changed_lines(patch.files)
        if commit and (not patch.has_diff or are_alike(self.repository, lines, commit)):
            return commit
        if not patch.has_diff:
            return None
        tree = TreeTip(self.main.name, self.main.tip, is_mainline=True)
        return find_merged_patch(self.repository, patch, tree, progress)

    def _has_same_subject(self, patch: Patch, commit: str) -> bool:
        subject = self.repository.commit(commit).subject
        return strip_vendor_prefixes(read_announced_title(patch)) == strip_vendor_prefixes(subject)

    def _is_in_mainline(self, commit: str) -> bool:
        if self.history is not None:
            return self.history.has(self.main.tip, commit)
        return self.repository.is_ancestor(commit, self.main.tip)

    def _find_picked(self, name: str) -> Iterator[str]:
        """Yield the mainline commits whose messages name this commit, oldest first."""
        if self.history is None:
            return
        index = self.history.index
        self.history.add([self.main.tip])
        reach = index.reach(self.main.tip)
        yield from (index.id(number) for number in index.backports_of(name) if number in reach)


def find_named_mainline_commit(repository: Repository, change: str | Patch) -> str | None:
    """Return the mainline commit that a commit is or that its marks lead to, or None.

    A patch file is given as a patch.

    This reads no index, and is None if mainline was not fetched.
    """
    main = find_mainline(repository)
    try:
        if main is None:
            return None
        search = MainlineSearch(repository, main)
        return search.of_patch(change) if isinstance(change, Patch) else search.of_ids([change])
    except GitError:
        # the history is incomplete
        return None
