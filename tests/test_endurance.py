# SPDX-License-Identifier: GPL-2.0-or-later
"""What the judge of a long day takes for growth."""

from tests.lab.endurance import Sample, grown, slope


def day(*mib: float, files: tuple[int, ...] = ()) -> list[Sample]:
    return [
        Sample(60 * at, one, files[at] if files else 10, 2, 1)
        for at, one in enumerate(mib)
    ]


def test_only_the_second_half_counts() -> None:
    assert slope(day(10, 90, 100, 100, 100, 100), "mib") == 0
    assert grown(day(10, 90, 100, 100, 100, 100)) == []


def test_what_rises_to_the_end_is_named() -> None:
    rising = day(100, 103, 106, 109, 112, 115)
    assert round(slope(rising, "mib"), 6) == 3
    assert grown(rising) == ["memory grows by 3.0 MiB an hour"]
    files = day(*[100] * 8, files=(10, 11, 12, 13, 14, 15, 16, 17))
    assert grown(files) == ["files grow from 14 to 17"]
    waves = day(*[100] * 8, files=(10, 12, 10, 12, 10, 12, 10, 12))
    assert grown(waves) == []
