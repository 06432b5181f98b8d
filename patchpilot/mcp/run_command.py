# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a command of patchpilot in a child process that can be canceled."""

import json
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from anyio import from_thread

from patchpilot.commits.run import Completed, RunWatch, run
from patchpilot.errors import InputError
from patchpilot.model.bounded import MIB
from patchpilot.model.progress import PROGRESS_VARIABLE

LARGEST_OUTPUT = 64 * MIB
_LONGEST_TIME = 86_400.0
"""Seconds after which a command is ended if the agent does not cancel it."""

Report = Callable[[float, float | None, str], Coroutine[Any, Any, None]]
"""A function that receives the progress: done, total and the step."""


def run_command(
    arguments: Sequence[str], directory: Path, stdin: bytes, report: Report
) -> Completed:
    """Run a command in a directory, from a worker thread; if its task is canceled, end the command.

    Raise InputError if its output is too large.
    """
    # -P: the working tree must not provide Python modules
    argv = [sys.executable, "-P", "-m", "patchpilot", *arguments]
    with NamedTemporaryFile() as steps:
        file, position = steps.fileno(), 0

        def report_steps() -> None:
            nonlocal position
            from_thread.check_cancelled()
            lines = os.pread(file, MIB, position).rpartition(b"\n")[0]
            position += len(lines) + bool(lines)
            for step in map(json.loads, lines.splitlines()):
                from_thread.run(report, step["progress"], step["total"], step["message"])

        environment = {**os.environ, PROGRESS_VARIABLE: steps.name, "NO_COLOR": "1"}
        watch = RunWatch(_LONGEST_TIME, report_steps)
        result = run(argv, stdin=stdin, env=environment, cwd=directory, timeout=watch)
        report_steps()
    if len(result.out) > LARGEST_OUTPUT:
        raise InputError(
            f"the answer has more than {LARGEST_OUTPUT // MIB} MiB",
            hint="ask for fewer commits or files",
        )
    return result
