# SPDX-License-Identifier: GPL-2.0-or-later
"""Run commands in this process or in a separate process."""

import contextlib
import io
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchpilot.cli import main
from tests.kit.schemas import find_schema_errors


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def expect(self, exit_code: int, *expected_texts: str) -> None:
        """Assert that the exit code is as expected and that standard error contains each text."""
        assert self.code == exit_code, self.err
        assert [
            expected_text for expected_text in expected_texts if expected_text not in self.err
        ] == [], self.err


def call(line: str = "", *arguments: object, stdin: bytes = b"") -> Outcome:
    """Run a command in this process.

    The line is split like in a shell. JSON output is validated against its schema.
    """
    stdout, stderr = _Text(), _Text()
    saved_stdin = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            exit_code = main.run([*shlex.split(line), *map(str, arguments)])
    finally:
        sys.stdin = saved_stdin
    assert not (schema_errors := find_schema_errors(stdout.text)), schema_errors
    return Outcome(exit_code, stdout.text, stderr.text)


class _Text(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(
            io.BytesIO(), encoding="utf-8", errors="surrogateescape", write_through=True
        )

    @property
    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("utf-8", "surrogateescape")


def start_and_wait(*argv: object, workdir: Path | None = None, stdin: bytes = b"") -> Outcome:
    completed = subprocess.run(
        [sys.executable, "-m", "patchpilot", *map(str, argv)],
        cwd=workdir,
        input=stdin,
        capture_output=True,
        check=False,
    )
    return Outcome(
        completed.returncode,
        completed.stdout.decode("utf-8", "surrogateescape"),
        completed.stderr.decode("utf-8", "replace"),
    )
