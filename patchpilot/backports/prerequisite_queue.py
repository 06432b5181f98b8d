# SPDX-License-Identifier: GPL-2.0-or-later
"""Rate the risk of prerequisites, and exclude prerequisites from a result."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import StrEnum

from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.backports.result import BackportResult


class Risk(StrEnum):
    """The risk of applying a prerequisite.

    The risk of a fix is low, and the risk of any other change is medium. If the change exceeds the
    size limit of the stable trees, the risk is high.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def prerequisite_risk(prerequisite: PrerequisiteNeed, max_lines: int) -> Risk:
    """Return the risk of a prerequisite.

    `max_lines` is the patch size limit of the stable trees; 0 means no limit.
    """
    if max_lines and prerequisite.size > max_lines:
        return Risk.HIGH
    return Risk.LOW if prerequisite.is_fix else Risk.MEDIUM


def exclude_prerequisites(
    result: BackportResult, excluded_commits: Mapping[str, Collection[str]]
) -> BackportResult:
    """Return the result without the excluded prerequisites.

    `excluded_commits` maps branch names to the commits to exclude. The order of the remaining
    prerequisites is kept.
    """
    return replace(
        result,
        branches=tuple(
            replace(
                branch,
                prerequisites=tuple(
                    prerequisite
                    for prerequisite in branch.prerequisites
                    if prerequisite.commit not in excluded_commits.get(branch.branch, ())
                ),
            )
            for branch in result.branches
        ),
    )
