# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a command of patchpilot in a child process that can be canceled."""

import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import anyio
from anyio.abc import ByteReceiveStream, Process

from patchpilot.errors import InputError
from patchpilot.model.bounded import MIB
from patchpilot.model.progress import PROGRESS_VARIABLE

LARGEST_OUTPUT = 64 * MIB
_LARGEST_NOTES = 64 << 10
_GRACE = 3.0
"""Seconds in which a canceled command can end by itself."""

Report = Callable[[float, float | None, str], Awaitable[None]]
"""A function that receives the progress: done, total and the step."""


class CommandResult(NamedTuple):
    """The exit code of a command, its output, and its notes and errors."""

    code: int
    output: bytes
    notes: str


async def run_command(
    arguments: Sequence[str], directory: Path, stdin: bytes, report: Report
) -> CommandResult:
    """Run a command in a directory. If the caller is canceled, so is the command.

    Raise InputError if its output is too large.
    """
    # -P: the working tree must not provide Python modules
    argv = [sys.executable, "-P", "-m", "patchpilot", *arguments]
    environment = {**os.environ, PROGRESS_VARIABLE: "1", "NO_COLOR": "1"}
    process = await anyio.open_process(argv, cwd=directory, env=environment, start_new_session=True)
    output, notes = bytearray(), bytearray()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_feed, process, stdin)
            group.start_soon(_read_notes, process.stderr, notes, report)
            await _read_output(process.stdout, output)
        await process.wait()
    except* InputError as errors:
        raise errors.exceptions[0] from None
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)
    return CommandResult(process.returncode or 0, bytes(output), notes.decode("utf-8", "replace"))


async def _feed(process: Process, data: bytes) -> None:
    assert process.stdin
    # the command may end before it reads everything
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        await process.stdin.send(data)
        await process.stdin.aclose()


async def _read_output(stream: ByteReceiveStream | None, output: bytearray) -> None:
    assert stream
    async for chunk in stream:
        output += chunk
        if len(output) > LARGEST_OUTPUT:
            raise InputError(
                f"the answer has more than {LARGEST_OUTPUT // MIB} MiB",
                hint="ask for fewer commits or files",
            )


async def _read_notes(stream: ByteReceiveStream | None, notes: bytearray, report: Report) -> None:
    """Pass progress on, and keep the other lines of standard error."""
    assert stream
    pending = b""
    async for chunk in stream:
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            if progress := _parse_progress(line):
                await report(*progress)
            elif len(notes) < _LARGEST_NOTES:
                notes += line + b"\n"
        pending = pending[:_LARGEST_NOTES]
    notes += pending


def _parse_progress(line: bytes) -> tuple[float, float | None, str] | None:
    if not line.startswith(b'{"progress":'):
        return None
    with suppress(ValueError, KeyError, TypeError):
        values = json.loads(line)
        return values["progress"], values["total"], values["message"]
    return None


async def _end(process: Process) -> None:
    """End a command that still runs, with the programs that it started."""
    if process.returncode is None:
        _signal(process, signal.SIGTERM)
        with anyio.move_on_after(_GRACE):
            await process.wait()
        if process.returncode is None:
            _signal(process, signal.SIGKILL)
            await process.wait()
    await process.aclose()


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
