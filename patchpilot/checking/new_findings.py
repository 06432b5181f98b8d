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
        make_mark(old_finding, None) for old_finding in before.every_of_series
    )

    remaining_of_patches = {
        id(checked.patch): remaining[pairs[at]]
        for at, checked in enumerate(result.patches)
        if at in pairs
    }

    def marks(finding: Finding, patch: Patch | None) -> tuple[FindingMark, ...]:
        return (
            make_mark(finding, patch),
            *([make_mark(finding, patch, moved)] if patch and finding.path in moved else []),
        )

    def compare_with_same_patch(finding: Finding, patch: Patch | None) -> Finding:
        if finding.suppression:
            return finding
        own = remaining_of_patches.get(id(patch)) if patch else remaining_of_series
        is_old = own is not None and any(map(own.use_up_entry, marks(finding, patch)))
        return finding._replace(new=not is_old)

    def compare_with_other_patches(finding: Finding, patch: Patch | None) -> Finding:
        """Find out whether a finding moved here from another patch of the series."""
        if not (finding.new and patch and finding.path):
            return finding
        own_marks = marks(finding, patch)
        is_elsewhere = own_marks[0].text and any(
            rest.use_up_entry(mark) for rest in remaining for mark in own_marks
        )
        return finding._replace(new=not is_elsewhere)

    compared = result.map_findings(compare_with_same_patch)
    return compared.map_findings(compare_with_other_patches)._replace(
        gone=sum(sum(rest.unused_entries.values()) for rest in (*remaining, remaining_of_series)),
    )
