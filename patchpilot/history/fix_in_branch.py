# SPDX-License-Identifier: GPL-2.0-or-later
"""Find a commit in a branch, as an ancestor or a backport, unless it was reverted later."""

from collections.abc import Container, Iterable, Sequence
from enum import StrEnum
from sys import intern
from typing import NamedTuple

from patchpilot.commits.objects import parse_commit
from patchpilot.commits.repository import Repository
from patchpilot.history.ancestor_bitmap import AncestorBitmap, EarlierCommits
from patchpilot.history.history_index import Index
from patchpilot.history.patch_similarity import are_alike, have_common_file, patch_ids
from patchpilot.history.reverts import Reverts, parse_revert_title
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
    REVERT = "revert"
    REAPPLIED = "reapplied"


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
    lacks it. `is_guess` is set if no such line names the commit.
    """

    written: str
    subject: str
    commit: str | None
    is_guess: bool = False


class _Author(NamedTuple):
    """The author of a commit, for comparisons."""

    key: str
    name: str

    def is_same_as(self, other: "_Author") -> bool:
        """Return whether two authors have the same email address or name."""
        return self.key == other.key or (bool(self.name) and self.name == other.name)


class History:
    """Finds the branches into which commits were merged.

    New commits are added to the index first. Close the object after use, or use it as a context
    manager. `imports` keeps the imports of code in branches, by their tips.
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
        self._reverts = Reverts(repository, self.index)
        self._names: dict[str, tuple[str, ...]] = {}
        self._main_line: AncestorBitmap | None = None
        self._unmarked: dict[str, dict[str, list[int]]] = {}
        self._authors: dict[int, _Author] = {}
        self.imports: dict[str, list[str]] = {}

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

    def read_along(self, branch: str) -> None:
        """Look up the ids in messages of this branch among the branch's earlier commits.

        To compute the ancestors of each commit takes much longer.
        """
        self.add([branch])
        self._main_line = self.index.reach(branch)

    def _earlier_commits(self, commit: str) -> Container[int]:
        self.add([commit])
        ordinal = self.index.ordinal(commit)
        if self._main_line and ordinal is not None and ordinal in self._main_line:
            return EarlierCommits(self._main_line, ordinal)
        return self.index.reach(commit)

    def list_own_commits(self, branch: str, commit: str) -> list[int]:
        """Return the numbers of a branch's own commits, oldest first.

        They are compared with the branch of `read_along`, or otherwise with a commit's history.
        """
        base = self._main_line or self.index.reach(commit)
        return list(self.index.reach(branch).iterate_missing_from(base))

    def has(self, branch: str, commit: str) -> bool:
        self.add([branch])
        ordinal = self.index.ordinal(commit)
        return ordinal is not None and ordinal in self.index.reach(branch)

    def landed(self, commit: str, branch: str, *, content: bool = True) -> Landing | None:
        """Return how a commit was merged into the branch with this tip, or None.

        If the commit is a revert and `content` is set, the branch's own revert of the same commit
        counts as well; for the other evidence, see `_find_landing`.
        """
        landing = self._find_landing(commit, branch, content=content)
        return landing or (self._find_same_revert(commit, branch) if content else None)

    def _find_landing(self, commit: str, branch: str, *, content: bool) -> Landing | None:
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
        landing = self._effective_landings(commit, landings, reach)
        if content and not (landing and landing.holds):
            # a commit that was reverted may have been applied again without a marker
            landings = [
                Landing(candidate, LandedHow.SUBJECT)
                for candidate in self._find_same_subject(commit, reach)
            ]
            if not landings and landing is None:
                landings = [
                    Landing(candidate, LandedHow.PATCH_ID)
                    for candidate in self._find_same_patch(commit, ordinal, branch)
                ]
            again = self._effective_landings(commit, landings, reach)
            landing = again if again and (again.holds or landing is None) else landing
        return landing

    def _find_same_revert(self, commit: str, branch: str) -> Landing | None:
        """Return the branch's own revert of the commit that a commit reverts, or None.

        A commit that reapplies another one is in a branch that never reverted it.
        """
        for reverted in self.reverted_by(commit):
            landing = self._find_landing(reverted, branch, content=True)
            if landing and landing.reverted_by:
                return Landing(landing.reverted_by, LandedHow.REVERT)
            for original in () if landing else self.reverted_by(reverted):
                applied = self._find_landing(original, branch, content=True)
                if applied and applied.holds:
                    return Landing(applied.commit, LandedHow.REAPPLIED)
        return None

    def reverted_by(self, commit: str) -> tuple[str, ...]:
        """Return the commits that a commit reverts, if its subject is that of a revert.

        A revert that names no id reverts the latest commit before it with the quoted subject. Ids
        of other branches are replaced by those of the commit's own history if it has them.
        """
        title = parse_revert_title(self.repository.commit(commit).subject)
        culprits = self._list_reverted(commit) if title is not None else ()
        return tuple(culprit.commit for culprit in culprits if culprit.commit)

    def _list_reverted(self, commit: str) -> tuple[Culprit, ...]:
        original = self.repository.commit(commit)
        title = parse_revert_title(original.subject) or ""
        ids = read_commit_marks(original.message).reverts
        reach = self._earlier_commits(commit)
        if not ids and title:
            titled = [name for name in self._list_titled(title, reach) if name != commit][-1:]
            return tuple(Culprit(name[:12], title, name) for name in titled)
        culprits = (
            Culprit(name, title if len(ids) == 1 else "", self._resolve(name, "", commit, reach))
            for name in ids
        )
        return tuple({culprit.commit or culprit.written: culprit for culprit in culprits}.values())

    def culprits(self, commit: str) -> tuple[Culprit, ...]:
        """Return the commits that introduced the bug which a commit fixes, without duplicates.

        They are named in the `Fixes:` lines of its message. A revert fixes the commit that it
        reverts, whatever its `Fixes:` lines name: without that commit, there is nothing to revert.
        A commit that reapplies another one also fixes what that one fixes.
        """
        original = self.repository.commit(commit)
        marks = read_commit_marks(original.message)
        is_revert = parse_revert_title(original.subject) is not None
        culprits: dict[str, Culprit] = {}
        if is_revert or marks.reverts:
            for culprit in self._list_reverted(commit):
                culprits.setdefault(culprit.commit or culprit.written, culprit)
                for reapplied in self.reverted_by(culprit.commit) if culprit.commit else ():
                    for bug in self._list_tagged(reapplied):
                        culprits.setdefault(bug.commit or bug.written, bug)
        if is_revert and culprits:
            return tuple(culprits.values())
        for culprit in self._list_tagged(commit):
            culprits.setdefault(culprit.commit or culprit.written, culprit)
        return tuple(culprits.values())

    def _list_tagged(self, commit: str) -> tuple[Culprit, ...]:
        """Return the commits named in the `Fixes:` lines of a commit's message."""
        reach = self._earlier_commits(commit)
        culprits: dict[str, Culprit] = {}
        for fix in read_commit_marks(self.repository.commit(commit).message).fixes:
            hit = self._resolve(fix.id, fix.subject, commit, reach)
            culprits.setdefault(hit or fix.id, Culprit(fix.id, fix.subject, hit))
        return tuple(culprits.values())

    def _resolve(self, name: str, subject: str, commit: str, reach: Container[int]) -> str | None:
        """Return the commit in the history of `commit` that it names by an id and a subject.

        Prefer the id. If the history has no such commit, use the one that it was picked from, the
        one that was picked from it, or the only one with the subject; otherwise, return None.
        """
        hits = [
            commit_id
            for ordinal, commit_id in self.index.resolve(name)
            if ordinal in reach and commit_id != commit
        ]
        hits = hits or self._find_other_id(name, reach)
        if len(hits) != 1 and subject:
            same_subject = self._list_titled(subject, reach)
            hits = [hit for hit in hits if hit in same_subject] or ([] if hits else same_subject)
        return hits[-1] if hits else None

    def resolve_named(self, name: str, subject: str, commit: str, branch: str) -> str | None:
        """Return the commit in `branch` that the message of `commit` names, or None.

        It is named by an id, which may be "", or by a subject.
        """
        self.add([branch])
        reach = self.index.reach(branch)
        if name:
            return self._resolve(name, subject, commit, reach)
        titled = [other for other in self._list_titled(subject, reach) if other != commit]
        return titled[-1] if titled else None

    def _find_other_id(self, name: str, reach: Container[int]) -> list[str]:
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

    def _list_titled(self, subject: str, reach: Container[int]) -> list[str]:
        return [
            self.index.id(number) for number in self.index.by_subject(subject) if number in reach
        ]

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
        unmarked = [other for other in ordinals if other not in marked]
        twins = self.index.ids(self._choose_same_author(ordinal, unmarked) if unmarked else ())
        original = self.repository.commit(name) if twins else None
        return [
            twin.id
            for twin in self.repository.commits(twins)
            if original and self._has_same_change(original, twin)
        ]

    def _is_in(self, name: str, reach: AncestorBitmap) -> bool:
        ordinal = self.index.ordinal(name) if len(name) == 40 else None
        return ordinal is not None and ordinal in reach

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
        return self._reverts.find(commit, self._names_in(commit, reach), reach)

    def find_revert(self, commit: str, branch: str) -> str | None:
        """Return the commit in `branch` that reverts `commit` and is still in effect, or None."""
        self.add([branch])
        reach = self.index.reach(branch)
        return self._reverts.find_effective(commit, self._names_in(commit, reach), reach)

    def _names_in(self, commit: str, reach: AncestorBitmap) -> set[str]:
        """Return the ids under which the commits of a branch may name a commit."""
        return {*self.names_of(commit), *self.index.ids(self._find_marked(commit, reach))}

    def fixers(self, commit: str, branch: str) -> tuple[str, ...]:
        """Return the commits in `branch` with a `Fixes:` line for `commit`, oldest first."""
        self.add([branch])
        reach = self.index.reach(branch)
        self.add([commit])
        # the branch may have the commit under the id of a pick, and a tag may name any backport
        names = self._names_in(commit, reach)
        for name in tuple(names):
            names |= {*self.index.ids(self.index.backports_of(name))}
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
            names = [
                name for name in (commit, *self.names_of(commit)) if not self._is_in(name, reach)
            ]
            revert = self._reverts.find_effective(landing.commit, names, reach)
            if revert is None:
                return landing
            reverted_landing = Landing(landing.commit, landing.how, revert)
        return reverted_landing

    def _find_same_subject(self, commit: str, reach: AncestorBitmap) -> list[str]:
        original = self.repository.commit(commit)
        ordinals = self._choose_same_author(
            self.index.ordinal(commit),
            [number for number in self.index.by_subject(original.subject) if number in reach],
        )
        return [
            candidate.id
            for candidate in self.repository.commits(self.index.ids(ordinals))
            if self._is_backport_of(original, candidate)
        ]

    def _choose_same_author(self, ordinal: int | None, others: Sequence[int]) -> list[int]:
        """Return those of the other commits that have the author of a commit.

        Authors are kept, because hundreds of commits may have the same subject.
        """
        if ordinal is None or not others:
            return list(others)
        new = [number for number in (ordinal, *others) if number not in self._authors]
        ids = self.index.ids(new)
        for number, (_, entry) in zip(new, self.repository.objects.many(ids), strict=True):
            if entry and entry[1] == "commit":
                self._authors[number] = _read_author(parse_commit(entry[0], entry[2]))
        author = self._authors.get(ordinal)
        if author is None:
            return list(others)
        candidates = ((number, self._authors.get(number)) for number in others)
        return [number for number, other in candidates if other is None or author.is_same_as(other)]

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

    def _find_same_patch(self, commit: str, ordinal: int, branch: str) -> list[str]:
        if ordinal in self.index.reach(branch):
            return []
        known_ids = self._unmarked.get(branch)
        if known_ids is None:
            known_ids = self._list_unmarked(commit, branch)
            # with read_along, they are the same for all commits
            if self._main_line:
                self._unmarked[branch] = known_ids
        return self.index.ids(known_ids.get(self._patch_id(ordinal), ()) if known_ids else ())

    def _list_unmarked(self, commit: str, branch: str) -> dict[str, list[int]]:
        """Map the patch-ids of a branch's latest own commits without markers to these commits."""
        own = self.list_own_commits(branch, commit)[-_MOST_UNMARKED:]
        marked = self.index.upstream_ids(own)
        by_id: dict[str, list[int]] = {}
        unmarked = [number for number in own if number not in marked]
        for number, patch_id in sorted(self._compute_patch_ids(unmarked).items()):
            if patch_id:
                by_id.setdefault(patch_id, []).append(number)
        return by_id

    def _patch_id(self, ordinal: int) -> str:
        return self._compute_patch_ids([ordinal]).get(ordinal, "")

    def read_patch_ids(self, commits: Sequence[str]) -> None:
        """Compute and store the patch-ids of commits, running git once."""
        numbers = (self.index.ordinal(commit) for commit in commits)
        self._compute_patch_ids([number for number in numbers if number is not None])

    def _compute_patch_ids(self, ordinals: Sequence[int]) -> dict[int, str]:
        """Return the patch-ids of commits; compute and store missing ones."""
        known_ids = self.index.patch_ids(ordinals)
        new = [ordinal for ordinal in ordinals if ordinal not in known_ids]
        if new:
            ids = dict(zip(self.index.ids(new), new, strict=True))
            computed = patch_ids(self.repository, list(ids))
            new_ids = {ids[commit]: patch_id for commit, patch_id in computed.items()}
            self.index.store_patch_ids(new_ids)
            known_ids |= new_ids
        return known_ids


def is_same_person(commit: Commit, other_commit: Commit) -> bool:
    """Return whether two commits have an author with the same email address or name."""
    return _read_author(commit).is_same_as(_read_author(other_commit))


def _read_author(commit: Commit) -> _Author:
    # few authors write most commits
    return _Author(intern(commit.author.key), intern(commit.author.name.lower()))
