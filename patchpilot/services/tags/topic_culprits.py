# SPDX-License-Identifier: GPL-2.0-or-later
"""The commits that introduced the bug a topic's commit fixes, and a candidate's patch next to the
fix.
"""

from dataclasses import replace

from patchpilot.commits.range import commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.errors import UsageError
from patchpilot.history.releases import Releases
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress, silent
from patchpilot.services.tags.find_culprits import (
    CulpritAnswer,
    FixesRequest,
    FixesResult,
    find_culprits,
)
from patchpilot.tags.rank_culprits import tag_of
from patchpilot.topic.fix_claims import judge_fix


def topic_culprits(
    repository: Repository,
    settings: Settings,
    commit: Commit,
    base: str | None,
    progress: Progress = silent,
) -> FixesResult:
    """The result of `fixes` for a commit.

    For one that is no fix, only the verdict on its present tags.
    """
    claim = judge_fix(repository, commit)
    request = FixesRequest(
        commit.id, verify=not claim.is_fix, base=base, profile=settings.get("profile")
    )
    result = find_culprits(repository, request, progress=progress)
    return (
        result
        if claim.is_fix
        else replace(result, sure=False, reason=claim.reason, is_fix=False)
    )


def named_culprit(repository: Repository, word: str, fix: str) -> CulpritAnswer:
    """The commit that the user named as the one that introduced the bug, as a candidate.

    UsageError when the fix is not based on it.
    """
    commit = repository.commit(repository.resolve(word))
    if commit.id == fix or not repository.is_ancestor(commit.id, fix):
        raise UsageError(
            f"{commit.short} is not an ancestor of the fix",
            hint="name a commit that the fix is based on",
        )
    release = Releases(repository).first(commit.id, int(commit.committed.timestamp()))
    return CulpritAnswer(
        commit.id,
        commit.subject,
        tag_of(repository, commit),
        1.0,
        ("you named it",),
        release.name if release else None,
    )


def culprit_and_fix(
    repository: Repository, culprit: str, fix: str
) -> tuple[list[str], list[str]]:
    """The lines of a candidate as far as it touched the fix's files, and those of the fix."""
    patch = commit_patch(repository, fix)
    paths = sorted(
        {
            path
            for change in patch.files
            for path in (change.path, change.old_path)
            if path
        }
    )
    shown = repository.git(
        "show", "--format=%h %s%n%an, %ad%n", "--date=short", culprit, "--", *paths
    ).text
    return shown.rstrip("\n").split("\n"), [
        line for line in patch.lines if not line.startswith("From ")
    ]
