# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the findings of a check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from patchpilot.model.finding import Severity
from patchpilot.model.json_form import json_form

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult

MOST_TRIED = 50
"""Patches whose fixes are tried to count the fixable findings; with more, none is counted."""


@json_form()
@dataclass(frozen=True, slots=True)
class FindingCounts:
    """The number of active findings by severity, and of suppressed findings by reason."""

    errors: int
    warnings: int
    checks: int
    notes: int
    waived: int
    baselined: int

    @classmethod
    def of(cls, counts: Mapping[Severity, int], waived: int, baselined: int) -> Self:
        """Returns the counts from findings by severity, and from waived and baselined findings."""
        return cls(
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
            checks=counts[Severity.CHECK],
            notes=counts[Severity.NOTE],
            waived=waived,
            baselined=baselined,
        )


def fixable(result: "CheckResult") -> int:
    """Returns how many findings --fix would fix, 0 for more than `MOST_TRIED` patches."""
    safe = {rule.id for rule in result.rules if rule.remedy.kind == "safe"}
    if len(result.patches) > MOST_TRIED or not any(
        finding.rule in safe for finding in result.all
    ):
        return 0
    from patchpilot.checking.proposed_edits import count_fixable

    return count_fixable(result)
