# SPDX-License-Identifier: GPL-2.0-or-later
"""`check --format jsonl` on an epoch beside `check` on the same mails as files, in one run:
seconds, first line, memory.

Arguments: an epoch of a public-inbox and a number of mails (default: 1,000 of an epoch that is made
of the patches that `make bench` uses).
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from patchpilot.archive.mail_stream import stream_mails
from tests.bench.run import PATCHPILOT, real_patches

ROUNDS = 3
MOST_MB = 200


@dataclass(frozen=True, slots=True)
class Run:
    """A run: seconds, seconds to the first byte, peak megabytes of all its processes, and CPU
    seconds.
    """

    wall: float
    first: float
    peak: int
    cpu: float


def main(epoch: str = "", mails: str = "1000") -> None:
    """Print the figures of both ways and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        epoch = epoch or made_epoch(scratch)
        files, mbox = scratch / "files", scratch / "list.mbox"
        files.mkdir()
        chosen = [mail.raw for mail in islice(stream_mails([epoch]), int(mails))]
        with mbox.open("wb") as out:
            for number, raw in enumerate(chosen):
                (files / f"{number:06}.eml").write_bytes(raw)
                out.write(
                    b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
                    + raw.replace(b"\nFrom ", b"\n>From ")
                    + b"\n\n"
                )
        check = (PATCHPILOT, "check", "--fail-on", "never", "--format")
        ways = {
            "files, json": (*check, "json", str(files)),
            "files": (*check, "jsonl", str(files)),
            "mbox": (*check, "jsonl", str(mbox)),
        }
        runs: dict[str, list[Run]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, command in ways.items():
                runs[name].append(measured(command))
        old = runs["files, json"]
        for name, found in runs.items():
            peak = max(run.peak for run in found)
            print(
                f"{len(chosen):,} mails, {name:12} {median(found, 'wall'):7.1f} s  first byte"
                f" {median(found, 'first'):6.2f} s  peak {peak:4d}"
                f" MB{'' if found is old else ' met' if peak <= MOST_MB else ' MISSED'}  ratio"
                f" {median(found, 'wall') / median(old, 'wall'):.2f} (cpu"
                f" {median(found, 'cpu') / median(old, 'cpu'):.2f})",
                flush=True,
            )


def made_epoch(scratch: Path) -> str:
    """An epoch of real patches, each several times."""
    inbox = scratch / "inbox"
    subprocess.run(["git", "init", "-q", str(inbox)], check=True)
    patches = real_patches(scratch)
    commits = []
    for number in range(1000):
        raw = patches[number % len(patches)].read_bytes().split(b"\n", 1)[1]
        head = (
            f"commit refs/heads/master\ncommitter Ada Fixer <ada@example.org> {number} +0000\ndata"
            f" 1\nxM 100644 inline m\ndata {len(raw)}\n"
        )
        commits.append(head.encode() + raw + b"\n")
    subprocess.run(
        ["git", "-C", str(inbox), "fast-import", "--quiet"],
        input=b"".join(commits),
        check=True,
    )
    subprocess.run(
        ["git", "-C", str(inbox), "symbolic-ref", "HEAD", "refs/heads/master"],
        check=True,
    )
    return str(inbox / ".git")


def measured(command: tuple[str, ...]) -> Run:
    """Run a command and watch its processes."""
    before = os.times()
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        peak: list[int] = [0]
        watch = threading.Thread(target=_watch, args=(process, peak))
        watch.start()
        process.stdout.read(1)
        first = time.monotonic() - start
        while process.stdout.read(1 << 16):
            pass
    wall = time.monotonic() - start
    watch.join()
    after = os.times()
    cpu = (
        after.children_user
        + after.children_system
        - before.children_user
        - before.children_system
    )
    return Run(wall, first, peak[0] >> 10, cpu)


def _watch(process: "subprocess.Popen[bytes]", peak: list[int]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(map(_kilobytes, _family(process.pid))))
        time.sleep(0.2)


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        children = [
            int(word)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for word in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(child))]


def _kilobytes(pid: int) -> int:
    """The memory of a process, its part of what it shares with others."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def median(runs: list[Run], name: str) -> float:
    """The median of one figure."""
    return statistics.median(getattr(run, name) for run in runs)


if __name__ == "__main__":
    main(*sys.argv[1:])
