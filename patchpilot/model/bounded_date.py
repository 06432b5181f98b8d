# SPDX-License-Identifier: GPL-2.0-or-later
"""Untrusted dates, limited to a range in which date arithmetic cannot overflow.

They come from messages, commits, tags, archives and files.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo

from patchpilot.cache.cached_re import compile_late

FIRST_YEAR, LAST_YEAR = 1970, 2999
"""No date is outside of these years: a century more or less never leaves what `datetime` can hold."""  # noqa: E501
_FIRST_MAIL = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
"""A date before the first or further ahead than this, of the arrival or of now, is one of a broken
clock or a forgery.
"""
_LAST = datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp()
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_USUAL = compile_late(
    rf"(?:[A-Z][a-z]{{2}}, )?(?P<day>\d\d?) (?P<month>{_MONTHS}) (?P<year>[12]\d{{3}})"
    r" (?P<time>\d\d:\d\d:\d\d) (?P<zone>[+-]\d{4})",
    re.ASCII,
)
"""The form that git and most mail programs write. Importing email.utils takes longer."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clamp_time(seconds: float, zone: tzinfo = UTC) -> datetime:
    """Convert seconds since the epoch to a time, clamped to the first or last allowed time."""
    # comparisons with NaN are false, which gives 0
    bounded = min(seconds, _LAST) if seconds > 0 else 0
    return datetime.fromtimestamp(bounded, zone)


def read_iso(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Parse a time in ISO 8601 format, which is in `zone` if it has no time zone.

    Return None if there is no time or no zone, or if it is out of range.
    """
    try:
        result = datetime.fromisoformat(text)
    except ValueError:
        return None
    result = result if result.tzinfo else result.replace(tzinfo=zone)
    return result if result.tzinfo and FIRST_YEAR <= result.year <= LAST_YEAR else None


def parse_stored_time(text: str) -> datetime:
    """Parse a time stored in ISO 8601 format; return the epoch if it is damaged."""
    return read_iso(text) or EPOCH


def read_day(text: str) -> date | None:
    """Parse a date such as `2026-01-31`.

    Return None if the text is not a date or is out of range.
    """
    try:
        result = date.fromisoformat(text)
    except ValueError:
        return None
    return result if FIRST_YEAR <= result.year <= LAST_YEAR else None


def parse_date(value: str) -> datetime | None:
    """Parse the date in a header of a message or an HTTP response, with its time zone.

    Return None if there is none or it is out of range.
    """
    if usual := _USUAL.fullmatch(value):
        month = _MONTHS.index(usual["month"]) // 4 + 1
        return read_iso(
            f"{usual['year']}-{month:02}-{usual['day']:0>2}T{usual['time']}{usual['zone']}"
        )
    from email.utils import parsedate_to_datetime

    try:
        result = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    result = result if result.tzinfo else result.replace(tzinfo=UTC)
    return result if FIRST_YEAR <= result.year <= LAST_YEAR else None


def header_date(value: str) -> datetime | None:
    """Parse the date in a header of a message.

    Return None if there is none, or if no message can have that date.
    """
    date = parse_date(value)
    return date if date and _FIRST_MAIL <= date <= datetime.now(UTC) + _AHEAD else None


def arrival(received: Iterable[str]) -> datetime | None:
    """Return when a message arrived: the date in the topmost dated Received: header."""
    return next(
        filter(None, (header_date(value.rpartition(";")[2]) for value in received)),
        None,
    )


def mail_date(sent: str, received: Iterable[str]) -> tuple[datetime | None, bool]:
    """Return the date of a message, and whether its Date: header is damaged.

    The arguments are its Date: and Received: values. If Date: is damaged, the date is that of the
    message's arrival.
    """
    arrived, result = arrival(received), header_date(sent)
    if result and not (arrived and result > arrived + _AHEAD):
        return result, False
    return arrived, bool(sent)
