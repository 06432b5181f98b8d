# SPDX-License-Identifier: GPL-2.0-or-later
"""Time commands in turn, A B A B …, so that a noisy machine slows both, and report the ratio of
their medians.
"""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Job:
    """A command (or several, run one after the other) and where to run it."""

    label: str
    commands: tuple[tuple[str, ...], ...]
    cwd: Path | None = None
    stdin: bytes | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """Wall and CPU seconds of the runs of a job."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the wall times."""
        return statistics.median(self.wall)

    @property
    def best(self) -> float:
        """The best wall time."""
        return min(self.wall)


@dataclass(frozen=True, slots=True)
class Row:
    """A pair that was measured: its name, seconds, and the ratios of wall and of CPU time."""

    title: str
    ours: float
    theirs_label: str
    theirs: float
    ratio: float
    cpu: float


ROWS: list[Row] = []
"""The pairs that `report` measured in this process."""


def once(job: Job) -> tuple[float, float]:
    """Run a job; (wall, cpu) seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    for command in job.commands:
        subprocess.run(
            command,
            cwd=job.cwd,
            input=job.stdin,
            capture_output=True,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def side_by_side(jobs: Sequence[Job], runs: int = 5) -> list[Times]:
    """Times of each job over `runs` rounds after one warm-up round."""
    for job in jobs:
        once(job)
    rounds = [[once(job) for job in jobs] for _ in range(runs)]
    return [
        Times(
            tuple(round_[at][0] for round_ in rounds),
            tuple(round_[at][1] for round_ in rounds),
        )
        for at in range(len(jobs))
    ]


def report(
    title: str, ours: Job, theirs: Job, target: float | None, runs: int = 5
) -> float:
    """Print a line for a pair and give the ratio ours/theirs (medians of wall time).

    `target` is the ratio aimed at.
    """
    mine, other = side_by_side((ours, theirs), runs)
    ratio = mine.median / other.median
    cpu = statistics.median(mine.cpu) / max(1e-9, statistics.median(other.cpu))
    ROWS.append(Row(title, mine.median, theirs.label, other.median, ratio, cpu))
    verdict = (
        ""
        if target is None
        else f"  target {target:.3f} {'met' if ratio <= target else 'MISSED'}"
    )
    print(
        f"{title:46s} {mine.median:8.3f} s  {theirs.label}: {other.median:8.3f} s  ratio"
        f" {ratio:6.3f} (cpu {cpu:5.2f}){verdict}",
        flush=True,
    )
    return ratio


def summary(times: Sequence[tuple[float, float]]) -> str:
    """The medians of (wall, cpu) seconds in words."""
    wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    return f"median {wall:.2f} s, {cpu:.2f} s of processor time"
