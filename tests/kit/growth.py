# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurement of how a task's time grows with its input, on a machine that may be busy."""

import gc
import math
import time
from collections.abc import Callable

_ROUNDS = 6
_SHORTEST_SECONDS = 0.01
"""A smaller size that takes less than this counts as this long."""


def measure_exponent(
    make_task: Callable[[int], Callable[[], object]],
    small: int,
    large: int,
    *,
    enough: float,
) -> float:
    """Return the exponent of a task's time between two sizes: 1 is linear, 2 is quadratic.

    `make_task` gets a size, and returns the task of that size. Another process can only make a
    measured time longer, so each size counts with its shortest time, and both are measured again,
    up to six times, while the exponent is above `enough`. The garbage collector, whose time depends
    on other tests, is off.
    """
    tasks = make_task(small), make_task(large)
    shortest = [math.inf, math.inf]
    exponent = math.inf
    for _ in range(_ROUNDS):
        for place, task in enumerate(tasks):
            shortest[place] = min(shortest[place], measure_seconds(task))
        exponent = math.log(shortest[1] / max(shortest[0], _SHORTEST_SECONDS)) / math.log(
            large / small
        )
        if exponent <= enough:
            break
    return exponent


def measure_seconds(task: Callable[[], object]) -> float:
    """Return the CPU seconds of a task, without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        task()
        return time.process_time() - start
    finally:
        gc.enable()
