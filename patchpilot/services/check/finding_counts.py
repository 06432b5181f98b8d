# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the findings of a check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from patchpilot.model.finding import Severity
from patchpilot.model.json_form import json_form


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
