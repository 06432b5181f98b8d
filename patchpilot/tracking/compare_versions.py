# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement `track show --range-diff`: compare two versions of a tracked series.

Only the messages are needed, not the commits.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from patchpilot.archive.track_store import Store
from patchpilot.commits.range_diff import Difference, PatchDifference, compare_patches
from patchpilot.errors import InputError, MissingError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_message_id, parse_patch
from patchpilot.model.patch import Patch
from patchpilot.reading.posted_series import Revision
from patchpilot.threads.known_series import read_tracked_series
from patchpilot.threads.tracked import Tracked

__all__ = [
    "Difference",
    "Revision",
    "RevisionComparison",
    "compare_revisions",
    "format_comparison",
    "format_difference_counts",
    "format_range_diff_heading",
    "list_comparable_revisions",
    "two_newest_revisions",
]

_OTHER = "compare versions whose messages are not damaged"
_SIGNS = {
    Difference.SAME: "=",
    Difference.CHANGED: "!",
    Difference.REMOVED: "<",
    Difference.ADDED: ">",
}
_VERSION = re.compile(r"v?(\d{1,4})", re.IGNORECASE)


@json_form("id=series.entry.id subject=series.subject old new patches")
class RevisionComparison(NamedTuple):
    """A range-diff between two revisions of a tracked series, with the patches in git's order."""

    series: Tracked
    old: Revision
    new: Revision
    patches: tuple[PatchDifference, ...]

    def revision_names(self) -> tuple[str, str]:
        """Return the names of both revisions.

        Add the date if both have the same name.
        """
        if self.old.label != self.new.label:
            return self.old.label, self.new.label
        days = (
            f" of {revision.sent:%Y-%m-%d}" if revision.sent else ""
            for revision in (self.old, self.new)
        )
        old, new = (f"{self.old.label}{day}" for day in days)
        return old, new


def compare_revisions(number: int, names: Sequence[str], *, store: Store) -> RevisionComparison:
    """Return the range-diff between two versions of a tracked series.

    A version is given by its number (`v2`), its label (`RFC v1`) or one of its Message-IDs. If only
    one version is given, it is compared with the latest one. If none is given, the latest two are
    compared. Raise `UsageError` if the series has no such version, `MissingError` if the archive
    lacks its patches, and `InputError` if a diff is malformed.
    """
    series = read_tracked_series(number, store=store)
    revisions = list_comparable_revisions(series)
    if names:
        chosen = [_find_revision(name, series, revisions) for name in names]
        old, new = chosen[0], chosen[1] if len(chosen) > 1 else revisions[-1]
    else:
        old, new = two_newest_revisions(series)
    if old is new:
        raise UsageError(
            f"{old.label} cannot be compared with itself",
            hint=_format_revision_list(revisions),
        )
    return RevisionComparison(
        series, old, new, compare_patches(_parse_patches(old), _parse_patches(new))
    )


def list_comparable_revisions(series: Tracked) -> tuple[Revision, ...]:
    """Return the revisions of a series that contain patches, oldest first."""
    return tuple(revision for revision in series.about.revisions if revision.patches)


def two_newest_revisions(series: Tracked) -> tuple[Revision, Revision]:
    """Return the latest two versions of a series, the older one first.

    If the latest version is a backport for a stable release, compare it with an earlier backport
    for the same release, if there is one. Raise `UsageError` if only one version contains patches.
    """
    revisions = list_comparable_revisions(series)
    if revisions:
        newest = revisions[-1]
        earlier_revisions = [
            revision for revision in revisions[:-1] if revision.backport_to == newest.backport_to
        ] or revisions[:-1]
        if earlier_revisions:
            return earlier_revisions[-1], newest
    raise UsageError(
        f"series {series.entry.id} has only one version whose patches are stored",
        hint=Action("track", ("update",), "`{}` looks for others"),
    )


def format_comparison(comparison: RevisionComparison) -> tuple[str, ...]:
    """Format a comparison of two revisions.

    The first line names the revisions. The remaining lines show each patch and its changes in the
    format of git range-diff.
    """
    old, new = comparison.revision_names()
    lines = [f"{old} -> {new}: {format_difference_counts(comparison.patches)}"]
    for patch in comparison.patches:
        lines.append(format_range_diff_heading(patch))
        lines += [f"    {line}".rstrip() for line in patch.text.split("\n")] if patch.text else []
    return tuple(lines)


def format_range_diff_heading(patch: PatchDifference) -> str:
    """Format a patch's heading in a range-diff.

    It contains the patch's number in both revisions, git's sign and the patch's title.
    """
    return f"{patch.old or '-'} {_SIGNS[patch.difference]} {patch.new or '-'}: {patch.title}"


def format_difference_counts(patches: Sequence[PatchDifference]) -> str:
    """Describe how many patches are unchanged, changed, added and removed."""
    differences = Counter(patch.difference for patch in patches)
    return ", ".join(
        f"{differences[difference]} {difference}"
        for difference in Difference
        if differences[difference]
    )


def _find_revision(name: str, series: Tracked, revisions: Sequence[Revision]) -> Revision:
    """Return the revision with this name.

    If several revisions have the version, prefer the last one that is not an RFC.
    """
    message_id = parse_message_id(name)
    by_id = [
        revision
        for revision in revisions
        if any(post.message_id == message_id for post in revision.posts)
    ]
    by_label = [revision for revision in revisions if revision.label.lower() == name.lower()]
    match = _VERSION.fullmatch(name)
    by_version = [revision for revision in revisions if match and revision.version == int(match[1])]
    matches = (
        by_id
        or by_label
        or [revision for revision in by_version if not revision.is_rfc]
        or by_version
    )
    if matches:
        return matches[-1]
    missing_versions = series.about.missing.values()
    if match and int(match[1]) in missing_versions:
        raise MissingError(
            f"the messages of v{match[1]} were not found",
            hint=Action("track", ("update",), "`{}` looks for them again"),
        )
    raise UsageError(
        f"series {series.entry.id} has no version {name!r}",
        hint=_format_revision_list(revisions),
    )


def _format_revision_list(revisions: Iterable[Revision]) -> str:
    return (
        "it has:"
        f" {', '.join(dict.fromkeys(revision.label for revision in revisions)) or 'none with patches'}"  # noqa: E501
    )


def _parse_patches(revision: Revision) -> list[Patch]:
    patches = []
    for post in revision.patches:
        try:
            patch = parse_patch(post.mail.raw, post.message_id)
        except InputError as error:
            raise InputError(f"{revision.label}: {error.message}", hint=_OTHER) from error
        if patch.diff_error:
            raise InputError(
                f"{revision.label}: {post.message_id}: {patch.diff_error}", hint=_OTHER
            )
        patches.append(patch)
    return patches
