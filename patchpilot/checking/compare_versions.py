# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine which findings are new since an earlier version of the series."""

from typing import TYPE_CHECKING

from patchpilot.lint.baseline import Remaining
from patchpilot.lint.recognize_findings import (
    FindingMark,
    mark_of,
    pair_with_earlier,
    renames,
)
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult


def mark_new(result: "CheckResult", before: "CheckResult") -> "CheckResult":
    """Mark each finding as new or not since an earlier version.

    Patches are paired as in a range-diff.
    """
    places = pair_with_earlier(
        [checked.patch for checked in before.patches],
        [checked.patch for checked in result.patches],
    )
    moved = renames(checked.patch for checked in result.patches)
    left = [
        Remaining(mark_of(finding, checked.patch) for finding in checked.every)
        for checked in before.patches
    ]
    whole = Remaining(
        mark_of(every_series_, None) for every_series_ in before.all_series_findings
    )

    def marks(finding: Finding, patch: Patch) -> tuple[FindingMark, ...]:
        return (
            mark_of(finding, patch),
            *([mark_of(finding, patch, moved)] if finding.path in moved else []),
        )

    every = [
        [marks(finding, checked.patch) for finding in checked.findings]
        for checked in result.patches
    ]
    old: list[set[int]] = []
    for at, here in enumerate(every):
        there = left[places[at]] if at in places else None
        old.append(
            {
                number
                for number, names in enumerate(here)
                if there and any(map(there.take, names))
            }
        )
    for at, checked in enumerate(result.patches):
        # a finding that moved to another patch of the series is not new
        for number, finding in enumerate(checked.findings):
            names = every[at][number]
            if (
                number not in old[at]
                and finding.path
                and names[0].text
                and any(rest.take(name) for rest in left for name in names)
            ):
                old[at].add(number)
    patches = tuple(
        checked._replace(
            findings=tuple(
                finding._replace(new=number not in old[at])
                for number, finding in enumerate(checked.findings)
            )
        )
        for at, checked in enumerate(result.patches)
    )
    series = tuple(
        series_._replace(new=not whole.take(mark_of(series_, None)))
        for series_ in result.series
    )
    return result._replace(
        patches=patches,
        series=series,
        gone=sum(sum(rest.stale.values()) for rest in (*left, whole)),
    )
