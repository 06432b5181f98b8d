# SPDX-License-Identifier: GPL-2.0-or-later
"""Find a commit in a branch, as an ancestor or a backport, unless it was reverted later."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.history.ancestor_bitmap import AncestorBitmap
from patchpilot.history.history_index import Index
from patchpilot.history.patch_similarity import are_alike, have_common_file, patch_ids
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import read_commit_marks, strip_vendor_prefixes

_MOST_UNMARKED = 4000


class LandedHow(StrEnum):
    """Kinds of evidence that a commit was merged, most certain first."""

    ANCESTRY = "ancestry"
    MARKER = "marker"
    SUBJECT = "subject"
    PATCH_ID = "patch-id"


class Landing(NamedTuple):
    """A commit in a branch that is the requested commit or its backport.

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
    """A commit named in a `Fixes:` line.

    It has the id as written, the quoted subject, and the commit, which is None if the repository
    lacks it.
    """

    written: str
    subject: str
    commit: str | None


class History:
    """Finds the branches into which commits were merged.

    New commits are added to the index first. Close the object after use, or use it as a context
    manager.
    """

    def __init__(
        self,
        repository: Repository,
        progress: Progress = ignore_progress,
        index: Index | None = None,
    ) -> None:
        self.repository = repository
        self.index = index or Index.open(repository)
        self._progress = progress
        self._names: dict[str, tuple[str, ...]] = {}

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
        self.add([branch])
        ordinal = self.index.ordinal(commit)
        return ordinal is not None and ordinal in self.index.reach(branch)

    def landed(self, commit: str, branch: str, *, content: bool = True) -> Landing | None:
        """Return how a commit was merged into the branch with this tip, or None.

        Prefer a merge that is still in effect to a reverted one. The evidence is, in this order:
        ancestry; a marker in the message of a commit in the branch (including backports of
        backports); and, if `content` is set, the same subject and author with a similar patch, or
        the same patch-id.
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
        for fix in read_commit_marks(self.repository.commit(commit).message).fixes:
            hits = [
                commit_id
                for ordinal, commit_id in self.index.resolve(fix.id)
                if ordinal in reach and commit_id != commit
            ]
            hits = hits or self._find_other_id(fix.id, reach)
            if len(hits) != 1 and fix.subject:
                same_subject = self._list_titled(fix.subject, reach)
                hits = [hit for hit in hits if hit in same_subject] or (
                    [] if hits else same_subject
                )
            culprits.setdefault(
                hits[-1] if hits else fix.id,
                Culprit(fix.id, fix.subject, hits[-1] if hits else None),
            )
        return tuple(culprits.values())

    def _find_other_id(self, name: str, reach: AncestorBitmap) -> list[str]:
        """Return the commit that a commit outside of `reach` is there, or an empty list.

        It may be the mainline commit of a backport, or a commit that was picked from this one.
        """
        commit = self.repository.find(name)
        names = self._list_origins(commit) if commit else [name]
        origins = ((self.index.ordinal(name) if len(name) == 40 else None) for name in names)
        picked = (number for name in names for number in self.index.backports_of(name))
        numbers = (number for number in (*origins, *picked) if number is not None)
        return [self.index.id(number) for number in numbers if number in reach][:1]

    def titled(self, subject: str, branch: str) -> list[str]:
        """Return the commits in `branch` with this subject, oldest first."""
        self.add([branch])
        return self._list_titled(subject, self.index.reach(branch))

    def _list_titled(self, subject: str, reach: AncestorBitmap) -> list[str]:
        return [
            self.index.id(number) for number in self.index.by_subject(subject) if number in reach
        ]

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
            (candidate for candidate in candidates if are_alike(self.repository, lines, candidate)),
            None,
        )

    def names_of(self, commit: str) -> tuple[str, ...]:
        """Return the ids under which backports may name a commit, its own id first.

        A fix may be in mainline twice, as it is when it is picked from a -next branch into a branch
        for fixes. The other ids are the commits that its message names, if it names a single one,
        and unmarked commits with the same subject, author and change.
        """
        if commit not in self._names:
            origins = self._list_origins(commit)
            twins = (twin for name in origins for twin in self._find_twins(name))
            self._names[commit] = tuple(dict.fromkeys((*origins, *twins)))
        return self._names[commit]

    def _list_origins(self, commit: str) -> list[str]:
        """Return a commit, the commit that its message names, and so on.

        An id that the repository lacks is as long as it is written. A commit that names several
        ones is none of them.
        """
        self.add([commit])
        origins = [commit]
        while ordinal := self.index.ordinal(origins[-1]) if len(origins[-1]) == 40 else None:
            named = self.index.upstream_ids([ordinal]).get(ordinal, [])
            resolved = self.index.resolve(named[0]) if len(named) == 1 else []
            origin = resolved[0][1] if len(resolved) == 1 else "".join(named[:1])
            if len(named) != 1 or origin in origins:
                break
            origins.append(origin)
        return origins

    def _find_twins(self, name: str) -> list[str]:
        ordinal = self.index.ordinal(name) if len(name) == 40 else None
        ordinals = self.index.same_subject(ordinal) if ordinal is not None else []
        marked = self.index.upstream_ids(ordinals)
        twins = self.index.ids(other for other in ordinals if other not in marked)
        original = self.repository.commit(name) if twins else None
        return [
            twin.id
            for twin in self.repository.commits(twins)
            if original and self._has_same_change(original, twin)
        ]

    def missing(self, commits: Sequence[str], branch: str) -> tuple[str, ...]:
        """Return the commits that are missing from a branch, judging by ancestry and upstream
        markers.

        The order is kept, and no patches are read.
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
        ordinals = set(self.index.reverts_of(commit))
        own_ordinal = self.index.ordinal(commit) or 0
        subject = self.repository.commit(commit).subject
        ordinals |= {
            revert
            for revert in self.index.by_subject(f'Revert "{subject}"')
            if not self._reverts_another(revert, commit)
        }
        return tuple(
            self.index.ids(
                revert for revert in sorted(ordinals) if revert in reach and revert > own_ordinal
            )
        )

    def fixers(self, commit: str, branch: str) -> tuple[str, ...]:
        """Return the commits in `branch` with a `Fixes:` line for `commit`, oldest first."""
        self.add([branch])
        reach = self.index.reach(branch)
        self.add([commit])
        # the branch may also have the commit under the id of a pick
        names = {*self.names_of(commit), *self.index.ids(self._find_marked(commit, reach))}
        fixers = {fixer for name in names for fixer in self.index.fixes_of(name)}
        return tuple(self.index.ids(sorted(fixer for fixer in fixers if fixer in reach)))

    def _find_marked(self, commit: str, reach: AncestorBitmap) -> list[int]:
        seen: set[int] = set()
        marked: list[int] = []
        for origin in self._list_origins(commit)[1:]:
            ordinal = self.index.ordinal(origin) if len(origin) == 40 else None
            if ordinal is not None and ordinal in reach:
                marked.append(ordinal)
        todo = list(self.names_of(commit))
        while todo:
            for backport in self.index.backports_of(todo.pop()):
                if backport in seen:
                    continue
                seen.add(backport)
                if backport in reach:
                    marked.append(backport)
                else:
                    todo.append(self.index.id(backport))
        return sorted(set(marked))

    def _effective_landings(
        self, commit: str, landings: Sequence[Landing], reach: AncestorBitmap
    ) -> Landing | None:
        reverted_landing: Landing | None = None
        for landing in sorted(
            landings,
            key=lambda candidate: (
                candidate.how is not LandedHow.ANCESTRY,
                -(self.index.ordinal(candidate.commit) or 0),
            ),
        ):
            revert = self._find_revert(commit, landing.commit, reach)
            if revert is None:
                return landing
            reverted_landing = Landing(landing.commit, landing.how, revert)
        return reverted_landing

    def _find_revert(self, commit: str, merged: str, reach: AncestorBitmap) -> str | None:
        """Return the latest revert of a merged commit that is still in effect, or None."""
        merged_ordinal = self.index.ordinal(merged) or 0
        reverts = {
            number
            for name in {commit, merged}
            for number in self.index.reverts_of(name)
            if number in reach and number > merged_ordinal
        }
        for revert in sorted(reverts, reverse=True):
            revert_id = self.index.id(revert)
            if self._find_revert(revert_id, revert_id, reach) is None:
                return revert_id
        return None

    def _reverts_another(self, ordinal: int, commit: str) -> bool:
        reverted_ids = read_commit_marks(
            self.repository.commit(self.index.id(ordinal)).message
        ).reverts
        return bool(reverted_ids) and not any(commit.startswith(prefix) for prefix in reverted_ids)

    def _find_same_subject(self, commit: str, reach: AncestorBitmap) -> list[str]:
        original = self.repository.commit(commit)
        ordinals = [
            candidate for candidate in self.index.by_subject(original.subject) if candidate in reach
        ]
        return [
            candidate.id
            for candidate in self.repository.commits(self.index.ids(ordinals))
            if self._is_backport_of(original, candidate)
        ]

    def _is_backport_of(self, original: Commit, candidate: Commit) -> bool:
        upstream_ids = read_commit_marks(candidate.message).upstream
        names = self.names_of(original.id)
        if upstream_ids and not any(
            name.startswith(prefix) for prefix in upstream_ids for name in names
        ):
            return False
        return self._has_same_change(original, candidate)

    def _has_same_change(self, original: Commit, candidate: Commit) -> bool:
        """Return whether two commits have the same subject and author, and a similar change."""
        if (
            strip_vendor_prefixes(original.subject) != strip_vendor_prefixes(candidate.subject)
            or not is_same_person(original, candidate)
            or len(candidate.parents) != 1
        ):
            return False
        # check the author date first: a cherry-pick keeps it, which is better evidence than a
        # similar patch
        if original.authored == candidate.authored and have_common_file(
            self.repository, original.id, candidate.id
        ):
            return True
        return are_alike(self.repository, original.id, candidate.id)

    def _find_same_patch(self, commit: str, ordinal: int, reach: AncestorBitmap) -> list[str]:
        branch_ordinals = list(reach.iterate_missing_from(self.index.reach(commit)))[
            -_MOST_UNMARKED:
        ]
        if ordinal in reach or not branch_ordinals:
            return []
        marked = self.index.upstream_ids(branch_ordinals)
        unmarked = [candidate for candidate in branch_ordinals if candidate not in marked]
        known_ids = self.index.patch_ids(unmarked)
        new = [candidate for candidate in unmarked if candidate not in known_ids]
        if new:
            ids = dict(zip(self.index.ids(new), new, strict=True))
            computed = patch_ids(self.repository, list(ids))
            new_ids = {
                number: computed[candidate]
                for candidate, number in ids.items()
                if candidate in computed
            }
            self.index.store_patch_ids(new_ids)
            known_ids |= new_ids
        own_id = self._patch_id(commit, ordinal) if any(known_ids.values()) else ""
        return self.index.ids(
            candidate for candidate in unmarked if own_id and known_ids.get(candidate) == own_id
        )

    def _patch_id(self, commit: str, ordinal: int) -> str:
        known_ids = self.index.patch_ids([ordinal])
        if ordinal not in known_ids:
            known_ids = {ordinal: patch_ids(self.repository, [commit]).get(commit, "")}
            self.index.store_patch_ids(known_ids)
        return known_ids[ordinal]


def is_same_person(commit: Commit, other_commit: Commit) -> bool:
    """Return whether two commits have an author with the same email address or name."""
    return commit.author.key == other_commit.author.key or (
        bool(commit.author.name) and commit.author.name.lower() == other_commit.author.name.lower()
    )
