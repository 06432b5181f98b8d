# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe the range of releases that have a bug.

It consists of the stable series, the release that introduced the bug, and the release with the fix,
in order of version.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.model.bounded import parse_limited_number


class ReleaseState(StrEnum):
    """The state of a release with respect to a bug; the values are displayed."""

    CLEAN = "clean"
    AFFECTED = "affected"
    ENTERS = "bug enters"
    FIXED = "fixed"
    FIX = "the fix"
    UNRELEASED = "unreleased"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReleasePoint:
    """A release and its state.

    `version` is for example "5.15" or "5.16-rc1", or "" for a release that does not exist yet.
    """

    version: str
    state: ReleaseState


@dataclass(frozen=True, slots=True)
class BugRange:
    """The releases that are relevant to a bug, oldest first, and notes.

    A note explains why a series older than the bug has it.
    """

    points: tuple[ReleasePoint, ...] = ()
    notes: tuple[str, ...] = ()


NOWHERE = BugRange()
"""An unknown range."""


def sort_release_points(
    series: Iterable[ReleasePoint], introduced: ReleasePoint | None, fix: ReleasePoint
) -> tuple[ReleasePoint, ...]:
    """Return the stable series, the release that introduced the bug, and the fix, sorted by
    version.
    """
    # do not list a release twice if the stable series that introduced the bug is also in the list
    series = [
        point
        for point in series
        if introduced is None
        or point.version != introduced.version
        or point.state is not ReleaseState.AFFECTED
    ]
    release_points = [*series, *([introduced] if introduced else []), fix]
    return tuple(sorted(release_points, key=lambda point: version_sort_key(point.version)))


def version_sort_key(version: str) -> tuple[tuple[int, ...], float]:
    """Return a sort key for versions.

    A release candidate precedes its release, and an unreleased version follows all released ones.
    """
    numbers, _, candidate = version.removeprefix("v").partition("-rc")
    parts = tuple(parse_limited_number(part) for part in numbers.split(".") if part.isdecimal())
    return (
        parts or (1 << 30,),
        float(parse_limited_number(candidate)) if candidate.isdecimal() else float("inf"),
    )
