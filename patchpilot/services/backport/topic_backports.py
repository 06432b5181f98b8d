# SPDX-License-Identifier: GPL-2.0-or-later
"""The backports of a topic's commit by the settings in force: verdicts, patches with our own wording, a conflict in a clone."""

from pathlib import Path

from patchpilot.backports.backport_patches import BackportText
from patchpilot.commits.range import commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.errors import MissingError
from patchpilot.history.stable_branches import stable_branches
from patchpilot.model.commit import Commit
from patchpilot.model.patch import Series
from patchpilot.model.progress import Progress, silent
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
from patchpilot.services.backport.branch_verdicts import BackportRequest, backport
from patchpilot.services.backport.work_clone import Resolving, resolve
from patchpilot.services.backport.write_backports import WrittenBackport, write_backports
from patchpilot.services.topic.topic_project import profile_of


def topic_backports(
    repository: Repository, settings: Settings, commit: Commit, culprit: str = "", progress: Progress = silent
) -> BackportResult:
    """The verdicts for a commit; without a Fixes: tag by the commit given. Without branches, and with the reason as its only rule, where
    the project keeps no stable series."""
    try:
        request = BackportRequest(
            commit.id,
            profile=settings.get("profile") or None,
            remote=settings.get("lts-remote"),
            fixes=[culprit] if culprit else [],
        )
        return backport(repository, request, progress=progress)[-1]
    except MissingError:
        project = _without_series(repository, settings, commit)
        if project is None:
            raise
        return BackportResult(commit.id, commit.subject, rules=(f"{project} maintains no stable series: nothing to backport",))


def _without_series(repository: Repository, settings: Settings, commit: Commit) -> str | None:
    """The name of the commit's project where that keeps no stable series and none is among the refs, else None."""
    profile = settings.get("profile")
    project = profile_of(repository, profile, Series((commit_patch(repository, commit.id),)))
    if project.lists.stable or project.stable.branch or stable_branches(repository, profile=profile or None).branches:
        return None
    return project.name


def write_topic_backports(repository: Repository, result: BackportResult, folder: Path) -> tuple[WrittenBackport, ...]:
    """Write the patches of every branch that takes the fix into `folder`, with the wording that no option changes."""
    return write_backports(repository, [result], folder, wording=BackportText())


def resolve_conflict(repository: Repository, result: BackportResult, branch: BranchResult) -> Resolving:
    """A clone with the branch's conflict in it, the existing one where there is one."""
    return resolve(repository, result, branch, stable_branches(repository).stable, None, BackportText())
