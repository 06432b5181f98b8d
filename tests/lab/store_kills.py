# SPDX-License-Identifier: GPL-2.0-or-later
"""Kill two processes that write to the store of tracked series, at random times.

`python -m tests.lab.store_kills 100`.

Each process adds, updates and removes its own series, and logs each finished command. After the
kills, the store must be intact, and in the state after the last finished command or after the
interrupted one. A series must have all its messages, or be missing.
"""

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.kit.cli import call
from tests.kit.mails import build_thread_mbox

SERIES = 3
REPLIES = 40
WRITERS = 2
SETTLED = 8
"""Commands that each process completes before it may be killed, to have series to update."""
COMMANDS = ("add", "grow", "update", "remove")


@dataclass(frozen=True, slots=True)
class StoreStep:
    """A command on a series, and the number of its messages afterwards (0 if it is not tracked)."""

    command: str
    series: str
    mails: int


def choose_random_steps(writer_index: int, seed: int, count: int = 400) -> list[StoreStep]:
    """Return the steps of a process. They depend only on the seed and the process."""
    step_rng = random.Random(f"{seed}-{writer_index}")
    names = [f"s{writer_index}{number}" for number in range(SERIES)]
    files, tracked_counts = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    result = []
    for _ in range(count):
        command, name = step_rng.choice(COMMANDS), step_rng.choice(names)
        if command == "add" or not tracked_counts[name]:
            command = "add"
            files[name] = max(files[name], step_rng.randrange(2, REPLIES))
            tracked_counts[name] = max(files[name], tracked_counts[name])
        elif command == "grow":
            files[name] = tracked_counts[name] = max(
                tracked_counts[name],
                min(files[name] + step_rng.randrange(1, 9), REPLIES),
            )
        elif command == "remove":
            tracked_counts[name] = 0
        result.append(
            StoreStep(
                command,
                name,
                tracked_counts[name] if command != "grow" else files[name],
            )
        )
    return result


def perform_steps(folder: Path, writer_index: int, seed: int) -> None:
    log = (folder / f"done-{writer_index}").open("a", buffering=1)
    for step in choose_random_steps(writer_index, seed):
        file = folder / f"{step.series}.mbox"
        if step.command in ("add", "grow"):
            draft = file.with_suffix(".draft")
            draft.write_bytes(build_thread_mbox(step.series, step.mails))
            draft.replace(file)
        number = _format_series_number(step.series) if step.command != "add" else ""
        arguments_by_step = {
            "add": ("add", "--mbox", file),
            "grow": ("update", number),
            "update": ("update", number, "--all"),
            "remove": ("remove", number),
        }[step.command]
        result = call("track", *arguments_by_step)
        print("done" if result.code == 0 else f"{step} failed: {result.err}", file=log)


def _format_series_number(series: str) -> str:
    with closing(
        sqlite3.connect(
            Path(os.environ["XDG_STATE_HOME"]) / "patchpilot" / "track.sqlite",
            timeout=10,
        )
    ) as base:
        return str(
            base.execute(
                "SELECT id FROM series WHERE message_id = ?", (f"{series}@example.org",)
            ).fetchone()[0]
        )


def create_series_store(folder: Path) -> None:
    os.environ |= {
        f"XDG_{name}_HOME": str(folder / name.lower())
        for name in ("CONFIG", "DATA", "STATE", "CACHE")
    }


def kill_writers_and_check(folder: Path, seed: int, delay: float) -> tuple[bool, str]:
    """Kill the processes after this many seconds.

    Return whether the store is correct, and a description.
    """
    for file in folder.glob("done-*"):
        file.unlink()
    command = [sys.executable, "-m", "tests.lab.store_kills", "--write", str(folder)]
    writer_processes = [
        subprocess.Popen(
            [*command, str(writer_index), str(seed)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for writer_index in range(WRITERS)
    ]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and any(
        len(_read_step_log(folder, writer_index)) < SETTLED for writer_index in range(WRITERS)
    ):
        time.sleep(0.005)
    time.sleep(delay)
    for process in writer_processes:
        os.kill(process.pid, signal.SIGKILL)
    for process in writer_processes:
        process.wait()
    return _check_store(folder, seed)


def _read_step_log(folder: Path, writer_index: int) -> list[str]:
    file = folder / f"done-{writer_index}"
    return file.read_text().splitlines() if file.exists() else []


def _check_store(folder: Path, seed: int) -> tuple[bool, str]:
    file = folder / "state" / "patchpilot" / "track.sqlite"
    store_problems = []
    with closing(sqlite3.connect(file)) as base:
        (is_intact,) = base.execute("PRAGMA integrity_check").fetchone()
        mail_counts = dict(
            base.execute(
                "SELECT series.message_id, count(mail.message_id) FROM series JOIN member ON series = id JOIN mail"  # noqa: E501
                " ON mail.message_id = member.message_id GROUP BY id"
            )
        )
        entries = dict(base.execute("SELECT message_id, id FROM series"))
        unused_mails = base.execute(
            "SELECT count(*) FROM mail WHERE message_id NOT IN (SELECT message_id FROM member)"
        ).fetchone()[0]
    store_problems += [f"integrity: {is_intact}"] if is_intact != "ok" else []
    store_problems += [f"{unused_mails} mails of no series"] if unused_mails else []
    killed_steps = Counter[str]()
    for writer_index in range(WRITERS):
        lines = _read_step_log(folder, writer_index)
        store_problems += [line for line in lines if line != "done"]
        all_steps = choose_random_steps(writer_index, seed)
        finished_steps = {f"s{writer_index}{number}": 0 for number in range(SERIES)}
        finished_steps |= {step.series: step.mails for step in all_steps[: len(lines)]}
        interrupted_step = all_steps[len(lines)]
        killed_steps[interrupted_step.command] += 1
        for name, count in finished_steps.items():
            stored_count = mail_counts.get(f"{name}@example.org", 0)
            allowed_counts = (
                {count, interrupted_step.mails} if name == interrupted_step.series else {count}
            )
            if stored_count not in allowed_counts or (f"{name}@example.org" in entries) != bool(
                stored_count
            ):
                store_problems.append(
                    f"{name} has {stored_count} mails, not {allowed_counts}, killed in"
                    f" {interrupted_step.command}"
                )
    show_commands = [("show", str(number)) for number in entries.values()]
    for track_arguments in ((), *show_commands, ("update", "--offline")):
        result = call("track", *track_arguments)
        store_problems += [result.err] if result.code else []
    return (
        not store_problems,
        "; ".join(store_problems) or f"killed in {' and '.join(sorted(killed_steps.elements()))}",
    )


def main(count: int) -> int:
    seed = random.SystemRandom().randrange(1 << 30)
    delay_rng, failures, kinds = random.Random(seed), 0, Counter[str]()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="patchpilot-store-kills-") as folder:
        root = Path(folder)
        create_series_store(root)
        for number in range(count):
            for file in (root / "state").rglob("*"):
                if file.is_file():
                    file.unlink()
            is_correct, description = kill_writers_and_check(
                root, seed + number, delay_rng.uniform(0.0, 1.5)
            )
            kinds.update(
                description.removeprefix("killed in ").split(" and ") if is_correct else ["wrong"]
            )
            if not is_correct:
                failures += 1
                print(f"{number}: {description}", flush=True)
    print(
        f"{count} kills of {WRITERS} processes (seed {seed}), {failures} wrong, amid {dict(kinds)},"
        f" {time.monotonic() - start:.0f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        perform_steps(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        words = argparse.ArgumentParser(
            description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        words.add_argument("count", type=int, nargs="?", default=20)
        sys.exit(main(**vars(words.parse_args())))
