# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that introduced the bugs that a topic fixes, and compare them with the fixes."""

from collections.abc import Sequence
from dataclasses import replace

from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.errors import UsageError
from patchpilot.history.releases import Releases
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.tags.find_culprits import (
    FixesRequest,
    FixesResult,
    find_culprits,
)
from patchpilot.tags.fix_claims import judge_fix
from patchpilot.tags.rank_culprits import Candidate, format_fixes_tag


def find_topic_culprits(
    repository: Repository,
    settings: Settings,
    commit: Commit,
    base: str | None,
    progress: Progress = ignore_progress,
) -> FixesResult:
    """Return the result of `fixes` for a topic's commit. The commits in its tags are candidates.

    If the commit is not a fix, only check its existing tags.
    """
    fix_claim = judge_fix(repository, commit)
    request = FixesRequest(
        commit.id,
        verify=not fix_claim.is_fix,
        base=base,
        profile=settings.get("profile"),
    )
    result = find_culprits(repository, request, progress=progress)
    if not fix_claim.is_fix:
        return replace(result, sure=False, reason=fix_claim.reason, is_fix=False)
    ranked = {candidate.commit for candidate in result.candidates}
    tagged = {cause.id: cause for tag in result.present if (cause := tag.introduced_by)}
    others = [
        _make_candidate(repository, cause, "the Fixes: tag names it")
        for cause in tagged.values()
        if cause.id not in ranked and repository.is_ancestor(cause.id, commit.id)
    ]
    return replace(result, candidates=(*result.candidates, *others))


def find_named_culprit(repository: Repository, revision: str, fix: str) -> Candidate:
    """Return the commit that the user names as the one that introduced the bug.

    Raise `UsageError` if the fix is not based on it.
    """
    commit = repository.commit(repository.resolve(revision))
    if commit.id == fix or not repository.is_ancestor(commit.id, fix):
        raise UsageError(
            f"{commit.short} is not an ancestor of the fix",
            hint="name a commit that the fix is based on",
        )
    return _make_candidate(repository, commit, "you named it")


def _make_candidate(repository: Repository, commit: Commit, evidence: str) -> Candidate:
    """Return a candidate that needs no ranking, because somebody named it."""
    release = Releases(repository).first(commit.id, int(commit.committed.timestamp()))
    return Candidate(
        commit.id,
        commit.subject,
        format_fixes_tag(repository, commit),
        1.0,
        (evidence,),
        release.name if release else None,
    )


def compare_culprit_and_fix(
    repository: Repository, culprit: str, fix: str
) -> tuple[list[str], list[str], int]:
    """Return the patches of a candidate and of a fix, and the line of the related hunk in the
    candidate's patch.

    Patches are lists of lines, and line numbers are 0-based. The candidate's patch contains its
    message, and only the files that the fix changes.
    """
    patch = format_commit_patch(repository, fix)
    paths = sorted(
        {path for change in patch.files for path in (change.path, change.old_path) if path}
    )
    output = repository.git(
        "show", "--format=%h %s%n%an, %ad%n%n%b", "--date=short", culprit, "--", *paths
    ).text
    candidate_lines = output.rstrip("\n").split("\n")
    fix_lines = [line for line in patch.lines if not line.startswith("From ")]
    return candidate_lines, fix_lines, find_related_hunk(candidate_lines, fix_lines)


def find_related_hunk(candidate_lines: Sequence[str], fix_lines: Sequence[str]) -> int:
    """Return the first line of the hunk in a candidate's patch that is related to the fix.

    This is the hunk that added the most lines that the fix removes or has as context.
    """
    fixed_lines = {
        line[1:].strip() for line in fix_lines if line[:1] in (" ", "-") and line[1:].strip()
    }
    hunks = [start for start, line in enumerate(candidate_lines) if line.startswith("@@ ")]
    hunk_ends = [*hunks[1:], len(candidate_lines)]
    shared_counts = [
        sum(
            line[:1] == "+" and line[1:].strip() in fixed_lines
            for line in candidate_lines[start:end]
        )
        for start, end in zip(hunks, hunk_ends, strict=False)
    ]
    return hunks[shared_counts.index(max(shared_counts))] if shared_counts else 0
