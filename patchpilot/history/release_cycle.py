# SPDX-License-Identifier: GPL-2.0-or-later
"""Estimates the next merge window from the dates of a project's releases."""

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from patchpilot.history.releases import Release
from patchpilot.model.bounded_date import moment
from patchpilot.model.json_form import json_form

_CYCLES = 8
"""So many of the last cycles count."""
_LEAST = 3
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


@json_form("after", "open=is_open", "opens", "closes", "cycles")
@dataclass(frozen=True, slots=True)
class MergeWindow:
    """The merge window after a release, which is open (`is_open`) or expected.

    It has the start and the end, and the days between the releases on which the estimate is
    based.
    """

    after: str
    is_open: bool
    opens: date
    closes: date
    cycles: tuple[int, ...]

    @property
    def words(self) -> str:
        """`next merge window: about 2024-11-17 to 2024-12-01, after v6.12; …`, with its basis."""
        if self.is_open:
            return (
                f"merge window: open since {self.after} "
                f"({self.opens}), until about {self.closes}"
            )
        shortest, longest = min(self.cycles), max(self.cycles)
        days = (
            f"{shortest} to {longest} days"
            if shortest < longest
            else f"{longest} days each"
        )
        basis = f"estimated from the last {len(self.cycles)} release cycles ({days})"
        return (
            f"next merge window: about {self.opens} to "
            f"{self.closes}, after {self.after}; {basis}"
        )


def next_window(
    releases: Sequence[Release], lasts: timedelta, now: datetime
) -> MergeWindow | None:
    """Returns the current merge window or, if none is open, the next one.

    Returns None if there are too few releases (given oldest first), or if they are too old for an
    estimate. The next release is expected after the median time between releases, but no earlier
    than a week after the latest release candidate.
    """
    final = [
        release
        for release in releases
        if release.is_final and len(release.numbers) == 2
    ]
    cycles = tuple(
        (_day(later) - _day(earlier)).days
        for earlier, later in itertools.pairwise(final)
    )[-_CYCLES:]
    if len(cycles) < _LEAST or not lasts:
        return None
    newest, today = final[-1], now.astimezone(UTC).date()
    released = _day(newest)
    if today <= released + lasts:
        return MergeWindow(newest.name, True, released, released + lasts, cycles)
    if today > released + timedelta(days=max(cycles)) + lasts:
        return None
    candidate = next(
        (
            release
            for release in reversed(releases)
            if not release.is_final and release.date > newest.date
        ),
        None,
    )
    soonest = max(today + _DAY, _day(candidate) + _WEEK if candidate else today)
    opens = max(released + timedelta(days=statistics.median_low(cycles)), soonest)
    after = (
        candidate.name.partition("-")[0]
        if candidate
        else f"the release that follows {newest.name}"
    )
    return MergeWindow(after, False, opens, opens + lasts, cycles)


def _day(release: Release) -> date:
    return moment(release.date).date()
