# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine which findings are new since an earlier version."""

from typing import TYPE_CHECKING

from patchpilot.lint.baseline import Remaining
from patchpilot.lint.recognize_findings import (
    FindingMark,
    make_mark,
    map_renamed_files,
    pair_with_earlier_patches,
)
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding

if TYPE_CHECKING:
    from patchpilot.checking.result import CheckResult


def mark_new(result: "CheckResult", before: "CheckResult") -> "CheckResult":
    """Mark each finding as new, or as already present in the earlier version.

    The patches of both versions are paired as in a range-diff.
    """
    pairs = pair_with_earlier_patches(
        [checked.patch for checked in before.patches],
        [checked.patch for checked in result.patches],
    )
    moved = map_renamed_files(checked.patch for checked in result.patches)
    remaining = [
        Remaining(make_mark(finding, checked.patch) for finding in checked.every)
        for checked in before.patches
    ]
    remaining_of_series = Remaining(
        make_mark(old_finding, None) for old_finding in before.all_series_findings
    )

    def marks(finding: Finding, patch: Patch) -> tuple[FindingMark, ...]:
        return (
            make_mark(finding, patch),
            *([make_mark(finding, patch, moved)] if finding.path in moved else []),
        )

    marks_by_patch = [
        [marks(finding, checked.patch) for finding in checked.findings]
        for checked in result.patches
    ]
    paired = [
        remaining[pairs[at]] if at in pairs else Remaining(()) for at in range(len(result.patches))
    ]
    old_flags = [
        [any(map(own.use_up_entry, own_marks)) for own_marks in patch_marks]
        for own, patch_marks in zip(paired, marks_by_patch, strict=True)
    ]

    def is_elsewhere(finding: Finding, own_marks: tuple[FindingMark, ...]) -> bool:
        """Return whether a finding moved here from another patch of the series."""
        return bool(finding.path and own_marks[0].text) and any(
            rest.use_up_entry(mark) for rest in remaining for mark in own_marks
        )

    patches = tuple(
        checked._replace(
            findings=tuple(
                finding._replace(new=not (old or is_elsewhere(finding, own_marks)))
                for finding, own_marks, old in zip(
                    checked.findings, patch_marks, flags, strict=True
                )
            )
        )
        for checked, patch_marks, flags in zip(
            result.patches, marks_by_patch, old_flags, strict=True
        )
    )
    series = tuple(
        finding_of_series._replace(
            new=not remaining_of_series.use_up_entry(make_mark(finding_of_series, None))
        )
        for finding_of_series in result.series
    )
    return result._replace(
        patches=patches,
        series=series,
        gone=sum(sum(rest.unused_entries.values()) for rest in (*remaining, remaining_of_series)),
    )
