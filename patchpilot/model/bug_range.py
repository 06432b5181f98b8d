# SPDX-License-Identifier: GPL-2.0-or-later
"""Which releases have a bug: the stable series, the release where it was introduced, and the fix,
in the order of their versions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.model.bounded_number import number


class ReleaseState(StrEnum):
    """What a release has of a bug; the words are shown as they are."""

    CLEAN = "clean"
    AFFECTED = "affected"
    ENTERS = "bug enters"
    FIXED = "fixed"
    FIX = "your fix"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReleasePoint:
    """A release on the ruler: its version ("5.15", "5.16-rc1", "" where it is not released yet) and
    its state.
    """

    version: str
    state: ReleaseState


@dataclass(frozen=True, slots=True)
class BugRange:
    """The points, oldest first, and sentences about series that have the bug for another reason
    than their age.
    """

    points: tuple[ReleasePoint, ...] = ()
    notes: tuple[str, ...] = ()


NOWHERE = BugRange()
"""The range of a bug of which nothing is known."""


def in_order(
    series: Iterable[ReleasePoint],
    enters: ReleasePoint | None,
    fix: ReleasePoint,
    *,
    is_released: bool = False,
) -> tuple[ReleasePoint, ...]:
    """The points of stable series and of the release where the bug enters by version.

    The fix at the end, unless a release has it.
    """
    found = [*series, *([enters] if enters else []), *([fix] if is_released else [])]
    return (
        *sorted(found, key=lambda point: version_order(point.version)),
        *([] if is_released else [fix]),
    )


def version_order(version: str) -> tuple[tuple[int, ...], float]:
    """A key that sorts versions: a release candidate before its release, what is not released after
    everything.
    """
    numbers, _, candidate = version.removeprefix("v").partition("-rc")
    parts = tuple(number(part) for part in numbers.split(".") if part.isdecimal())
    return (
        parts or (1 << 30,),
        float(number(candidate)) if candidate.isdecimal() else float("inf"),
    )
