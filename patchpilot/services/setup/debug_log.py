# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the log of `--debug`.

The log contains errors, and each started program with its time and exit code.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from patchpilot import __version__
from patchpilot.commits.run import PINNED
from patchpilot.urls import public_url

DEBUG_LOG = "patchpilot-debug-"
"""How the names of the logs begin, in the temporary directory."""
_PINS = frozenset(f"{name}={value}" for name, value in PINNED)
_LONGEST = 2000


@contextmanager
def debug_log() -> Iterator[IO[str]]:
    """Writes the log of `--debug` until the end of the `with` block, and yields the open file.

    All programs are started by `subprocess.Popen`, which is temporarily replaced by a
    subclass, so that callers need not know about the log.
    """
    with tempfile.NamedTemporaryFile(
        "w",
        prefix=DEBUG_LOG,
        suffix=".log",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as log:
        started = time.monotonic()

        def say(text: str) -> None:
            # in one write: workers share the file
            log.write(f"{time.monotonic() - started:9.3f} {public_url(text)}\n")
            log.flush()

        say(f"patchpilot {__version__}, python {sys.version.split()[0]}")
        say(f"pid {os.getpid()} in {_directory()}: {_command(sys.argv)}")
        popen = subprocess.Popen
        subprocess.Popen = _logged(popen, say)  # type: ignore[misc]
        try:
            yield log
        except BaseException as error:
            say("".join(traceback.format_exception(error)).rstrip())
            raise
        finally:
            subprocess.Popen = popen  # type: ignore[misc]
            say("end")


def _logged(popen: Any, say: Any) -> Any:
    """The class that starts a program and logs it."""

    class Logged(popen):  # type: ignore[misc]
        """A subprocess that is logged when it starts and when it exits."""

        def __init__(self, args: Any, *rest: Any, **given: Any) -> None:
            self._code: int | None = None
            self._since = time.monotonic()
            where = f" in {given['cwd']}" if given.get("cwd") else ""
            self._what = _command(args)
            try:
                super().__init__(args, *rest, **given)
            except OSError as error:
                say(f"cannot start {self._what}{where}: {error.strerror}")
                raise
            say(f"[{self.pid}] {self._what}{where}")

        @property
        def returncode(self) -> int | None:
            return self._code

        @returncode.setter
        def returncode(self, code: int | None) -> None:
            if code is not None and self._code is None:
                took = time.monotonic() - self._since
                say(f"[{self.pid}] exit {code} after {took:.3f} s")
            self._code = code

    return Logged


def _command(args: str | Sequence[Any]) -> str:
    """The words of a call as a shell reads them, without the configuration that each git gets."""
    if isinstance(args, str):
        return args[:_LONGEST]
    words = [os.fsdecode(word) for word in args]
    kept: list[str] = []
    for word in words:
        if word in _PINS and kept[-1:] == ["-c"]:
            kept.pop()
        else:
            kept.append(word)
    text = shlex.join(kept)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} […]"


def _directory() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "a deleted directory"
