# SPDX-License-Identifier: GPL-2.0-or-later
"""The findings of a run in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from patchpilot.model.finding import Severity
from patchpilot.model.json_form import json_form


@json_form()
@dataclass(frozen=True, slots=True)
class FindingCounts:
    """How many findings count, by severity, and how many do not, by why."""

    errors: int
    warnings: int
    checks: int
    notes: int
    waived: int
    baselined: int

    @classmethod
    def of(cls, counts: Mapping[Severity, int], waived: int, baselined: int) -> Self:
        """Returns the counts by severity as they are named."""
        return cls(
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
            checks=counts[Severity.CHECK],
            notes=counts[Severity.NOTE],
            waived=waived,
            baselined=baselined,
        )
