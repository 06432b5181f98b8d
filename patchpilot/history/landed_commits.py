# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a commit landed: in a branch as itself, or as a backport of it, unless that was reverted since."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.commits.repository import Repository
from patchpilot.history.ancestor_bitmap import AncestorBitmap
from patchpilot.history.history_index import Index
from patchpilot.history.patch_similarity import alike, meet, patch_ids
from patchpilot.model.commit import Commit
from patchpilot.model.commit_references import read_marks
from patchpilot.model.progress import Progress, silent

_MOST_UNMARKED = 4000


class LandedHow(StrEnum):
    """What shows that a commit landed, surest first."""

    ANCESTRY = "ancestry"
    MARKER = "marker"
    SUBJECT = "subject"
    PATCH_ID = "patch-id"


@dataclass(frozen=True, slots=True)
class Landing:
    """A commit in a branch that is (or brings) the one asked for: its id, what shows it, and the commit that reverted it since (None when none did)."""

    commit: str
    how: LandedHow
    reverted_by: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it is still in effect."""
        return self.reverted_by is None


@dataclass(frozen=True, slots=True)
class Culprit:
    """What a `Fixes:` line names: the id as written, the quoted subject, and the commit (None when the repository has none such)."""

    written: str
    subject: str
    commit: str | None


class History:
    """Answers about where commits landed. It reads what is new into the index first; close it, or use it as a context."""

    def __init__(self, repository: Repository, progress: Progress = silent, index: Index | None = None) -> None:
        self.repository = repository
        self.index = index or Index.open(repository)
        self._progress = progress

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def add(self, commits: Iterable[str]) -> None:
        """Take in the history of these commits."""
        self.index.add(commits, self._progress)

    def has(self, branch: str, commit: str) -> bool:
        """Whether `commit` is the commit `branch` or an ancestor of it (both full ids)."""
        self.add([branch])
        ordinal = self.index.ordinal(commit)
        return ordinal is not None and ordinal in self.index.reach(branch)

    def landed(self, commit: str, branch: str, *, content: bool = True) -> Landing | None:
        """How `commit` is in the branch whose tip is `branch`: the last landing that holds, else one and who reverted it, else None.

        In order: by ancestry; by a marker in the message of a branch's commit (also through a backport of a backport); with `content`, by exact
        subject and author with a similar patch, and by patch-id.
        """
        self.add([branch, commit])
        reach = self.index.reach(branch)
        ordinal = self.index.ordinal(commit)
        assert ordinal is not None
        found = [Landing(commit, LandedHow.ANCESTRY)] if ordinal in reach else []
        found += [Landing(self.index.id(one), LandedHow.MARKER) for one in self._marked(commit, reach)]
        if not found and content:
            found = [Landing(one, LandedHow.SUBJECT) for one in self._same_subject(commit, reach)]
            found = found or [Landing(one, LandedHow.PATCH_ID) for one in self._same_patch(commit, ordinal, reach)]
        return self._standing(commit, found, reach) if found else None

    def twin(self, commit: str, branch: str) -> str | None:
        """The commit of `branch` that a commit became when it was mailed and taken: of its subject, its author and mostly its lines; None in doubt.

        A commit that the branch has itself is its own twin.
        """
        if self.has(branch, commit):
            return commit
        self.add([commit])
        found = [Landing(one, LandedHow.SUBJECT) for one in self._same_subject(commit, self.index.reach(branch))]
        landing = self._standing(commit, found, self.index.reach(branch)) if found else None
        return landing.commit if landing and landing.holds else None

    def culprits(self, commit: str) -> tuple[Culprit, ...]:
        """What the `Fixes:` lines of a commit name, wherever they stand in its message; each commit once."""
        self.add([commit])
        reach = self.index.reach(commit)
        found: dict[str, Culprit] = {}
        for fix in read_marks(self.repository.commit(commit).message).fixes:
            hits = [known for ordinal, known in self.index.resolve(fix.id) if ordinal in reach and known != commit]
            if len(hits) != 1 and fix.subject:
                named = [self.index.id(number) for number in self.index.by_subject(fix.subject) if number in reach]
                hits = [hit for hit in hits if hit in named] or ([] if hits else named)
            found.setdefault(hits[-1] if hits else fix.id, Culprit(fix.id, fix.subject, hits[-1] if hits else None))
        return tuple(found.values())

    def same_change(self, subject: str, lines: "Counter[tuple[str, str]]", branch: str) -> str | None:
        """The newest commit of `branch` with exactly this subject that changes mostly these lines, or None."""
        self.add([branch])
        reach = self.index.reach(branch)
        found = (self.index.id(one) for one in reversed(self.index.by_subject(subject)) if one in reach)
        return next((one for one in found if alike(self.repository, lines, one)), None)

    def missing(self, commits: Sequence[str], branch: str) -> tuple[str, ...]:
        """Those of `commits` that the branch has by no mapping that can be told without reading patches (ancestry, marker), in order."""
        self.add([branch, *commits])
        reach = self.index.reach(branch)
        return tuple(commit for commit in commits if (self.index.ordinal(commit) or 0) not in reach and not self._marked(commit, reach))

    def reverts(self, commit: str, branch: str) -> tuple[str, ...]:
        """The commits of `branch` that say they revert `commit`, by its id or by its subject, oldest first."""
        self.add([branch])
        reach = self.index.reach(branch)
        named = set(self.index.reverts_of(commit))
        born = self.index.ordinal(commit) or 0
        subject = self.repository.commit(commit).subject
        named |= {one for one in self.index.by_subject(f'Revert "{subject}"') if not self._reverts_another(one, commit)}
        return tuple(self.index.ids(one for one in sorted(named) if one in reach and one > born))

    def fixers(self, commit: str, branch: str) -> tuple[str, ...]:
        """The commits of `branch` whose `Fixes:` line names `commit`, oldest first."""
        self.add([branch])
        reach = self.index.reach(branch)
        return tuple(self.index.ids(one for one in self.index.fixes_of(commit) if one in reach))

    def _marked(self, commit: str, reach: AncestorBitmap) -> list[int]:
        seen: set[int] = set()
        found: list[int] = []
        todo = [commit]
        while todo:
            for one in self.index.backports_of(todo.pop()):
                if one in seen:
                    continue
                seen.add(one)
                if one in reach:
                    found.append(one)
                else:
                    todo.append(self.index.id(one))
        return sorted(found)

    def _standing(self, commit: str, found: Sequence[Landing], reach: AncestorBitmap) -> Landing:
        last: Landing | None = None
        for landing in sorted(found, key=lambda one: (one.how is not LandedHow.ANCESTRY, -(self.index.ordinal(one.commit) or 0))):
            undone = self._undone(commit, landing.commit, reach)
            if undone is None:
                return landing
            last = Landing(landing.commit, landing.how, undone)
        assert last is not None
        return last

    def _undone(self, commit: str, landed: str, reach: AncestorBitmap) -> str | None:
        """The last revert of a landing that is in effect, or None."""
        since = self.index.ordinal(landed) or 0
        reverts = {one for name in {commit, landed} for one in self.index.reverts_of(name) if one in reach and one > since}
        for revert in sorted(reverts, reverse=True):
            by = self.index.id(revert)
            if self._undone(by, by, reach) is None:
                return by
        return None

    def _reverts_another(self, ordinal: int, commit: str) -> bool:
        named = read_marks(self.repository.commit(self.index.id(ordinal)).message).reverts
        return bool(named) and not any(commit.startswith(one) for one in named)

    def _same_subject(self, commit: str, reach: AncestorBitmap) -> list[str]:
        wanted = self.repository.commit(commit)
        ordinals = [one for one in self.index.by_subject(wanted.subject) if one in reach]
        return [one.id for one in self.repository.commits(self.index.ids(ordinals)) if self._is_twin(wanted, one)]

    def _is_twin(self, wanted: Commit, other: Commit) -> bool:
        if wanted.subject != other.subject or not same_person(wanted, other) or len(other.parents) != 1:
            return False
        named = read_marks(other.message).upstream
        if named and not any(wanted.id.startswith(one) for one in named):
            return False
        # a commit that is picked keeps its date: to the second that says more than how much of its patch was left or adapted
        if wanted.authored == other.authored and meet(self.repository, wanted.id, other.id):
            return True
        return alike(self.repository, wanted.id, other.id)

    def _same_patch(self, commit: str, ordinal: int, reach: AncestorBitmap) -> list[str]:
        own = list(reach.without(self.index.reach(commit)))[-_MOST_UNMARKED:]
        if ordinal in reach or not own:
            return []
        marked = self.index.upstream_among(own)
        unmarked = [one for one in own if one not in marked]
        kept = self.index.patch_ids(unmarked)
        new = [one for one in unmarked if one not in kept]
        if new:
            ids = dict(zip(self.index.ids(new), new, strict=True))
            reckoned = patch_ids(self.repository, list(ids))
            fresh = {number: reckoned[one] for one, number in ids.items() if one in reckoned}
            self.index.keep_patch_ids(fresh)
            kept |= fresh
        wanted = self._patch_id(commit, ordinal) if any(kept.values()) else ""
        return self.index.ids(one for one in unmarked if wanted and kept.get(one) == wanted)

    def _patch_id(self, commit: str, ordinal: int) -> str:
        kept = self.index.patch_ids([ordinal])
        if ordinal not in kept:
            kept = {ordinal: patch_ids(self.repository, [commit]).get(commit, "")}
            self.index.keep_patch_ids(kept)
        return kept[ordinal]


def same_person(one: Commit, other: Commit) -> bool:
    """Whether two commits have the same author, by address or by name."""
    return one.author.key == other.author.key or (bool(one.author.name) and one.author.name.lower() == other.author.name.lower())
