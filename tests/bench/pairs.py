# SPDX-License-Identifier: GPL-2.0-or-later
"""Time two commands alternately (A B A B …), so that other load slows down both, and report the
ratio of their shortest times.
"""

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Job:
    """A command, or several in sequence, and the directory to run it in.

    If it is `fresh`, each run starts without caches and bytecode, like the first run on a machine.
    """

    label: str
    commands: tuple[tuple[str, ...], ...]
    cwd: Path | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class PairRow:
    """A measured pair: its name, seconds, ratios of wall and CPU time, and spread.

    The times are the shortest of all runs; the spread is patchpilot's longest time divided by its
    shortest. Without a peer, the ratios are 0.
    """

    title: str
    ours: float
    theirs_label: str
    theirs: float
    ratio: float
    cpu: float
    spread: float = 1.0


ROWS: list[PairRow] = []
"""The pairs that `report` has measured in this process."""


def time_job(job: Job) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        if job.fresh:
            env |= {f"XDG_{name}_HOME": folder for name in ("CACHE", "STATE")}
            env["PYTHONPYCACHEPREFIX"] = folder
        old_usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        start_time = time.perf_counter()
        for command in job.commands:
            subprocess.run(command, cwd=job.cwd, capture_output=True, check=False, env=env)
        wall_seconds = time.perf_counter() - start_time
        new_usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        wall_seconds,
        new_usage.ru_utime + new_usage.ru_stime - old_usage.ru_utime - old_usage.ru_stime,
    )


def time_jobs(
    jobs: Sequence[Job], run_count: int = 5
) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Return the wall and CPU seconds of each job in `run_count` rounds, after a warm-up round."""
    timed_rounds = [[time_job(job) for job in jobs] for _ in range(run_count + 1)][1:]
    return [
        (
            tuple(round_timings[index][0] for round_timings in timed_rounds),
            tuple(round_timings[index][1] for round_timings in timed_rounds),
        )
        for index in range(len(jobs))
    ]


def report_pair(
    title: str, our_job: Job, their_job: Job | None = None, run_count: int = 5
) -> PairRow:
    """Print a line for a pair or, without a peer, for patchpilot's job, and return the row."""
    jobs = [job for job in (our_job, their_job) if job]
    (our_wall, our_cpu), *other_rows = time_jobs(jobs, run_count)
    label, theirs_wall, ratio, cpu_ratio = "", 0.0, 0.0, 0.0
    for job, (other_wall, other_cpu) in zip(jobs[1:], other_rows, strict=True):
        label, theirs_wall = job.label, min(other_wall)
        ratio, cpu_ratio = min(our_wall) / theirs_wall, min(our_cpu) / min(other_cpu)
    row = PairRow(
        title,
        min(our_wall),
        label,
        theirs_wall,
        ratio,
        cpu_ratio,
        max(our_wall) / min(our_wall),
    )
    ROWS.append(row)
    comparison = f"{label}: {theirs_wall:8.3f} s  ratio {ratio:6.3f} (cpu {cpu_ratio:5.2f})"
    print(
        f"{title:44s} {row.ours:8.3f} s  spread {row.spread:4.2f}  {comparison if label else ''}",
        flush=True,
    )
    return row
