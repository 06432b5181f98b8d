# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure how long the TUI takes to respond to the first key, to fill its screen and to show a
stage.

The program runs on a real pseudo-terminal. $PATCHPILOT is the command (default: the one next to
this Python; only an installed copy is compiled). Time spent waiting for a processor is ignored, so
that other load has no effect.
"""

import os
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.kit.terminal import Terminal

PATCHPILOT = os.environ.get("PATCHPILOT") or str(Path(sys.executable).parent / "patchpilot")
RUNS = 5
FIRST_KEY, QUIET, STAGE, KEY = 0.8, 1.0, 0.3, 0.1
"""Goals in seconds: from exec to the response to a key, and to a filled screen; from a key to its
stage; from a key in a list to the response.
"""
SETTLED = 1.5
"""Seconds without output after which the screen counts as filled."""


def make_used_environment(scratch_folder: Path, label: str) -> dict[str, str]:
    """Return the environment variables for a home directory that was used before."""
    home = scratch_folder / f"home of {label}"
    state = home / "state" / "patchpilot"
    state.mkdir(parents=True)
    (state / "walk.json").write_text('{"": {"theme": "patchpilot-dark"}}')
    return {"HOME": str(home)} | {
        f"XDG_{name}_HOME": str(home / name.lower())
        for name in ("CONFIG", "DATA", "STATE", "CACHE")
    }


def create_sandbox(scratch_folder: Path) -> Path:
    from patchpilot.demo.demo_repository import make_repositories

    folder = scratch_folder / "sandbox"
    folder.mkdir()
    return make_repositories(folder).work


def time_walks(label: str, repository: Path, env: Mapping[str, str]) -> None:
    """Start the TUI several times, and print each time with its goal."""
    keys, quiet_times = [], []
    for _ in range(RUNS):
        with Terminal([PATCHPILOT], repository, env=env) as terminal:
            terminal.wait_for("quit")
            terminal.latency("j")
            keys.append(_read_own_seconds(terminal))
            settle_time = terminal.quiet(SETTLED) - terminal.started
            quiet_times.append(settle_time - terminal.queued())
    _print_time(f"{label}: first key answered", min(keys), FIRST_KEY)
    _print_time(f"{label}: screen filled", min(quiet_times), QUIET)
    with Terminal([PATCHPILOT], repository, env=env) as terminal:
        terminal.wait_for("quit")
        terminal.quiet(SETTLED)
        move_times = [_measure_key_latency(terminal, "jk"[number % 2]) for number in range(20)]
        _print_time(f"{label}: a key in a list (median)", statistics.median(move_times), KEY)
        # the first visit to a stage asks a question
        terminal.type("2")
        terminal.quiet(1.0)
        terminal.type("\x1b")
        terminal.quiet(SETTLED)
        stage_times = [_measure_key_latency(terminal, stage) for stage in "34683468"]
        _print_time(f"{label}: a stage (slowest)", max(stage_times), STAGE)


def time_program_start(program: str, awaited_text: str, repository: Path) -> None:
    """Print how long another program takes until its screen shows these words."""
    start_times = []
    for _ in range(RUNS):
        with Terminal([program], repository) as terminal:
            terminal.wait_for(awaited_text)
            start_times.append(_read_own_seconds(terminal))
    print(
        f"{program}: first screen{min(start_times):{44 - len(program)}.2f} s",
        flush=True,
    )


def _read_own_seconds(terminal: Terminal) -> float:
    return time.perf_counter() - terminal.started - terminal.queued()


def _measure_key_latency(terminal: Terminal, key: str) -> float:
    queued_bytes = terminal.queued()
    seconds = terminal.latency(key)
    seconds -= min(seconds, terminal.queued() - queued_bytes)
    terminal.quiet(0.2)
    return seconds


def _print_time(label: str, seconds: float, goal_seconds: float) -> None:
    verdict = "met" if seconds <= goal_seconds else "MISSED"
    print(f"{label:56s} {seconds:5.2f} s  goal {goal_seconds} {verdict}", flush=True)
