# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that introduced the bugs fixed by a topic's commits.

The module also returns the patch of a candidate for comparison with the fix.
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
    FixesRequest,
    FixesResult,
    find_culprits,
)
from patchpilot.tags.rank_culprits import Candidate, tag_of
from patchpilot.topic.fix_claims import judge_fix


def topic_culprits(
    repository: Repository,
    settings: Settings,
    commit: Commit,
    base: str | None,
    progress: Progress = silent,
) -> FixesResult:
    """Return the result of `fixes` for a topic's commit.

    If the commit is not a fix, only its existing tags are checked.
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


def named_culprit(repository: Repository, word: str, fix: str) -> Candidate:
    """Return a candidate for the commit that, according to the user, introduced the bug.

    Raise `UsageError` if the fix is not based on this commit.
    """
    commit = repository.commit(repository.resolve(word))
    if commit.id == fix or not repository.is_ancestor(commit.id, fix):
        raise UsageError(
            f"{commit.short} is not an ancestor of the fix",
            hint="name a commit that the fix is based on",
        )
    release = Releases(repository).first(commit.id, int(commit.committed.timestamp()))
    return Candidate(
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
    """Return the lines of a candidate's patch and the lines of the fix's patch.

    The candidate's patch is limited to the files that the fix changes.
    """
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
