# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `stable`: proposes the tag that requests a backport of a fix to stable.

If no tag is needed, the result is the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.backports.verdict import judge
from patchpilot.commits.range import is_mail, newest_patch, resolve_patch
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import UsageError
from patchpilot.history.commit_graph import use_graph
from patchpilot.history.fix_in_branch import Culprit, History
from patchpilot.history.releases import Releases
from patchpilot.history.shallow_clones import what_lacks
from patchpilot.history.stable_branches import stable_branches
from patchpilot.model.action import Action
from patchpilot.model.commit import Commit
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, silent
from patchpilot.projects.detection import detect
from patchpilot.projects.loading import find_project
from patchpilot.projects.project import Project
from patchpilot.services.tags.find_culprits import FixesRequest, find_culprits
from patchpilot.tags.stable_decision import (
    BranchState,
    StableAdvice,
    StableFacts,
    advise,
    present_lines,
)
from patchpilot.topic.fix_claims import judge_fix
from patchpilot.topic.upstream_state import notes as upstream_notes

CYCLE = 365
"""Days.

More than any project takes for one release, what its topic branches take before included.
"""


@json_form()
@dataclass(frozen=True, slots=True)
class Introduced:
    """A commit that introduced the bug, and the first release with it (None: unreleased)."""

    commit: str
    first_release: str | None


@json_form(
    "commit",
    "subject",
    "profile",
    "lines=advice.lines",
    "eligible=advice.eligible",
    "reasons=advice.reasons",
    "warnings=advice.warnings",
    "culprits",
    "branches",
    "notes",
)
@dataclass(frozen=True, slots=True)
class StableResult:
    """The stable advice for a commit.

    Contains the advice, the commits that introduced the bug, the origin of this information,
    and the examined branches.
    """

    commit: str
    subject: str
    profile: str
    advice: StableAdvice
    culprits: tuple[Introduced, ...]
    branches: tuple[BranchState, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StableRequest:
    """The fix for which to decide about a backport to stable (None: the latest commit).

    `fixes` names the commits that introduced the bug; by default, they are taken from the
    Fixes: tags or, without tags, from a search with a certain result.
    """

    target: str | None = None
    fixes: Sequence[str] = ()
    profile: str = ""


def stable_lines(
    repository: Repository, request: StableRequest, *, progress: Progress = silent
) -> StableResult:
    """Returns the tags that a fix needs for the stable trees.

    Raises `UsageError` if the target is a patch file, which has no history.
    """
    target = newest_patch(repository) if request.target is None else request.target
    if (is_mail(target) or Path(target).is_file()) and not repository.find(target):
        raise UsageError(
            f"{target}: finding affected branches needs a commit in the git history",
            hint=Action("stable", ("HEAD",), "run `git am FILE`, then {}"),
        )
    commit = repository.commit(resolve_patch(repository, target))
    use_graph(repository, commit.id, progress)
    project = (
        find_project(request.profile)
        if request.profile
        else detect(CommitTree(repository, commit.id))
    )
    notes: list[str] = []
    no_fix = ""
    named = [repository.resolve(fix) for fix in request.fixes]
    asked = FixesRequest(commit.id, limit=2, verify=True, profile=request.profile)
    present = find_culprits(repository, asked, progress=progress).present
    tagged = list(dict.fromkeys(one.target.id for one in present if one.target))
    if not named and tagged:
        named = tagged
    elif not named and present:
        notes.append(
            f"{present[0].tag.text} names a commit that is not in this repository: cannot determine"
            " which branches have it"
        )
    elif not named and not (judged := judge_fix(repository, commit)).is_fix:
        no_fix = (
            f"{judged.reason}; if it fixes a bug, name the "
            "commit that introduced it with --fixes"
        )
    elif not named and project.tags.line and len(commit.parents) == 1:
        guess = find_culprits(
            repository, replace(asked, verify=False), progress=progress
        )
        named = [one.commit for one in guess.candidates if one.tag in guess.tags]
        if named:
            first = guess.candidates[0]
            notes.append(
                f"no Fixes: tag: using {first.tag} ({first.confidence:.0%} sure)"
            )
    notes += what_lacks(repository)
    notes += upstream_notes(repository, commit.id, progress)
    releases = Releases(repository)
    firsts = {culprit: releases.first(culprit, final=True) for culprit in named}
    oldest = min(
        filter(None, firsts.values()), key=lambda one: one.numbers, default=None
    )
    branches = (
        branch_states(repository, commit, named, project, progress)
        if named and project.tags.line
        else ()
    )
    advice = advise(
        project,
        StableFacts(
            oldest.name if oldest else None,
            branches,
            is_known=bool(named),
            present=present_lines(commit),
            size=patch_size(repository, commit),
            no_fix=no_fix,
            fixed_in=_fixed_in(repository, commit, named, releases) if oldest else None,
        ),
    )
    return StableResult(
        commit.id,
        commit.subject,
        project.name,
        advice,
        tuple(
            Introduced(culprit, release.name if release else None)
            for culprit, release in firsts.items()
        ),
        branches,
        tuple(notes),
    )


def branch_states(
    repository: Repository,
    commit: Commit,
    culprits: Sequence[str],
    project: Project,
    progress: Progress,
) -> tuple[BranchState, ...]:
    """Returns the state of each stable branch: the verdict of `backport` for a fix."""
    stable = stable_branches(repository, profile=project.name)
    known: dict[object, tuple[BranchState, ...]] = repository.known.setdefault(
        "branch states", {}
    )
    key = commit.id, tuple(culprits), project.name
    if not stable.branches or key in known:
        return known.get(key, ())
    fix = FixCommit(repository, commit)
    named = tuple(Culprit(culprit[:12], "", culprit) for culprit in culprits)
    with History(repository, progress) as history, Scratch(repository) as scratch:
        verdicts = [
            judge(history, scratch, fix, named, branch) for branch in stable.branches
        ]
    known[key] = tuple(
        BranchState(
            branch.version or "",
            branch.branch,
            branch.affected,
            branch.culprit_as,
            branch.verdict,
        )
        for branch in verdicts
    )
    return known[key]


def _fixed_in(
    repository: Repository, commit: Commit, culprits: Sequence[str], releases: Releases
) -> str | None:
    """The first release that has the fix.

    None where the commits that introduced the bug are so much older that tags of others must be
    missing here.
    """
    oldest = min(repository.commit(culprit).committed for culprit in culprits)
    if (commit.committed - oldest).days > CYCLE:
        return None
    release = releases.first(commit.id, int(commit.committed.timestamp()), final=True)
    return release.name if release else None


def patch_size(repository: Repository, commit: Commit) -> int:
    """Returns the number of lines in a commit's patch, as the stable rules count them.

    Added lines, removed lines and context lines count; the size of a merge is 0.
    """
    if len(commit.parents) != 1:
        return 0
    return sum(
        len(hunk.lines)
        for change in FixCommit(repository, commit).files
        for hunk in change.hunks
    )
