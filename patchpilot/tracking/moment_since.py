# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse a past date for `track --since`."""

import re
from datetime import UTC, datetime

from patchpilot.errors import UsageError
from patchpilot.model.bounded import clamp_time, parse_iso_time

_AGE = re.compile(r"(?P<count>[1-9]\d{0,3})\s*(?P<unit>d|w|m|y)[a-z]*", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "m": 30.4375, "y": 365.25}


def parse_since(text: str, now: datetime | None = None) -> datetime:
    """Parse the value of `--since`: an age such as `6 months`, `90d`, `2w` or `1y`, or a date.

    Raise `UsageError` if the value cannot be parsed.
    """
    now = now or datetime.now(UTC)
    if age := _AGE.fullmatch(text.strip()):
        return clamp_time(now.timestamp() - int(age["count"]) * _DAYS[age["unit"].lower()] * 86_400)
    since = parse_iso_time(text.strip(), UTC)
    if since is None:
        raise UsageError(
            f"--since: cannot parse {text!r}",
            hint="use a time span or a date, for example 90d, 2w, 6m, 1y or 2026-01-31",
        )
    return since
