# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the measurement of growth with tasks whose times are given."""

from collections.abc import Callable

import pytest

from tests.kit import growth


def test_slow_attempt_is_repeated_with_other_input(monkeypatch: pytest.MonkeyPatch) -> None:
    run_sizes: list[int] = []

    def make_task(size: int) -> Callable[[], float]:
        def run() -> float:
            run_sizes.append(size)
            # another process slows the first attempt down
            return size * (100.0 if run_sizes == [10, 1001] else 1.0)

        return run

    monkeypatch.setattr(growth, "measure_seconds", lambda task: task())
    assert growth.measure_exponent(make_task, 10, 1000, enough=1.2) == pytest.approx(1.0)
    assert run_sizes == [10, 1001, 11, 1002, 12]


def test_quadratic_time_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "measure_seconds", lambda task: task())
    exponent = growth.measure_exponent(lambda size: lambda: size**2, 10, 1000, enough=1.2)
    assert exponent == pytest.approx(2.0)
