# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `fixes`: which commit introduced the bug, and whether the Fixes: tags that are there are true."""

from dataclasses import dataclass
from functools import partial

from patchpilot.commits.repository import Repository
from patchpilot.history.fixes_tag import JudgedTag, Relations, judge_message
from patchpilot.history.releases import Releases
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress, silent
from patchpilot.tags import fixes as finder

LIMIT = 5


@dataclass(frozen=True, slots=True)
class Culprit:
    """A candidate as the verb gives it; `first_release` is the first tag that contains it, None where none does."""

    commit: str
    subject: str
    tag: str
    confidence: float
    evidence: tuple[str, ...]
    first_release: str | None


@dataclass(frozen=True, slots=True)
class FixesResult:
    """What is known of the tags of one commit. `sure` is whether it stands by the first candidate; `reason` says why not."""

    commit: str
    subject: str
    present: tuple[JudgedTag, ...]
    candidates: tuple[Culprit, ...]
    sure: bool
    reason: str
    notes: tuple[str, ...] = ()

    @property
    def troubled(self) -> bool:
        """Whether a tag that is there has a problem."""
        return any(one.problems for one in self.present)


def find_culprits(
    repository: Repository, target: str, *, limit: int = LIMIT, verify: bool = False, progress: Progress = silent
) -> FixesResult:
    """Judge the Fixes: tags of a commit and, unless `verify`, name the likeliest culprits without looking at them."""
    commit = repository.commit(repository.resolve(target))
    releases = Releases(repository)
    present = judge_message(commit.lines, partial(_look_up, repository), relations=_relations(repository, commit, releases))
    if verify:
        return FixesResult(commit.id, commit.subject, present, (), True, "")
    if len(commit.parents) != 1:
        reason = (
            "it is a merge: name the commit that fixes the bug" if commit.parents else "it is the first commit: there is nothing before it"
        )
        return FixesResult(commit.id, commit.subject, present, (), False, reason)
    found = finder.find(repository, commit, limit=limit, progress=progress)
    culprits = tuple(
        Culprit(one.commit, one.subject, one.tag, one.confidence, one.evidence, _first_release(releases, one)) for one in found
    )
    reason = finder.doubt(found)
    return FixesResult(commit.id, commit.subject, present, culprits, not reason, reason)


def _first_release(releases: Releases, candidate: finder.Candidate) -> str | None:
    release = releases.first(candidate.commit, candidate.committed)
    return release.name if release else None


def _look_up(repository: Repository, word: str) -> Commit | None:
    found = repository.find(word)
    return repository.commit(found) if found else None


def _relations(repository: Repository, commit: Commit, releases: Releases) -> Relations:
    """How a tag's target stands to this commit; asked of git only when a tag is there."""

    def is_ancestor(target: Commit) -> bool:
        return target.id != commit.id and repository.is_ancestor(target.id, commit.id)

    def first_release(target: Commit) -> str | None:
        found = releases.first(target.id, int(target.committed.timestamp()), final=True)
        return found.name if found else None

    return Relations(is_ancestor=is_ancestor, first_release=first_release)
