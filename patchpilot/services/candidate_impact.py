# SPDX-License-Identifier: GPL-2.0-or-later
"""Show the effects of accepting candidates as the commits that introduced a bug: the affected
releases and the tags in the commit's message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.bug_range import BugRange
from patchpilot.model.progress import Progress, silent
from patchpilot.services.backport.bug_range import bug_range
from patchpilot.services.tags.prepare_commits import PrepareRequest, prepare
from patchpilot.services.tags.stable_request_tag import (
    StableRequest,
    StableResult,
    stable_lines,
)


@dataclass(frozen=True, slots=True)
class CandidateImpact:
    """The effects of accepting candidates as the commits that introduced a bug.

    Contains the advice about stable trees, the affected releases, and the word diff of the commit
    message (`[-removed-]`, `{+added+}`) or the reason for its absence.
    """

    stable: StableResult
    bug: BugRange
    message: str


def candidate_impact(
    repository: Repository,
    fix: str,
    culprits: Sequence[str],
    *,
    profile: str = "",
    signoff: bool = False,
    progress: Progress = silent,
) -> CandidateImpact:
    """Return the effects on the commit `fix` if the candidates introduced the bug.

    With `signoff`, the message includes the user's sign-off. Nothing is written.
    """
    stable = stable_lines(
        repository,
        StableRequest(fix, fixes=culprits, profile=profile),
        progress=progress,
    )
    bug = bug_range(
        repository,
        stable.commit,
        [introduced.commit for introduced in stable.culprits],
        stable.branches,
    )
    try:
        request = PrepareRequest(
            fix, profile=profile, fixes=tuple(culprits), signoff=signoff, dry_run=True
        )
        message = prepare(repository, request, progress=progress).changes[-1].marked
    except PatchpilotError as error:
        # return the releases even if the branches are unknown
        message = f"the tags cannot be written: {error.message}"
    return CandidateImpact(stable, bug, message)
