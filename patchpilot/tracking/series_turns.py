# SPDX-License-Identifier: GPL-2.0-or-later
"""Sort tracked series by whose turn it is, then by unread messages."""

from collections.abc import Sequence

from patchpilot.reading.thread_values import Turn
from patchpilot.threads.tracked import Tracked


def group_series_by_turn(series: Sequence[Tracked]) -> dict[Turn, list[Tracked]]:
    """Group the tracked series by whose turn it is, omitting empty groups.

    In each group, series with unread messages come first, then the most recently active ones.
    """
    groups: dict[Turn, list[Tracked]] = {turn: [] for turn in Turn}
    for tracked_series in sorted(series, key=_activity_key, reverse=True):
        groups[tracked_series.step.need].append(tracked_series)
    return {turn: group for turn, group in groups.items() if group}


def _activity_key(series: Tracked) -> tuple[bool, float]:
    last_activity = series.last_activity
    return bool(series.unread), last_activity.timestamp() if last_activity else float("inf")
