# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a program on a pseudo-terminal, press keys, and wait for text in its output."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

PATIENCE = 90.0
PIECE = 512
"""Number of bytes to read at once if the rate is limited."""
PROGRAM = (sys.executable, "-m", "patchpilot")


class Terminal:
    """A process with its own session and pseudo-terminal.

    `seen` contains all output, including escape sequences. `started` is the start time
    (perf_counter). `rate` limits reading to this many bytes per second, like a slow connection.
    """

    rate = 0

    def __init__(
        self,
        argv: Sequence[str],
        cwd: Path,
        *,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
        new_session: bool = True,
    ) -> None:
        master, slave = pty.openpty()
        self.resize(size, slave)
        environment = {**os.environ, "TERM": "xterm-256color", **(env or {})}
        for name in ("COLUMNS", "LINES"):
            environment.pop(name, None)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=new_session,
        )
        os.close(slave)
        self._master, self.seen = master, ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def resize(self, size: tuple[int, int], file: int | None = None) -> None:
        fcntl.ioctl(
            self._master if file is None else file,
            termios.TIOCSWINSZ,
            struct.pack("HHHH", size[1], size[0], 0, 0),
        )

    def read(self, patience: float = 0.1) -> bool:
        """Wait at most this many seconds for output, and read it.

        Return False if there is none.
        """
        poller = select.poll()
        poller.register(self._master, select.POLLIN | select.POLLHUP)
        if not poller.poll(patience * 1000):
            return False
        if self.rate:
            time.sleep(PIECE / self.rate)
        try:
            limit = PIECE if self.rate else 1 << 20
            self.seen += os.read(self._master, limit).decode("utf-8", "replace")
        except OSError:  # the process closed the terminal
            return False
        return True

    def wait_for(self, *words: str, since: int = 0) -> float:
        """Read until the output after offset `since` contains all words. Return the time at that
        point.
        """
        deadline = time.monotonic() + PATIENCE
        while any(word not in self.seen[since:] for word in words):
            alive = self.read() or self.process.poll() is None
            assert alive, (words, self.seen[-2000:])
            assert time.monotonic() < deadline, (words, self.seen[-2000:])
        return time.perf_counter()

    def quiet(self, seconds: float = 0.3) -> float:
        """Read until there is no output for this many seconds.

        Return the time of the last output.
        """
        last_output = time.perf_counter()
        while self.read(seconds):
            last_output = time.perf_counter()
        return last_output

    def type(self, text: str) -> int:
        """Press keys, and return the offset in `seen` at which the program's response starts."""
        os.write(self._master, text.encode())
        return len(self.seen)

    def latency(self, key: str) -> float:
        """Return the seconds from a key press to the next output.

        Raise AssertionError if there is none.
        """
        start = time.perf_counter()
        self.type(key)
        assert self.read(10.0), f"no answer to {key!r}"
        return time.perf_counter() - start

    def cpu(self) -> float:
        """Return the CPU time used by the process's threads, in seconds."""
        nanoseconds = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            # a thread may end during the loop
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                nanoseconds += int((task / "schedstat").read_text().split()[0])
        return nanoseconds / 1e9

    def queued(self) -> float:
        """Return how long the main thread has waited for a CPU, in seconds."""
        return (
            int(
                Path(f"/proc/{self.process.pid}/task/{self.process.pid}/schedstat")
                .read_text()
                .split()[1]
            )
            / 1e9
        )

    def kill(self) -> None:
        """Kill the process and its children with SIGKILL."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def close(self) -> None:
        """Hang up, as if the terminal window were closed."""
        os.close(self._master)
        self._master = -1

    def end(self) -> int:
        """Wait for the process to exit, and return its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read()
        self.quiet(0.05)
        code = self.process.poll()
        self.kill()
        assert code is not None, f"it did not end: {self.seen[-2000:]}"
        return code


class TerminalCommand(Terminal):
    """A `patchpilot` command with a controlling terminal on which it can ask for a password."""

    def __init__(self, *words: str) -> None:
        super().__init__(("setsid", "--ctty", *PROGRAM, *words), Path.cwd(), new_session=False)
