# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide whether a commit in a repository needs a backport to the stable trees.

`check`, `stable` and `prepare` all use this result.
"""

from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository
from patchpilot.history.branch_verdict import BranchState, judge_branch
from patchpilot.history.fix_in_branch import Culprit, History
from patchpilot.history.releases import Release, Releases
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.project import Project
from patchpilot.tags.stable_decision import (
    StableAdvice,
    StableFacts,
    advise_on_stable,
    find_stable_lines,
)
from patchpilot.tags.stable_exclusions import find_exclusion
from patchpilot.topic.undisclosed_commits import is_undisclosed_commit

CYCLE = 365
"""A number of days longer than any release cycle, including the time on a topic branch."""


class StableNeed(NamedTuple):
    """The advice on stable backports of a commit, and the facts that it is based on.

    The facts are the state of each stable branch and, for each commit that introduced the bug, the
    first release that contains it; None means that it is unreleased.
    """

    advice: StableAdvice
    first_releases: dict[str, Release | None]
    branches: tuple[BranchState, ...]


def judge_stable_need(
    repository: Repository,
    commit: Commit,
    culprits: Sequence[str],
    project: Project,
    progress: Progress = ignore_progress,
    no_fix: str = "",
    *,
    is_guess: bool = False,
) -> StableNeed:
    """Decide whether a fix needs a backport if these commits introduced the bug.

    `no_fix` is the reason why the commit does not count as a fix. `is_guess` is set if nobody knows
    that these commits introduced the bug.
    """
    releases = Releases(repository)
    first_releases = {culprit: releases.first(culprit, final=True) for culprit in culprits}
    oldest = min(
        filter(None, first_releases.values()),
        key=lambda need: need.numbers,
        default=None,
    )
    branches = (
        compute_branch_states(repository, commit, culprits, project, progress)
        if culprits and project.tags.line
        else ()
    )
    advice = advise_on_stable(
        project,
        StableFacts(
            oldest.name if oldest else None,
            branches,
            is_known=bool(culprits),
            present=find_stable_lines(commit),
            no_fix=no_fix,
            fixed_in=_first_fixed_release(repository, commit, culprits, releases)
            if oldest
            else None,
            is_undisclosed=is_undisclosed_commit(repository, commit),
            exclusion=find_commit_exclusion(repository, commit, project),
            is_guess=is_guess,
        ),
    )
    return StableNeed(advice, first_releases, branches)


def needs_no_backport(
    repository: Repository, commit_id: str, culprits: Sequence[str], project: Project
) -> bool:
    """Return whether every release and stable branch with the bug also has the fix, or the stable
    trees do not accept it.

    Return False if the repository has no releases or stable branches.
    """
    commit, releases = repository.commit(commit_id), Releases(repository)
    if find_commit_exclusion(repository, commit, project):
        return True
    first_releases = [releases.first(culprit, final=True) for culprit in culprits]
    if any(first_releases) and _first_fixed_release(repository, commit, culprits, releases) is None:
        return False
    result = judge_stable_need(repository, commit, culprits, project)
    return bool(releases.all or result.branches) and not result.advice.eligible


def compute_branch_states(
    repository: Repository,
    commit: Commit,
    culprits: Sequence[str],
    project: Project,
    progress: Progress,
) -> tuple[BranchState, ...]:
    """Return the state of each stable branch according to `backport`."""
    stable = find_stable_branches(repository, profile=project.name)
    cache: dict[object, tuple[BranchState, ...]] = repository.cached_values.setdefault(
        "branch states", {}
    )
    key = commit.id, tuple(culprits), project.name
    if not stable.branches or key in cache:
        return cache.get(key, ())
    fix = FixCommit(repository, commit)
    causes = tuple(Culprit(culprit[:12], "", culprit) for culprit in culprits)
    with History(repository, progress) as history, ScratchStore(repository) as scratch:
        judged = [
            (branch, judge_branch(history, scratch, fix, causes, branch))
            for branch in stable.branches
        ]
    cache[key] = tuple(
        BranchState(
            branch.version or "",
            branch.name,
            state.affected,
            state.culprit_as,
            state.verdict,
            branch.as_of,
        )
        for branch, state in judged
    )
    return cache[key]


def _first_fixed_release(
    repository: Repository, commit: Commit, culprits: Sequence[str], releases: Releases
) -> str | None:
    """Return the first release that contains the fix.

    If the commits that introduced the bug are older than all release tags, tags must be missing;
    then return None.
    """
    oldest = min(repository.commit(culprit).committed for culprit in culprits)
    if (commit.committed - oldest).days > CYCLE:
        return None
    release = releases.first(commit.id, int(commit.committed.timestamp()), final=True)
    return release.name if release else None


def find_commit_exclusion(repository: Repository, commit: Commit, project: Project) -> str:
    """Return the rule of the stable trees that a fix does not meet, or "".

    The rules are the kernel's. Added lines, removed lines and context lines count for the
    size of a patch.
    """
    max_lines = project.stable.max_lines
    if not max_lines or len(commit.parents) != 1:
        return ""
    files = FixCommit(repository, commit).files
    size = sum(len(hunk.lines) for change in files for hunk in change.hunks)
    exclusion = find_exclusion(commit.subject, commit.lines[1:], files, size, max_lines)
    return exclusion.reason if exclusion else ""
