# SPDX-License-Identifier: GPL-2.0-or-later
"""Add the places of conflicts to the verdict for a branch."""

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.conflict_places import find_conflict_places
from patchpilot.commits.applies import AppliesHow
from patchpilot.commits.object_store import ScratchStore
from patchpilot.history.branch_verdict import JudgedBranch
from patchpilot.history.stable_branches import StableBranch


def make_branch_result(
    scratch: ScratchStore, branch: StableBranch, judged: JudgedBranch
) -> BranchResult:
    """Return the verdict for a branch with the places of its conflicts."""
    applied, landing = judged.applied, judged.landing
    is_conflict = applied is not None and landing is None and applied.how is AppliesHow.CONFLICT
    return BranchResult(
        branch.name,
        branch.version or None,
        branch.tip,
        judged.verdict,
        judged.reason,
        affected=judged.affected,
        applied=applied,
        applies=applied.how if applied else None,
        landed_as=landing.commit if landing else None,
        landed_by=landing.how.value if landing else None,
        culprit_as=judged.culprit_as,
        conflicts=find_conflict_places(scratch, applied.merge) if applied and is_conflict else (),
        ends=branch.ends,
        stale=branch.stale,
        as_of=branch.as_of,
        is_over=branch.is_over,
    )
