# SPDX-License-Identifier: GPL-2.0-or-later
"""Preview a fix's tags and affected releases, assuming that candidates introduced the bug."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.history.bug_range import compute_bug_range
from patchpilot.model.bug_range import BugRange
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.tags.stable_request_tag import (
    StableRequest,
    StableResult,
    propose_stable_tags,
)


@dataclass(frozen=True, slots=True)
class CandidateImpact:
    """The tags and releases that follow if the candidates introduced the bug.

    `stable` contains the advice about stable trees, and `bug` the affected releases. `message` is
    the word diff of the commit message (`[-removed-]`, `{+added+}`), or the reason why there is
    none.
    """

    stable: StableResult
    bug: BugRange
    message: str


def compute_candidate_impact(
    repository: Repository,
    fix: str,
    candidates: Sequence[str],
    *,
    profile: str = "",
    signoff: bool = False,
    doubt: str = "",
    progress: Progress = ignore_progress,
) -> CandidateImpact:
    """Return a fix's tags and affected releases, assuming that the candidates introduced the bug.

    With `signoff`, the previewed message includes the user's sign-off. `doubt` is why the
    candidates are only a guess. Nothing is written.
    """
    stable = propose_stable_tags(
        repository,
        StableRequest(fix, fixes=candidates, profile=profile, is_guess=bool(doubt)),
        progress=progress,
    )
    bug = compute_bug_range(
        repository,
        stable.commit,
        [culprit.commit for culprit in stable.culprits],
        stable.branches,
    )
    try:
        request = PrepareRequest(
            fix,
            profile=profile,
            fixes=tuple(candidates),
            replaces=True,
            signoff=signoff,
            dry_run=True,
        )
        message = prepare_commit_tags(repository, request, progress=progress).changes[-1].marked
    except PatchpilotError as error:
        # still return the releases if the tags cannot be determined
        message = f"the tags cannot be written: {error.message}"
    return CandidateImpact(stable, bug, message)
