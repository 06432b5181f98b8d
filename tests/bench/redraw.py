# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure the bytes per key and the memory of a large thread: `python tests/bench/redraw.py`.

The bytes are those that the TUI writes after each key to a terminal with all colors. Over ssh with
200 ms latency, the user waits for them. The memory is the peak (VmHWM) after opening a thread of
5,000 messages and scrolling to its end and back. The seconds are for a line of 64 kB/s.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.walk import PATCHPILOT, create_sandbox, make_used_environment
from tests.bench.walk_large import MAILS, make_thread_mail
from tests.kit.terminal import Terminal

LINE = 64_000
"""Bytes per second of a slow line."""
MOVE_LIMIT = 4_000
"""Maximum number of bytes for a cursor move."""

MEMORY_LIMIT = 150
"""Maximum MB with the large thread."""

COLORS = {"NO_COLOR": "", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
MOVES = {
    "1": "jjjkkk",
    "2": "jjjkkk",
    "3": "jjjkkk",
    "4": "jjkk",
    "5": "jjjkkk",
    "6": "jjjkkk",
    "7": "jk",
    "8": "jjjkkk",
}
"""Maps a stage's key to keys that move the cursor there."""


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch_folder:
        repository = create_sandbox(Path(scratch_folder))
        missed_limits = [
            measure_traffic(
                repository, make_used_environment(Path(scratch_folder), f"{size}"), size
            )
            for size in ((80, 24), (160, 50))
        ]
        measure_slow_line(repository, make_used_environment(Path(scratch_folder), "line"))
        missed_limits.append(measure_memory(repository, Path(scratch_folder)))
    return int(any(missed_limits))


def measure_traffic(repository: Path, env: dict[str, str], size: tuple[int, int]) -> bool:
    """Print the bytes for moving the cursor in each stage, and for changing the panel or the stage.

    Return whether a move costs too much.
    """
    exceeds_limit = False
    with Terminal([PATCHPILOT], repository, size=size, env=env | COLORS) as terminal:
        terminal.wait_for("quit")
        terminal.quiet(3.0)
        # when sending is first opened, the newcomer's questions are asked
        terminal.type("2")
        terminal.quiet(1.5)
        terminal.type("\x1b")
        terminal.quiet(2.0)
        opening_costs = []
        for stage, move_keys in MOVES.items():
            opening_costs.append(_measure_key_bytes(terminal, stage, 2.0))
            exceeds_limit |= _report_cost(
                f"{size[0]}x{size[1]}: stage {stage}, a move of the cursor",
                [_measure_key_bytes(terminal, key) for key in move_keys],
                MOVE_LIMIT,
            )
        _report_cost(
            f"{size[0]}x{size[1]}: to another panel and back",
            [_measure_key_bytes(terminal, key) for key in ("\t", "\x1b[Z")],
        )
        _report_cost(f"{size[0]}x{size[1]}: to another stage", opening_costs)
    return exceeds_limit


def measure_slow_line(repository: Path, env: dict[str, str]) -> None:
    """Print the time from a key press to the last byte of its screen over a slow line."""
    with Terminal([PATCHPILOT], repository, size=(120, 36), env=env | COLORS) as terminal:
        terminal.wait_for("quit")
        terminal.quiet(3.0)
        for stage in MOVES:
            terminal.type(stage)
            terminal.quiet(2.0)
        terminal.rate = LINE
        for label, pressed_keys in (
            ("a move of the cursor", [*"3jjkk1jjkk8jjkk"]),
            ("to another stage", [*"34683468"]),
            ("a dialog and back", ["?", "\x1b"] * 2),
        ):
            key_costs = [_measure_key_seconds(terminal, key) for key in pressed_keys]
            if label.startswith("a move"):
                key_costs = [
                    key_cost
                    for key_cost, key in zip(key_costs, pressed_keys, strict=True)
                    if key in "jk"
                ]
            print(
                f"120x36, {LINE // 1000} kB/s: {label:28s} median"
                f" {statistics.median(key_costs):5.2f} s, most {max(key_costs):5.2f} s",
                flush=True,
            )


def _measure_key_seconds(terminal: Terminal, key: str) -> float:
    start = time.perf_counter()
    terminal.type(key)
    return max(0.0, terminal.quiet(1.0) - start)


def _measure_key_bytes(terminal: Terminal, key: str, wait_seconds: float = 1.0) -> int:
    start = terminal.type(key)
    terminal.quiet(wait_seconds)
    return len(terminal.seen[start:].encode())


def _report_cost(label: str, costs: Sequence[int], limit: int = 0) -> bool:
    exceeds_limit = bool(limit) and max(costs) > limit
    verdict = f"  target {limit} {'MISSED' if exceeds_limit else 'met'}" if limit else ""
    print(
        f"{label:48s} median {statistics.median(costs):6.0f} bytes, most {max(costs):6d}{verdict}",
        flush=True,
    )
    return exceeds_limit


def measure_memory(repository: Path, scratch_folder: Path) -> bool:
    """Print the peak memory for a thread of 5,000 messages, and return whether it is too high."""
    env = make_used_environment(scratch_folder, "thread")
    mbox_file = scratch_folder / "thread.mbox"
    mbox_file.write_text("".join(make_thread_mail(number) for number in range(MAILS)))
    subprocess.run(
        [PATCHPILOT, "track", "add", "-C", str(repository), "--mbox", str(mbox_file)],
        check=True,
        capture_output=True,
        env={**os.environ, **env},
    )
    with Terminal([PATCHPILOT], repository, env=env | COLORS) as terminal:
        terminal.wait_for("quit")
        terminal.quiet(3.0)
        start = _read_peak_memory(terminal)
        terminal.type("8")
        terminal.quiet(10.0)
        for key in ("\x1b[F", "\x1b[H", "\x1b[6~", "\t", "\x1b[F", "\x1b[H"):
            terminal.type(key)
            terminal.quiet(1.0)
        peak = _read_peak_memory(terminal)
    exceeds_limit = peak > MEMORY_LIMIT
    print(
        f"{f'memory: {MAILS} mails in Follow':48s} {peak:6.0f} MB (the commit stage: {start:.0f}"
        f" MB)  target {MEMORY_LIMIT} {'MISSED' if exceeds_limit else 'met'}"
    )
    return exceeds_limit


def _read_peak_memory(terminal: Terminal) -> float:
    status = Path(f"/proc/{terminal.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
