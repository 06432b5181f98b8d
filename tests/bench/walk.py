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

PATCHPILOT = os.environ.get("PATCHPILOT") or str(
    Path(sys.executable).parent / "patchpilot"
)
RUNS = 5
FIRST_KEY, QUIET, STAGE, KEY = 0.8, 1.0, 0.3, 0.1
"""Goals in seconds: from exec to the response to a key, and to a filled screen; from a key to its
stage; from a key in a list to the response.
"""
SETTLED = 1.5
"""Seconds without output after which the screen counts as filled."""


def used_environment(scratch: Path, label: str) -> dict[str, str]:
    """Return the environment variables for a home directory that was used before."""
    home = scratch / f"home of {label}"
    state = home / "state" / "patchpilot"
    state.mkdir(parents=True)
    (state / "walk.json").write_text('{"": {"theme": "patchpilot-dark"}}')
    return {"HOME": str(home)} | {
        f"XDG_{name}_HOME": str(home / name.lower())
        for name in ("CONFIG", "DATA", "STATE", "CACHE")
    }


def create_sandbox(scratch: Path) -> Path:
    from patchpilot.demo.demo_repository import make_repositories

    folder = scratch / "sandbox"
    folder.mkdir()
    return make_repositories(folder).work


def time_walks(label: str, work: Path, env: Mapping[str, str]) -> None:
    """Start the TUI several times, and print each time with its goal."""
    keys, quiet = [], []
    for _ in range(RUNS):
        with Terminal([PATCHPILOT], work, env=env) as terminal:
            terminal.wait_for("quit")
            terminal.latency("j")
            keys.append(_own_seconds(terminal))
            settled = terminal.quiet(SETTLED) - terminal.started
            quiet.append(settled - terminal.queued())
    _print_time(f"{label}: first key answered", min(keys), FIRST_KEY)
    _print_time(f"{label}: screen filled", min(quiet), QUIET)
    with Terminal([PATCHPILOT], work, env=env) as terminal:
        terminal.wait_for("quit")
        terminal.quiet(SETTLED)
        moves = [_key_latency(terminal, "jk"[number % 2]) for number in range(20)]
        _print_time(f"{label}: a key in a list (median)", statistics.median(moves), KEY)
        # the first visit to a stage asks a question
        terminal.type("2")
        terminal.quiet(1.0)
        terminal.type("\x1b")
        terminal.quiet(SETTLED)
        stages = [_key_latency(terminal, stage) for stage in "34683468"]
        _print_time(f"{label}: a stage (slowest)", max(stages), STAGE)


def time_program_start(program: str, words: str, work: Path) -> None:
    """Print how long another program takes until its screen shows these words."""
    waits = []
    for _ in range(RUNS):
        with Terminal([program], work) as terminal:
            terminal.wait_for(words)
            waits.append(_own_seconds(terminal))
    print(f"{program}: first screen{min(waits):{44 - len(program)}.2f} s", flush=True)


def _own_seconds(terminal: Terminal) -> float:
    return time.perf_counter() - terminal.started - terminal.queued()


def _key_latency(terminal: Terminal, key: str) -> float:
    queued = terminal.queued()
    seconds = terminal.latency(key)
    seconds -= min(seconds, terminal.queued() - queued)
    terminal.quiet(0.2)
    return seconds


def _print_time(label: str, seconds: float, goal: float) -> None:
    verdict = "met" if seconds <= goal else "MISSED"
    print(f"{label:56s} {seconds:5.2f} s  goal {goal} {verdict}", flush=True)
