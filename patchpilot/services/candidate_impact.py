# SPDX-License-Identifier: GPL-2.0-or-later
"""What follows if candidates introduced the bug: the releases that have it, and the tags in the
commit's message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.bug_range import BugRange
from patchpilot.model.progress import Progress, silent
from patchpilot.services.backport.bug_range import range_of_candidate
from patchpilot.services.tags.prepare_commits import PrepareRequest, prepare
from patchpilot.services.tags.stable_request_tag import (
    StableRequest,
    StableResult,
    stable_lines,
)


@dataclass(frozen=True, slots=True)
class CandidateImpact:
    """The advice about stable, where the bug is, and the word diff of the message (`[-gone-]`,
    `{+come+}`), or why there is none.
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
    """The impact of candidates (their ids) on the commit `fix`.

    With `signoff` the message gets the user's sign-off as well. Writes nothing.
    """
    stable = stable_lines(
        repository,
        StableRequest(fix, fixes=culprits, profile=profile, assume_tag=True),
        progress=progress,
    )
    bug = range_of_candidate(
        repository, stable.commit, stable.culprits, stable.branches
    )
    try:
        request = PrepareRequest(
            fix, profile=profile, fixes=tuple(culprits), signoff=signoff, dry_run=True
        )
        message = prepare(repository, request, progress=progress).changes[-1].marked
    except PatchpilotError as error:
        # the ruler is right all the same
        message = f"the tags cannot be written: {error.message}"
    return CandidateImpact(stable, bug, message)
