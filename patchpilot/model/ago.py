# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the age of events."""

from datetime import UTC, datetime

from patchpilot.model import bounded
from patchpilot.model.printable import format_count

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def format_age(seconds: float, now: float | None = None) -> str:
    """Format the age of a time: `now`, `20 min ago`, `5 h ago` or `6 days ago`.

    Times are in seconds since the epoch. A time more than 60 days ago is formatted as a date.
    """
    moment = datetime.now(UTC).timestamp() if now is None else now
    age = moment - seconds
    if age < _MINUTE:
        return "now"
    if age < _HOUR:
        return f"{int(age // _MINUTE)} min ago"
    if age < 2 * _DAY:
        return f"{int(age // _HOUR)} h ago"
    if age < 60 * _DAY:
        return f"{format_count(int(age // _DAY), 'day')} ago"
    return f"{bounded.clamp_time(seconds):%Y-%m-%d}"


def format_short_age(time: datetime, now: datetime) -> str:
    """Format an age in at most three columns: `20m`, `5h`, `6d`, `20w` or `3y`."""
    age = int((now - time).total_seconds())
    if age < _HOUR:
        return f"{max(age, 0) // _MINUTE}m"
    if age < 2 * _DAY:
        return f"{age // _HOUR}h"
    days = age // _DAY
    return f"{days}d" if days < 100 else f"{days // 7}w" if days < 693 else f"{days // 365}y"
