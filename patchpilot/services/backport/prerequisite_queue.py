# SPDX-License-Identifier: GPL-2.0-or-later
"""The prerequisites of a fix as a queue: their risk, and the verdicts without those that the user
left out.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import StrEnum

from patchpilot.backports.prerequisites import PrerequisiteNeed as PrerequisiteNeed
from patchpilot.services.backport.backport_result import BackportResult, BranchResult


class Risk(StrEnum):
    """How risky a prerequisite is: a fix, a change as small as stable trees take, or one that is
    larger.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def risk_of(need: PrerequisiteNeed, max_lines: int) -> Risk:
    """The risk of a prerequisite.

    `max_lines` is the largest patch that the stable trees take (0: they have no limit).
    """
    if max_lines and need.size > max_lines:
        return Risk.HIGH
    return Risk.LOW if need.is_fix else Risk.MEDIUM


def without(
    result: BackportResult, left_out: Mapping[str, Collection[str]]
) -> BackportResult:
    """The result with the prerequisites of each branch (by its name) that are not left out.

    Their order stays.
    """
    return replace(
        result,
        branches=tuple(
            _without(branch, left_out.get(branch.branch, ()))
            for branch in result.branches
        ),
    )


def _without(branch: BranchResult, left_out: Collection[str]) -> BranchResult:
    if not left_out:
        return branch
    kept = tuple(need for need in branch.prerequisites if need.commit not in left_out)
    # the whole commits replace all the parts, so they are no choice once a part is left out
    return replace(branch, prerequisites=kept, whole=())
