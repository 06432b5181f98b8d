# SPDX-License-Identifier: GPL-2.0-or-later
"""The releases that have a bug, in version order.

They are the stable series, the release with the bug's introduction, and the release with the fix.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.model.bounded import limited_number


class ReleaseState(StrEnum):
    """The state of a release with respect to a bug; the values are shown to the user."""

    CLEAN = "clean"
    AFFECTED = "affected"
    ENTERS = "bug enters"
    FIXED = "fixed"
    FIX = "the fix"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReleasePoint:
    """A release on the ruler: its version and its state.

    The version is, for example, "5.15" or "5.16-rc1", and "" before the release.
    """

    version: str
    state: ReleaseState


@dataclass(frozen=True, slots=True)
class BugRange:
    """The releases on the ruler, oldest first, and notes.

    The notes explain series that have the bug for a reason other than their age.
    """

    points: tuple[ReleasePoint, ...] = ()
    notes: tuple[str, ...] = ()


NOWHERE = BugRange()
"""An unknown range."""


def in_order(
    series: Iterable[ReleasePoint],
    enters: ReleasePoint | None,
    fix: ReleasePoint,
    *,
    is_released: bool = False,
) -> tuple[ReleasePoint, ...]:
    """Return the stable series and the release that introduced the bug, sorted by version.

    A released fix is sorted by version too; otherwise it comes last.
    """
    # the release that introduced the bug may also be listed as a stable series
    series = [
        point
        for point in series
        if enters is None
        or point.version != enters.version
        or point.state is not ReleaseState.AFFECTED
    ]
    release_points = [
        *series,
        *([enters] if enters else []),
        *([fix] if is_released else []),
    ]
    return (
        *sorted(release_points, key=lambda point: version_order(point.version)),
        *([] if is_released else [fix]),
    )


def version_order(version: str) -> tuple[tuple[int, ...], float]:
    """Return a sort key for versions.

    A release candidate comes before its release, and an unreleased version after all others.
    """
    numbers, _, candidate = version.removeprefix("v").partition("-rc")
    parts = tuple(
        limited_number(part) for part in numbers.split(".") if part.isdecimal()
    )
    return (
        parts or (1 << 30,),
        float(limited_number(candidate)) if candidate.isdecimal() else float("inf"),
    )
