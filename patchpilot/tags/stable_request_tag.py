# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `stable` command.

It proposes the tag that requests a stable backport, or explains why none is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.commits.range import (
    find_latest_patch_commit,
    is_mail_source,
    resolve_patch,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import UsageError
from patchpilot.history.branch_verdict import BranchState
from patchpilot.history.commit_graph import use_commit_graph
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.history.releases import Releases
from patchpilot.history.shallow_clones import list_missing_history_notes
from patchpilot.model.action import Action
from patchpilot.model.commit import Commit
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.loading import detect, find_project
from patchpilot.tags.find_culprits import FixesRequest, find_culprits
from patchpilot.tags.fix_claims import judge_fix
from patchpilot.tags.stable_decision import StableAdvice
from patchpilot.tags.stable_need import StableNeed, judge_stable_need
from patchpilot.topic.upstream_state import is_in_mainline
from patchpilot.topic.upstream_state import list_upstream_notes as upstream_notes


@json_form()
@dataclass(frozen=True, slots=True)
class IntroducingCommit:
    """A commit that introduced the bug, and the first release that contains it; None means that it
    is unreleased.
    """

    commit: str
    first_release: str | None


@json_form(
    "commit subject profile lines=advice.lines eligible=advice.eligible "
    "reasons=advice.reasons warnings=advice.warnings culprits branches notes"
)
@dataclass(frozen=True, slots=True)
class StableResult:
    """The advice on whether a commit needs stable backports.

    It contains the commits that introduced the bug, notes about how they were determined, and the
    branches that were examined.
    """

    commit: str
    subject: str
    profile: str
    advice: StableAdvice
    culprits: tuple[IntroducingCommit, ...]
    branches: tuple[BranchState, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StableRequest:
    """A fix that may need a stable backport.

    `target` is the fix; None means the latest commit. `fixes` lists the commits that introduced the
    bug. By default, these are the commits that the Fixes: tags name or, if there are no tags, the
    commits that a search finds with certainty. `is_guess` is set if those in `fixes` are a guess.
    """

    target: str | None = None
    fixes: Sequence[str] = ()
    profile: str = ""
    is_guess: bool = False


def propose_stable_tags(
    repository: Repository,
    request: StableRequest,
    *,
    progress: Progress = ignore_progress,
) -> StableResult:
    """Return the tags that a fix needs for the stable trees.

    Raise `UsageError` for a patch file, because it has no history.
    """
    target = find_latest_patch_commit(repository) if request.target is None else request.target
    if (is_mail_source(target) or Path(target).is_file()) and not repository.find(target):
        raise UsageError(
            f"{target}: finding affected branches needs a commit in the git history",
            hint=Action("stable", ("HEAD",), "run `git am FILE`, then {}"),
        )
    commit = repository.commit(resolve_patch(repository, target))
    use_commit_graph(repository, commit.id, progress)
    project = (
        find_project(request.profile)
        if request.profile
        else detect(CommitTree(repository, commit.id))
    )
    notes: list[str] = []
    not_a_fix = ""
    named = [repository.resolve(fix) for fix in request.fixes]
    introduced_by = [find_named_mainline_commit(repository, fix) or fix for fix in named]
    fixes_request = FixesRequest(commit.id, limit=2, verify=True, profile=request.profile)
    present = find_culprits(repository, fixes_request, progress=progress).present
    causes = (tag.introduced_by for tag in present)
    tagged_commits = list(dict.fromkeys(cause.id for cause in causes if cause))
    if not introduced_by and tagged_commits:
        introduced_by = tagged_commits
    elif not introduced_by and present:
        notes.append(
            f"{present[0].tag.text} names a commit that is not in this repository: cannot determine"
            " which branches have it"
        )
    elif not introduced_by and not (fix_claim := judge_fix(repository, commit)).is_fix:
        not_a_fix = (
            f"{fix_claim.reason}; if it fixes a bug, name the "
            "commit that introduced it with --fixes"
        )
    elif not introduced_by and project.tags.line and len(commit.parents) == 1:
        search = find_culprits(repository, replace(fixes_request, verify=False), progress=progress)
        introduced_by = [
            candidate.commit for candidate in search.candidates if candidate.tag in search.tags
        ]
        if introduced_by:
            best_candidate = search.candidates[0]
            notes.append(
                f"no Fixes: tag: using {best_candidate.tag} ({best_candidate.confidence:.0%} sure)"
            )
    notes += list_missing_history_notes(repository)
    notes += upstream_notes(repository, commit.id, progress)
    stable_verdict = judge_stable_need(
        repository, commit, introduced_by, project, progress, not_a_fix, is_guess=request.is_guess
    )
    advice = stable_verdict.advice
    if advice.lines and is_in_mainline(repository, commit.id):
        advice = _explain_merged_fix(repository, commit, stable_verdict)
    return StableResult(
        commit.id,
        commit.subject,
        project.name,
        advice,
        tuple(
            IntroducingCommit(culprit, release.name if release else None)
            for culprit, release in stable_verdict.first_releases.items()
        ),
        stable_verdict.branches,
        tuple(notes),
    )


def _explain_merged_fix(repository: Repository, commit: Commit, need: StableNeed) -> StableAdvice:
    """Return the advice for a fix in mainline, to which no line can be added."""
    releases = Releases(repository)
    fixed_in, final = releases.first(commit.id), releases.first(commit.id, final=True)
    first = min(filter(None, need.first_releases.values()), key=lambda it: it.numbers, default=None)
    since = f" since {fixed_in.name}" if fixed_in else ""
    reasons = [
        f"it is in mainline{since}, so no tag can be added: `backport` shows how to ask for it"
    ]
    if first and final:
        reasons.append(f"the bug is in the releases since {first.name}, and fixed in {final.name}")
    affected = ", ".join(branch.version for branch in need.branches if branch.affected)
    reasons.append(f"stable branches with the bug: {affected or 'none'}")
    return StableAdvice((), bool(affected), tuple(reasons))
