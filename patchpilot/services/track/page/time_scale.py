# SPDX-License-Identifier: GPL-2.0-or-later
"""Maps times to positions on a line on which long periods without events are shortened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

_LARGEST_SHARE = 0.3
"""No time between two events takes more of the line than this."""
_LEAST_SHORTENED = timedelta(days=7).total_seconds()


@dataclass(frozen=True, slots=True)
class Pause:
    """A period without events that is drawn shorter than its real length."""

    start: datetime
    end: datetime

    @property
    def length(self) -> str:
        """The length of the period, such as `9 days` or `3 months`."""
        days = (self.end - self.start).days
        return f"{days} days" if days < 60 else f"{round(days / 30.4)} months"


class TimeScale:
    """A scale from the first to the last of the given times."""

    def __init__(self, times: Iterable[datetime]) -> None:
        self.times = sorted(set(times))
        gaps = [
            (late - early).total_seconds()
            for early, late in zip(self.times, self.times[1:], strict=False)
        ]
        longest = max(_longest_drawn(gaps), _LEAST_SHORTENED)
        self.pauses = tuple(
            Pause(*self.times[at : at + 2])
            for at, gap in enumerate(gaps)
            if gap > longest
        )
        reached = accumulate((min(gap, longest) for gap in gaps), initial=0.0)
        self._places = dict(zip(self.times, reached, strict=False))

    def place(self, time: datetime) -> float:
        """Returns the position of a given time, from 0 to 1; 0.5 if there is only one time."""
        total = self._places[self.times[-1]]
        return self._places[time] / total if total else 0.5


def _longest_drawn(gaps: Sequence[float]) -> float:
    """The length to which longer gaps are cut, so that none is more than its share of the whole."""
    ordered = sorted(gaps, reverse=True)
    for longer in range(int(1 / _LARGEST_SHARE) + 1):
        limit = _LARGEST_SHARE * sum(ordered[longer:]) / (1 - _LARGEST_SHARE * longer)
        if limit and (longer == len(ordered) or ordered[longer] <= limit):
            return limit
    return max(gaps, default=0.0)
