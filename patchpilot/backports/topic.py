# SPDX-License-Identifier: GPL-2.0-or-later
"""Backport a commit of a topic with the current settings.

This provides the verdicts, the patches with default texts, and a clone for resolving a conflict.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.backports.adapt.adaptation import adapt_conflicts
from patchpilot.backports.adapt.explain_steps import add_causes
from patchpilot.backports.adapted_fix import Adaptation, OtherBackport
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    NothingFetchedError,
    compute_backport_verdicts,
)
from patchpilot.backports.patches import BackportText
from patchpilot.backports.prerequisite_queue import exclude_prerequisites
from patchpilot.backports.result import BackportResult
from patchpilot.backports.targets import backport_trees
from patchpilot.backports.work_clone import (
    ConflictResolution,
    add_resolution,
    prepare_conflict_clone,
)
from patchpilot.backports.write import (
    WrittenBackport,
    require_identity,
    write_backports,
)
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.errors import MissingError
from patchpilot.history.bug_range import compute_bug_range
from patchpilot.history.missing_branches import COMMAND, find_missing_branches
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.model.commit import Commit
from patchpilot.model.patch import Series
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.tags.fix_claims import explain_no_backport
from patchpilot.threads.conflict_clones import CloneState
from patchpilot.topic.project import project_of
from patchpilot.topic.upstream_state import find_backport_prefix


def compute_topic_backports(
    repository: Repository,
    settings: Settings,
    commit: Commit,
    culprit: str = "",
    progress: Progress = ignore_progress,
    topic_ids: Sequence[str] = (),
) -> BackportResult:
    """Return the backport verdicts for a commit of a topic, and the affected releases.

    If the commit has no Fixes: tag, the caller must pass the commit that introduced the bug. The
    result has no branches if the project has no stable series, the commit fixes no bug (see
    `explain_no_backport`), or the topic is itself a backport; `rules` then contains only the
    reason.
    """
    if prefix := find_backport_prefix(repository, topic_ids):
        rule = f"this branch is a backport itself: [{prefix}]"
        return BackportResult(None, commit.subject, rules=(rule,))
    commits = tuple(repository.commits(topic_ids))
    if rule := explain_no_backport(repository, commits, commit, culprit):
        return BackportResult(commit.id, commit.subject, rules=(rule,))
    try:
        request = BackportRequest(
            commit.id,
            profile=settings.get("profile") or None,
            fixes=[culprit] if culprit else [],
        )
        result = compute_backport_verdicts(repository, request, progress=progress)[-1]
    except MissingError as error:
        empty_result = _make_empty_result(repository, settings, commit)
        is_unfetched = isinstance(error, NothingFetchedError)
        if empty_result is None or (empty_result.unfetched and not is_unfetched):
            raise
        return empty_result
    bug = compute_bug_range(repository, result.commit, result.culprits, result.branches)
    return replace(result, bug=bug)


def _make_empty_result(
    repository: Repository, settings: Settings, commit: Commit
) -> BackportResult | None:
    """Return a result without verdicts if the project has no stable branches or none was fetched.

    Otherwise, return None.
    """
    profile = settings.get("profile")
    project = project_of(repository, profile, Series((format_commit_patch(repository, commit.id),)))
    if find_stable_branches(repository, profile=profile or None).branches:
        return None
    if not (project.lists.stable or project.stable.branch):
        rule = f"{project.name} maintains no stable branches: nothing to backport"
        return BackportResult(commit.id, commit.subject, rules=(rule,))
    missing = find_missing_branches(repository, profile or None)
    if missing is None:
        return None
    rule = (
        "No stable branch has been fetched, so there is nothing to check the fix"
        f" against.\n\nTo fetch: {missing.summary}.\n\ngit shows its progress, and Ctrl-C stops"
        f" it. In a shell: `{COMMAND}`"
    )
    return BackportResult(commit.id, commit.subject, unfetched=True, rules=(rule,))


def write_topic_backports(
    repository: Repository,
    result: BackportResult,
    folder: Path,
    excluded_commits: Mapping[str, Collection[str]],
    *,
    sign_off: bool = False,
) -> tuple[WrittenBackport, ...]:
    """Write the patches for each branch that the fix applies to, into `folder`.

    The messages have the default texts. With `sign_off`, add the user's sign-off.
    `excluded_commits` maps branches to the prerequisites to exclude.
    """
    wording = BackportText(signer=require_identity(repository.identity) if sign_off else None)
    return write_backports(
        repository,
        [exclude_prerequisites(result, excluded_commits)],
        folder,
        wording=wording,
    )


def write_adapted_fix(
    repository: Repository,
    result: BackportResult,
    branch: BranchResult,
    adapted: Adaptation,
    folder: Path,
    *,
    sign_off: bool = False,
) -> WrittenBackport:
    """Write the adapted fix for a branch as a patch, unless the adaptation is uncertain.

    With `sign_off`, add the user's sign-off.
    """
    adapted_branch = replace(branch, adaptation=adapted)
    identity = repository.identity
    (backport,) = write_backports(
        repository,
        [replace(result, branches=(adapted_branch,))],
        folder,
        wording=BackportText(
            signer=require_identity(identity) if sign_off else None, adapter=identity
        ),
    )
    return backport


@dataclass(frozen=True, slots=True)
class ConflictOptions:
    """The ways to resolve a fix's conflict on a branch.

    `adaptation` is the adapted fix, or None if the fix cannot be adapted. `is_started` is set if a
    clone for the conflict already exists, and `is_committed` if the user committed there.
    """

    adaptation: Adaptation | None = None
    is_started: bool = False
    is_committed: bool = False

    def describe(self, branch: str) -> str:
        """Return a title and the steps of the adaptation to a branch."""
        if self.adaptation is None:
            return f"The fix as a whole cannot be adapted to {branch}."
        title = f"Adapted to {branch} with a confidence of {self.adaptation.confidence:.0%}:"
        return "\n".join((title, "", *(f"- {step}" for step in self.adaptation.advised_steps)))


def list_conflict_options(
    repository: Repository, result: BackportResult, branch: BranchResult
) -> ConflictOptions:
    """Return the options for resolving a fix's conflict on a branch."""
    assert result.commit
    if clone := add_resolution(repository, result.commit, branch).clone:
        return ConflictOptions(is_started=True, is_committed=clone.state is not CloneState.OPEN)
    with ScratchStore(repository) as scratch:
        fix, tree = (
            FixCommit.read(repository, result.commit),
            scratch.tree_of(branch.tip),
        )
        backports = [
            OtherBackport(branch_result.name, branch_result.landed_as)
            for branch_result in result.branches
            if branch_result.landed_as and branch_result.landed_as != result.commit
        ]
        merge = scratch.pick(fix.id, tree, fix.base)
        adapted = adapt_conflicts(
            scratch, merge, tree, fix, backports, backport_trees(repository, None).changelogs
        )
    # what a person must decide is left as git's conflict in a clone
    if adapted is None or adapted.is_conflict_left:
        return ConflictOptions()
    return ConflictOptions(replace(adapted, steps=add_causes(adapted.steps, branch.causes)))


def resolve_conflict(
    repository: Repository,
    result: BackportResult,
    branch: BranchResult,
    excluded_commits: Collection[str],
    start: Adaptation | None = None,
    *,
    sign_off: bool = False,
) -> ConflictResolution:
    """Return a clone with the branch's conflict, reusing an existing clone.

    With `start`, the conflicted files have the adapted content. Prerequisites in `excluded_commits`
    are not applied. With `sign_off`, the patches of a finished resolution have the user's sign-off.
    """
    identity = repository.identity
    branch_result = exclude_prerequisites(
        replace(result, branches=(branch,)), {branch.branch: excluded_commits}
    ).branches[0]
    return prepare_conflict_clone(
        repository,
        [(result, replace(branch_result, adaptation=start))],
        backport_trees(repository, None),
        None,
        BackportText(signer=require_identity(identity) if sign_off else None, adapter=identity),
    )
