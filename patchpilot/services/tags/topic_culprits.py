# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that introduced the bugs fixed in a topic, and compare candidates' patches with
the fix.
"""

from collections.abc import Sequence
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


def find_named_culprit(repository: Repository, word: str, fix: str) -> Candidate:
    """Return the user's choice of the commit that introduced the bug as a candidate.

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
) -> tuple[list[str], list[str], int]:
    """Return the lines of the candidate's patch and of the fix, and the 0-based line of the
    candidate's hunk related to the fix.

    The candidate's patch is limited to files changed by the fix.
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
    introduced = shown.rstrip("\n").split("\n")
    fixing = [line for line in patch.lines if not line.startswith("From ")]
    return introduced, fixing, related_hunk(introduced, fixing)


def related_hunk(rows: Sequence[str], fix: Sequence[str]) -> int:
    """Return the first line of a candidate's patch to show: the start of the hunk that added most
    of the fix's removed and context lines.
    """
    touched = {
        row[1:].strip() for row in fix if row[:1] in (" ", "-") and row[1:].strip()
    }
    hunks = [at for at, row in enumerate(rows) if row.startswith("@@ ")]
    ends = [*hunks[1:], len(rows)]
    shared = [
        sum(row[:1] == "+" and row[1:].strip() in touched for row in rows[at:end])
        for at, end in zip(hunks, ends, strict=False)
    ]
    return hunks[shared.index(max(shared))] if shared else 0
