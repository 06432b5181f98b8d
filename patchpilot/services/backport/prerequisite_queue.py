# SPDX-License-Identifier: GPL-2.0-or-later
"""Rate the risk of a fix's prerequisites, and exclude prerequisites from the verdicts."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import StrEnum

from patchpilot.backports.prerequisites import PrerequisiteNeed as PrerequisiteNeed
from patchpilot.services.backport.backport_result import BackportResult


class Risk(StrEnum):
    """The risk of a prerequisite, from low to high.

    It is low for a fix, medium for another change, and high for any change above the stable trees'
    size limit.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def risk_of(need: PrerequisiteNeed, max_lines: int) -> Risk:
    """Return the risk of a prerequisite.

    `max_lines` is the size limit for patches in the stable trees (0: no limit).
    """
    if max_lines and need.size > max_lines:
        return Risk.HIGH
    return Risk.LOW if need.is_fix else Risk.MEDIUM


def exclude_prerequisites(
    result: BackportResult, left_out: Mapping[str, Collection[str]]
) -> BackportResult:
    """Return the backport result without the excluded prerequisites of each branch.

    `left_out` maps branch names to the excluded commits. The others keep their order.
    """
    return replace(
        result,
        branches=tuple(
            replace(
                branch,
                prerequisites=tuple(
                    need
                    for need in branch.prerequisites
                    if need.commit not in left_out.get(branch.branch, ())
                ),
            )
            for branch in result.branches
        ),
    )
