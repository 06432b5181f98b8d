# SPDX-License-Identifier: GPL-2.0-or-later
"""Dates from outside (mails, commits, tags, archives, files): each is bounded here, so that no
arithmetic on one can overflow.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo

FIRST_YEAR, LAST_YEAR = 1970, 2999
"""No date is outside of these years: a century more or less never leaves what `datetime` can hold."""  # noqa: E501
_FIRST_MAIL = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
"""A date before the first or further ahead than this, of the arrival or of now, is one of a broken
clock or a forgery.
"""
_LAST = datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(seconds: float, zone: tzinfo = UTC) -> datetime:
    """The time so many seconds after the epoch.

    The first or last possible one for a number outside of the bounds.
    """
    # a comparison with NaN is false: it becomes 0
    bounded = min(seconds, _LAST) if seconds > 0 else 0
    return datetime.fromtimestamp(bounded, zone)


def read_iso(text: str, zone: tzinfo | None = None) -> datetime | None:
    """The time in an ISO 8601 text, in `zone` where it names none.

    None where it has no time or zone, or is outside of the bounds.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=zone)
    return found if found.tzinfo and FIRST_YEAR <= found.year <= LAST_YEAR else None


def stored_time(text: str) -> datetime:
    """The time that patchpilot stored as an ISO 8601 text; the epoch where it is damaged."""
    return read_iso(text) or EPOCH


def read_day(text: str) -> date | None:
    """The day in a text such as `2026-01-31`.

    None where it has none, or one outside of the bounds.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def parse_date(value: str) -> datetime | None:
    """The date in the value of a header of a mail or of an HTTP answer, aware.

    None where it has none, or one outside of the bounds.
    """
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def header_date(value: str) -> datetime | None:
    """The date in the value of a mail's header.

    None where it has none, or one that no mail can have.
    """
    found = parse_date(value)
    return (
        found if found and _FIRST_MAIL <= found <= datetime.now(UTC) + _AHEAD else None
    )


def arrival(received: Iterable[str]) -> datetime | None:
    """When a mail arrived: the date of the topmost of its Received: headers that has one."""
    return next(
        filter(None, (header_date(value.rpartition(";")[2]) for value in received)),
        None,
    )


def mail_date(sent: str, received: Iterable[str]) -> tuple[datetime | None, bool]:
    """The date of a mail by the values of its Date: and Received: headers, and whether Date: is
    damaged: then it is that of the arrival.
    """
    arrived, found = arrival(received), header_date(sent)
    if found and not (arrived and found > arrived + _AHEAD):
        return found, False
    return arrived, bool(sent)
