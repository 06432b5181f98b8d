# SPDX-License-Identifier: GPL-2.0-or-later
"""What `check` costs as patches grow: CPU seconds and peak memory for 1,000 to 100,000 added lines,
and for many patches in one process.
"""

import os
from pathlib import Path

_HEAD = """From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: Ada Fixer <ada@example.org>
Date: Tue, 6 Jan 2026 10:00:00 +0000
Subject: [PATCH] frob: add it

It was not there.

Signed-off-by: Ada Fixer <ada@example.org>
---

diff --git a/drivers/frob/frob.c b/drivers/frob/frob.c
new file mode 100644
--- /dev/null
+++ b/drivers/frob/frob.c
@@ -0,0 +1,{lines} @@
"""
_FUNCTION = """static int frob_{number}(struct frob *f, int n)
{{
\tint ret = 0;

\tif (n > {number}) {{
\t\tret = frob_read(f, n);
\t\tif (ret < 0)
\t\t\treturn ret;
\t}}

\tfor (; n; n--)
\t\tf->count += n * 2; /* so many */

\treturn ret;
}}

"""
LIMIT = 200
SIZES = (1_000, 3_000, 10_000, 100_000)


def growth(command: tuple[str, ...], patches: list[Path], scratch: Path) -> None:
    """Print the table: a bar is CPU time a line, so that equal bars are linear."""
    print("lines added     cpu s   µs a line   peak MB")
    for lines in SIZES:
        seconds, peak = cost(command, [made_patch(scratch, lines)])
        a_line = seconds / lines * 1e6
        print(
            f"{lines:11,d} {seconds:9.2f} {a_line:11.0f} {peak:9d}  {'#' * round(a_line / 10)}"
        )
    seconds, peak = cost(command, patches[:500])
    print(
        f"{len(patches[:500])} patches, one process: {seconds:.2f} s cpu, {peak} MB at most  target"
        f" {LIMIT} {'met' if peak < LIMIT else 'MISSED'}"
    )


def made_patch(scratch: Path, lines: int) -> Path:
    """A patch that adds a file of so many lines."""
    text = "".join(
        _FUNCTION.format(number=number) for number in range(lines // 16 + 1)
    ).split("\n")[:lines]
    file = scratch / f"grown-{lines}.patch"
    file.write_text(
        _HEAD.format(lines=lines)
        + "".join(f"+{line}\n" for line in text)
        + "-- \n2.43.0\n\n"
    )
    return file


def cost(command: tuple[str, ...], files: list[Path]) -> tuple[float, int]:
    """(CPU seconds, peak megabytes) of one run, of this process alone."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(
        command[0],
        [*command, "--jobs", "1", *map(str, files)],
        dict(os.environ),
        file_actions=quiet,
    )
    _, _, used = os.wait4(pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1024
