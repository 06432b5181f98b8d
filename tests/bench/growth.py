# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure commands with 10, 100 and 1,000 items: CPU seconds, exponent and peak memory.

The exponent is computed from 100 and 1,000 items; 1 means linear.
"""

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SIZES = (10, 100, 1000)
MOST_EXPONENT = 1.1
MOST_MB = 200
_AUTHOR = "Ada Fixer <ada@example.org>"
_MAIL = """\
From: {author}
Date: Tue, 6 Jan 2026 10:00:{number:02} +0000
Message-ID: <{number}@example.org>
Subject: [PATCH {number}/{total}] frob: widen register {number}

The register has 16 bits. Read all of them.

Signed-off-by: {author}
---
 drivers/frob/f{number}.c | 2 +-

diff --git a/drivers/frob/f{number}.c b/drivers/frob/f{number}.c
--- a/drivers/frob/f{number}.c
+++ b/drivers/frob/f{number}.c
@@ -1,3 +1,3 @@
 int frob_{number}(struct frob *f)
 {{
-\treturn readb(f->base);
+\treturn readw(f->base);
-- 
2.43.0

"""
_MEASURED = """\
import os, sys
words = sys.argv[1:]
quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
_, _, used = os.wait4(os.posix_spawn(words[0], words, os.environ, file_actions=quiet), 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def measure_growth(patchpilot: str, scratch_folder: Path) -> None:
    """Print the cost of each command with this many items."""
    for command in ("check", "send", "track", "backport", "fixes"):
        command_costs = [
            measure_command(
                prepare_command_line(patchpilot, command, size, scratch_folder),
                scratch_folder / f"{size}",
            )
            for size in SIZES
        ]
        (_, _), (medium_seconds, _), (largest_seconds, peak_memory) = command_costs
        exponent = math.log10(largest_seconds / medium_seconds)
        seconds = ", ".join(f"{seconds:.2f}" for seconds, _ in command_costs)
        verdict = "met" if exponent <= MOST_EXPONENT else "MISSED"
        print(
            f"{command}: {seconds} s of CPU for 10, 100, 1,000 items: exponent {exponent:.2f}"
            f" {verdict}; {peak_memory} MB",
            flush=True,
        )
    for command in ("check", "send"):
        _, peak_memory = measure_command(
            prepare_command_line(patchpilot, command, 300, scratch_folder),
            scratch_folder / "300",
        )
        print(
            command,
            "of 300:",
            peak_memory,
            "MB",
            "met" if peak_memory <= MOST_MB else "MISSED",
        )


def prepare_command_line(
    patchpilot: str, command: str, size: int, scratch_folder: Path
) -> tuple[str, ...]:
    """Return a command's arguments for this many items, and create the items if necessary."""
    size_folder = scratch_folder / f"{size}"
    if not size_folder.exists():
        subprocess.run(["git", "init", "-q", "-b", "main", str(size_folder)], check=True)
        subprocess.run(
            ["git", "-C", str(size_folder), "fast-import", "--quiet"],
            input="".join(generate_history_stream(size)).encode(),
            check=True,
        )
        subprocess.run(["git", "-C", str(size_folder), "reset", "-q", "--hard"], check=True)
        mails = [
            _MAIL.format(author=_AUTHOR, number=number, total=size) for number in range(1, size + 1)
        ]
        (size_folder / "mails.mbox").write_text(
            "".join(f"From a@b Thu Jan  1 00:00:00 1970\n{mail}" for mail in mails)
        )
    arguments_by_command = {
        "check": ("--jobs", "1", "mails.mbox"),
        "send": ("--dry-run", "--offline", "--to", "a@example.org", "base..main"),
        "track": ("classify", "mails.mbox"),
        "backport": ("main", "--onto", "base"),
        "fixes": ("main",),
    }
    return (patchpilot, command, *arguments_by_command[command])


def generate_history_stream(size: int) -> Iterator[str]:
    """Yield the input of `git fast-import` for a history of this many commits above `base`."""
    lines = [f"int value_{number} = {number};\n" for number in range(1000)]
    for number in range(size + 1):
        if number:
            lines[number - 1] = lines[number - 1].replace("int", "long")
        content, subject = (
            "".join(lines),
            f"frob: widen value {number}\n\nIt is long.\n",
        )
        date = 1_700_000_000 + number
        yield (
            f"commit refs/heads/main\nauthor {_AUTHOR} {date} +0000\n"
            f"committer {_AUTHOR} {date} +0000\ndata {len(subject)}\n{subject}"
            f"M 100644 inline drivers/frob/frob.c\ndata {len(content)}\n{content}\n"
        )
        if not number:
            yield "reset refs/heads/base\nfrom refs/heads/main\n\n"


def measure_command(arguments: tuple[str, ...], workdir: Path) -> tuple[float, int]:
    """Return a run's CPU seconds and peak memory in megabytes, including child processes.

    A child's peak is at least its parent's memory at the fork, so this process must be small.
    """
    completed = subprocess.run(
        [sys.executable, "-S", "-c", _MEASURED, *arguments],
        cwd=workdir,
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds, peak_memory = completed.stdout.split()
    return float(seconds), int(peak_memory) // 1024
