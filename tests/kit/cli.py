# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line, run in this process or as the person would run it."""

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from patchpilot.cli import main
from tests.kit.schemas import check_document


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended."""

    code: int
    out: str
    err: str


def call(*argv: object, stdin: bytes = b"") -> Outcome:
    """Run a verb in this process; a JSON document it prints must match its schema."""
    out, err = _Text(), _Text()
    saved = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main.run([str(word) for word in argv])
    finally:
        sys.stdin = saved
    assert not (problems := check_document(out.text)), problems
    return Outcome(code, out.text, err.text)


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


def spawn(*argv: object, cwd: Path | None = None, stdin: bytes = b"") -> Outcome:
    """Run the command as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "patchpilot", *map(str, argv)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
    )
    return Outcome(
        done.returncode,
        done.stdout.decode("utf-8", "surrogateescape"),
        done.stderr.decode("utf-8", "replace"),
    )
