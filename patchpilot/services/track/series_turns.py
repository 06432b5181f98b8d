# SPDX-License-Identifier: GPL-2.0-or-later
"""The order in which tracked series are listed: by whose turn it is, news first."""

from collections.abc import Sequence

from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.home.home_topic import TURNS, Turn


def turn_of(series: Tracked) -> Turn:
    """Whose turn it is."""
    return TURNS[series.step.need]


def by_turn(series: Sequence[Tracked]) -> dict[Turn, list[Tracked]]:
    """The series of each turn that has some: those with unread mails first, then those with the
    latest mail.
    """
    groups: dict[Turn, list[Tracked]] = {turn: [] for turn in Turn}
    for tracked in sorted(series, key=_newest, reverse=True):
        groups[turn_of(tracked)].append(tracked)
    return {turn: group for turn, group in groups.items() if group}


def _newest(series: Tracked) -> tuple[bool, float]:
    last = series.summary.last_activity if series.summary else None
    return bool(series.unread), last.timestamp() if last else float("inf")
