# SPDX-License-Identifier: GPL-2.0-or-later
"""The next merge window is estimated from the dates of releases, and said with its basis."""

from datetime import UTC, datetime, timedelta

import pytest

from patchpilot.history.release_cycle import next_window
from patchpilot.history.releases import Release, parse_release

WEEKS = timedelta(weeks=2)
DATES = {
    "v6.6": "2023-10-29",
    "v6.7": "2024-01-07",
    "v6.8": "2024-03-10",
    "v6.9": "2024-05-12",
    "v6.10": "2024-07-14",
    "v6.11": "2024-09-15",
}


def releases(**more: str) -> list[Release]:
    dates = DATES | {name.replace("_", "."): day for name, day in more.items()}
    found = [
        parse_release(name, "", int(at(day).timestamp())) for name, day in dates.items()
    ]
    return sorted((one for one in found if one), key=lambda one: one.date)


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (
            "2024-10-20",
            (
                "next merge window: about 2024-11-17 to 2024-12-01, after the release that follows"
                " v6.11; estimated from the last 5 release cycles (63 to 70 days)"
            ),
        ),
        (
            "2024-09-20",
            "merge window: open since v6.11 (2024-09-15), until about 2024-09-29",
        ),
        (
            "2024-11-20",
            (
                "next merge window: about 2024-11-21 to 2024-12-05, after the release that follows"
                " v6.11; estimated from the last 5 release cycles (63 to 70 days)"
            ),
        ),
    ],
)
def test_the_window_is_open_or_comes_after_the_usual_time(
    today: str, words: str
) -> None:
    window = next_window(releases(), WEEKS, at(today))
    assert window
    assert window.words == words


def test_a_candidate_names_the_release_and_is_a_week_before_it_at_least() -> None:
    late = releases(
        **{
            "v6_12-rc1": "2024-09-29",
            "v6_12-rc8": "2024-11-15",
            "v6_11_4": "2024-10-17",
        }
    )
    window = next_window(late, WEEKS, at("2024-11-16"))
    assert window
    assert (window.after, str(window.opens)) == ("v6.12", "2024-11-22")


def test_nothing_is_estimated_from_few_or_old_releases_or_without_a_window() -> None:
    assert next_window(releases()[:3], WEEKS, at("2024-03-30")) is None
    assert next_window(releases(), WEEKS, at("2025-03-01")) is None
    assert next_window(releases(), timedelta(), at("2024-10-20")) is None
