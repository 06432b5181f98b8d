# SPDX-License-Identifier: GPL-2.0-or-later
"""Test untrusted dates.

An impossible date is replaced with the message's arrival time. Calculations with dates never fail.
"""

import ast
from datetime import UTC, datetime, timedelta

import pytest

from patchpilot.model import bounded
from patchpilot.model.mail import parse_mail
from tests.kit.source import SOURCE, trees

SENT = "Mon, 4 Mar 2024 09:00:00 +0000"
LAST_DAY = "Fri, 31 Dec 9999 23:59:59 +0000"
DAMAGED = (
    LAST_DAY,
    "Mon, 1 Jan 0150 00:00:00 +1400",
    "Mon, 4 Mar 2024 09:00:00 +9999",
    "Thu, 1 Jan 1970 00:00:00 +0000",
    f"Mon, 4 Mar {'9' * 5000} 09:00:00 +0000",
    "yesterday",
)


def _make_mail(date: str, received_header: str = "") -> bytes:
    trace = f"Received: from a by b; {received_header}\n" if received_header else ""
    return f"{trace}From: a@b.org\nDate: {date}\n\nText.\n".encode()


@pytest.mark.parametrize("date", DAMAGED)
def test_arrival_replaces_a_damaged_date(date: str) -> None:
    mail = parse_mail(_make_mail(date, SENT))
    assert mail.date == datetime(2024, 3, 4, 9, tzinfo=UTC)
    assert mail.date_damaged
    alone = parse_mail(_make_mail(date))
    assert alone.date is None
    assert (mail.date_note[:7], alone.date_note) == ("damaged", "damaged Date: header")


def test_date_after_the_arrival_is_damaged() -> None:
    assert not parse_mail(_make_mail("Tue, 5 Mar 2024 08:00:00 +0000", SENT)).date_damaged
    late = parse_mail(_make_mail("Wed, 6 Mar 2024 09:00:00 +0000", SENT))
    assert late.date_damaged
    assert late.date == datetime(2024, 3, 4, 9, tzinfo=UTC)


def test_future_date_is_damaged() -> None:
    ahead = datetime.now(UTC) + timedelta(days=3)
    text = f"{ahead:%a, %d %b %Y %H:%M:%S} +0000"
    mail = parse_mail(_make_mail(text, text))
    assert mail.date is None
    assert mail.date_damaged
    soon = datetime.now(UTC) + timedelta(hours=3)
    assert not parse_mail(_make_mail(f"{soon:%a, %d %b %Y %H:%M:%S} +0000")).date_damaged


def test_missing_date_is_not_damaged() -> None:
    mail = parse_mail(f"Received: from a by b; {SENT}\n\nText.\n".encode())
    assert mail.date == datetime(2024, 3, 4, 9, tzinfo=UTC)
    assert not mail.date_damaged


def test_extreme_times_are_clamped() -> None:
    four_centuries = timedelta(days=400 * 365)
    for seconds in (
        -(10**20),
        -1,
        0,
        1_700_000_000,
        10**20,
        float("inf"),
        float("nan"),
    ):
        moment = bounded.clamp_time(seconds)
        assert moment - four_centuries < moment < moment + four_centuries
        assert moment.astimezone(UTC).tzinfo is UTC
    assert bounded.clamp_time(1_700_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2024-01-01",
        "9" * 5000,
    ],
)
def test_invalid_time_is_none(text: str) -> None:
    assert bounded.parse_iso_time(text) is None


def test_iso_time_is_parsed() -> None:
    assert bounded.parse_iso_time("2024-03-04T09:00:00+00:00") == datetime(
        2024, 3, 4, 9, tzinfo=UTC
    )


UNBOUNDED = {
    "parsedate_to_datetime",
    "parsedate_tz",
    "fromtimestamp",
    "utcfromtimestamp",
    "strptime",
    "mktime_tz",
    "fromisoformat",
}


def test_only_one_module_parses_dates() -> None:
    locations = [
        f"{file.relative_to(SOURCE)}:{node.lineno}"
        for file, tree in trees(*UNBOUNDED)
        if file.name != "bounded.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) in UNBOUNDED
    ]
    assert not locations, f"use patchpilot.model.bounded instead: {', '.join(locations)}"
