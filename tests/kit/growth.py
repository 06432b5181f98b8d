# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurement of how a task's time grows with its input, on a machine that may be busy."""

import math
import time
import timeit
from collections.abc import Callable

_MOST_ATTEMPTS = 6


def measure_exponent(
    make_task: Callable[[int], Callable[[], object]],
    small: int,
    large: int,
    *,
    enough: float,
) -> float:
    """Return the exponent of a task's time between two sizes: 1 is linear, 2 is quadratic.

    `make_task` gets a size, and returns the task of that size. Both sizes are measured in turn, so
    that a busy machine slows down both; while the exponent is above `enough`, they are measured
    again, up to six times. The smaller task runs once before, because the first run may have to
    prepare what later runs reuse. Each attempt has other sizes, one larger than the last ones, so
    that it finds no cached result for the same input.
    """
    make_task(small)()
    exponent = math.inf
    for more in range(1, _MOST_ATTEMPTS + 1):
        large_task, small_task = make_task(large + more), make_task(small + more)
        growth = measure_seconds(large_task) / measure_seconds(small_task)
        exponent = math.log(growth, (large + more) / (small + more))
        if exponent <= enough:
            break
    return exponent


def measure_seconds(task: Callable[[], object], run_count: int = 1) -> float:
    """Return the CPU seconds of the fastest of some runs, without the garbage collector.

    The collector's time depends on what other tests left in memory.
    """
    return min(timeit.repeat(task, timer=time.process_time, repeat=run_count, number=1))
