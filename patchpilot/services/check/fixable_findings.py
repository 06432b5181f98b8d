# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the findings that can be fixed automatically."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult

MOST_TRIED = 50
"""The most patches whose fixes are tried to count the fixable findings."""


def fixable(result: "CheckResult") -> int:
    """Returns how many findings --fix would fix, 0 for more than `MOST_TRIED` patches."""
    safe = {rule.id for rule in result.rules if rule.remedy.kind == "safe"}
    if len(result.patches) > MOST_TRIED or not any(
        finding.rule in safe for finding in result.all
    ):
        return 0
    from patchpilot.checking.proposed_edits import count_fixable

    return count_fixable(result)
