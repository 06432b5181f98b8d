# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the output of `make bench`, and the conditions under which it fails."""

from datetime import UTC, datetime

from tests.bench.pairs import PairRow
from tests.bench.performance import (
    RATIOS,
    TOLERANCE,
    find_regressions,
    read_recorded_ratios,
    render_page,
)

ROWS = [
    PairRow("check, one patch", 0.25, "checkpatch.pl", 0.5, 0.5, 0.6),
    PairRow("build", 12.34, "make", 10.0, 1.234, 1.0),
]


def test_ratio_has_a_tolerance() -> None:
    recorded = {"check, one patch": 0.5 / TOLERANCE, "build": 1.234}
    assert find_regressions(ROWS, recorded) == []
    recorded["check, one patch"] -= 0.01
    assert find_regressions(ROWS, recorded) == ["check, one patch: ratio 0.500, recorded 0.390"]
    # a new pair has no recorded ratio yet
    assert find_regressions(ROWS, {}) == []


def test_page_lists_every_pair() -> None:
    text = render_page(
        ROWS,
        ["Python 3.11.2", "git 2.39"],
        "2 processors",
        datetime(2026, 11, 23, tzinfo=UTC),
    )
    assert "check, one patch|250 ms|1.00|checkpatch.pl|500 ms|0.50|0.60" in text
    assert "build|12.3 s|1.00|make|10.0 s|1.23|1.00" in text
    assert "Measured on 2026-11-23, 2 processors: Python 3.11.2, git 2.39." in text


def test_recorded_promises_exist() -> None:
    assert RATIOS.exists()
    assert read_recorded_ratios()
    assert all(ratio > 0 for ratio in read_recorded_ratios().values())
