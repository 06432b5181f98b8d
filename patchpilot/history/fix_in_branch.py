# SPDX-License-Identifier: GPL-2.0-or-later
"""Find a commit in a branch, as an ancestor or a backport, unless it was reverted later."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.history.ancestor_bitmap import AncestorBitmap
from patchpilot.history.history_index import Index
from patchpilot.history.patch_similarity import are_alike, have_equal_patches, patch_ids
from patchpilot.model.commit import Commit
from patchpilot.model.commit_references import read_marks
from patchpilot.model.progress import Progress, silent

_MOST_UNMARKED = 4000


class LandedHow(StrEnum):
    """Kinds of evidence that a commit was merged, most certain first."""

    ANCESTRY = "ancestry"
    MARKER = "marker"
    SUBJECT = "subject"
    PATCH_ID = "patch-id"


class Landing(NamedTuple):
    """A commit in a branch that is a given commit or its backport.

    `how` is the evidence; `reverted_by` is the commit that later reverted it, or None.
    """

    commit: str
    how: LandedHow
    reverted_by: str | None = None

    @property
    def holds(self) -> bool:
        """Return whether the commit was not reverted."""
        return self.reverted_by is None


class Culprit(NamedTuple):
    """The commit named in a `Fixes:` line: the id as written, the quoted subject, and the commit.

    `commit` is None if it is not in the repository.
    """

    written: str
    subject: str
    commit: str | None


class History:
    """Look up the branches into which commits were merged.

    New commits are added to the index first. Close the object after use, or use it as a context
    manager.
    """

    def __init__(
        self,
        repository: Repository,
        progress: Progress = silent,
        index: Index | None = None,
    ) -> None:
        self.repository = repository
        self.index = index or Index.open(repository)
        self._progress = progress

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def add(self, commits: Iterable[str]) -> None:
        """Add these commits and their ancestors to the index."""
        self.index.add(commits, self._progress)

    def has(self, branch: str, commit: str) -> bool:
        """Return whether `commit` is `branch` or its ancestor (both are full ids)."""
        self.add([branch])
        ordinal = self.index.ordinal(commit)
        return ordinal is not None and ordinal in self.index.reach(branch)

    def landed(
        self, commit: str, branch: str, *, content: bool = True
    ) -> Landing | None:
        """Return how `commit` was merged into the branch with tip `branch`, or None.

        Prefer a merge that is still in effect, otherwise return a reverted one. The evidence is, in
        order: ancestry; a marker in the message of a commit in the branch (including backports of
        backports); and with `content`, the same subject and author with a similar patch, or the
        same patch-id.
        """
        self.add([branch, commit])
        reach = self.index.reach(branch)
        ordinal = self.index.ordinal(commit)
        assert ordinal is not None
        landings = [Landing(commit, LandedHow.ANCESTRY)] if ordinal in reach else []
        landings += [
            Landing(self.index.id(candidate), LandedHow.MARKER)
            for candidate in self._find_marked(commit, reach)
        ]
        if not landings and content:
            landings = [
                Landing(candidate, LandedHow.SUBJECT)
                for candidate in self._find_same_subject(commit, reach)
            ]
            landings = landings or [
                Landing(candidate, LandedHow.PATCH_ID)
                for candidate in self._find_same_patch(commit, ordinal, reach)
            ]
        return self._effective_landings(commit, landings, reach)

    def culprits(self, commit: str) -> tuple[Culprit, ...]:
        """Return the commits named in the `Fixes:` lines of a commit's message, without
        duplicates.
        """
        self.add([commit])
        reach = self.index.reach(commit)
        culprits: dict[str, Culprit] = {}
        for fix in read_marks(self.repository.commit(commit).message).fixes:
            hits = [
                known
                for ordinal, known in self.index.resolve(fix.id)
                if ordinal in reach and known != commit
            ]
            if len(hits) != 1 and fix.subject:
                named = [
                    self.index.id(number)
                    for number in self.index.by_subject(fix.subject)
                    if number in reach
                ]
                hits = [hit for hit in hits if hit in named] or ([] if hits else named)
            culprits.setdefault(
                hits[-1] if hits else fix.id,
                Culprit(fix.id, fix.subject, hits[-1] if hits else None),
            )
        return tuple(culprits.values())

    def find_same_change(
        self, subject: str, lines: "Counter[tuple[str, str]]", branch: str
    ) -> str | None:
        """Return the latest commit in `branch` with this subject and most of these lines, or
        None.
        """
        self.add([branch])
        reach = self.index.reach(branch)
        candidates = (
            self.index.id(candidate)
            for candidate in reversed(self.index.by_subject(subject))
            if candidate in reach
        )
        return next(
            (
                candidate
                for candidate in candidates
                if are_alike(self.repository, lines, candidate)
            ),
            None,
        )

    def missing(self, commits: Sequence[str], branch: str) -> tuple[str, ...]:
        """Return which commits are missing from a branch by ancestry and upstream marker, in order.

        No patches are read.
        """
        self.add([branch, *commits])
        reach = self.index.reach(branch)
        return tuple(
            commit
            for commit in commits
            if (self.index.ordinal(commit) or 0) not in reach
            and not self._find_marked(commit, reach)
        )

    def reverts(self, commit: str, branch: str) -> tuple[str, ...]:
        """Return the commits in `branch` that revert `commit` by id or subject, oldest first."""
        self.add([branch])
        reach = self.index.reach(branch)
        named = set(self.index.reverts_of(commit))
        born = self.index.ordinal(commit) or 0
        subject = self.repository.commit(commit).subject
        named |= {
            revert
            for revert in self.index.by_subject(f'Revert "{subject}"')
            if not self._reverts_another(revert, commit)
        }
        return tuple(
            self.index.ids(
                revert for revert in sorted(named) if revert in reach and revert > born
            )
        )

    def fixers(self, commit: str, branch: str) -> tuple[str, ...]:
        """Return the commits in `branch` with a `Fixes:` line for `commit`, oldest first."""
        self.add([branch])
        reach = self.index.reach(branch)
        return tuple(
            self.index.ids(
                fixer for fixer in self.index.fixes_of(commit) if fixer in reach
            )
        )

    def _find_marked(self, commit: str, reach: AncestorBitmap) -> list[int]:
        seen: set[int] = set()
        marked: list[int] = []
        todo = [commit]
        while todo:
            for backport in self.index.backports_of(todo.pop()):
                if backport in seen:
                    continue
                seen.add(backport)
                if backport in reach:
                    marked.append(backport)
                else:
                    todo.append(self.index.id(backport))
        return sorted(marked)

    def _effective_landings(
        self, commit: str, landings: Sequence[Landing], reach: AncestorBitmap
    ) -> Landing | None:
        last: Landing | None = None
        for landing in sorted(
            landings,
            key=lambda candidate: (
                candidate.how is not LandedHow.ANCESTRY,
                -(self.index.ordinal(candidate.commit) or 0),
            ),
        ):
            undone = self._is_undone(commit, landing.commit, reach)
            if undone is None:
                return landing
            last = Landing(landing.commit, landing.how, undone)
        return last

    def _is_undone(self, commit: str, landed: str, reach: AncestorBitmap) -> str | None:
        """Return the latest revert of a merged commit that is still in effect, or None."""
        since = self.index.ordinal(landed) or 0
        reverts = {
            number
            for name in {commit, landed}
            for number in self.index.reverts_of(name)
            if number in reach and number > since
        }
        for revert in sorted(reverts, reverse=True):
            by = self.index.id(revert)
            if self._is_undone(by, by, reach) is None:
                return by
        return None

    def _reverts_another(self, ordinal: int, commit: str) -> bool:
        named = read_marks(
            self.repository.commit(self.index.id(ordinal)).message
        ).reverts
        return bool(named) and not any(commit.startswith(word) for word in named)

    def _find_same_subject(self, commit: str, reach: AncestorBitmap) -> list[str]:
        original = self.repository.commit(commit)
        ordinals = [
            candidate
            for candidate in self.index.by_subject(original.subject)
            if candidate in reach
        ]
        return [
            candidate.id
            for candidate in self.repository.commits(self.index.ids(ordinals))
            if self._is_twin(original, candidate)
        ]

    def _is_twin(self, original: Commit, other: Commit) -> bool:
        if (
            original.subject != other.subject
            or not same_person(original, other)
            or len(other.parents) != 1
        ):
            return False
        named = read_marks(other.message).upstream
        if named and not any(original.id.startswith(word) for word in named):
            return False
        # a cherry-pick keeps the author date, which is better evidence than a similar patch
        if original.authored == other.authored and have_equal_patches(
            self.repository, original.id, other.id
        ):
            return True
        return are_alike(self.repository, original.id, other.id)

    def _find_same_patch(
        self, commit: str, ordinal: int, reach: AncestorBitmap
    ) -> list[str]:
        own = list(reach.iterate_missing_from(self.index.reach(commit)))[
            -_MOST_UNMARKED:
        ]
        if ordinal in reach or not own:
            return []
        marked = self.index.upstream_ids(own)
        unmarked = [candidate for candidate in own if candidate not in marked]
        known_ids = self.index.patch_ids(unmarked)
        new = [candidate for candidate in unmarked if candidate not in known_ids]
        if new:
            ids = dict(zip(self.index.ids(new), new, strict=True))
            computed = patch_ids(self.repository, list(ids))
            fresh = {
                number: computed[candidate]
                for candidate, number in ids.items()
                if candidate in computed
            }
            self.index.store_patch_ids(fresh)
            known_ids |= fresh
        own_id = self._patch_id(commit, ordinal) if any(known_ids.values()) else ""
        return self.index.ids(
            candidate
            for candidate in unmarked
            if own_id and known_ids.get(candidate) == own_id
        )

    def _patch_id(self, commit: str, ordinal: int) -> str:
        known_ids = self.index.patch_ids([ordinal])
        if ordinal not in known_ids:
            known_ids = {ordinal: patch_ids(self.repository, [commit]).get(commit, "")}
            self.index.store_patch_ids(known_ids)
        return known_ids[ordinal]


def same_person(commit: Commit, other: Commit) -> bool:
    """Return whether two commits have an author with the same email address or name."""
    return commit.author.key == other.author.key or (
        bool(commit.author.name)
        and commit.author.name.lower() == other.author.name.lower()
    )
