# SPDX-License-Identifier: GPL-2.0-or-later
"""Test how long a tagged fix waits for the stable trees."""

from datetime import date

import pytest

from patchpilot.reading.stable_wait import make_stable_wait

RELEASED = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("release", "released", "days", "until"),
    [
        ("v7.1-rc1", RELEASED, 42, date(2026, 4, 12)),
        ("v7.1-rc1", RELEASED, 0, None),
        (None, None, 42, None),
    ],
)
def test_wait_ends_weeks_after_the_release(
    release: str | None, released: date | None, days: int, until: date | None
) -> None:
    wait = make_stable_wait(release, released, days)
    assert wait.until == until
    assert not wait.is_over(date(2026, 4, 12))
    assert wait.is_over(date(2026, 4, 13)) == bool(until)
    assert (f"after {until}" in wait.reason) == bool(until)
