# SPDX-License-Identifier: GPL-2.0-or-later
"""Run many merges in a single `git merge-tree --stdin` process."""

import contextlib
import os
import select
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from patchpilot.commits.git_command import git_environment
from patchpilot.commits.pinned_git import make_git_argv
from patchpilot.commits.run import stop_process

_FIRST = 5.0
_LONGEST = 60.0


class MergeProcess:
    """A running `git merge-tree --stdin` process.

    It is thread-safe, and must be closed or used as a context manager. Before version 2.50, git
    writes its output only when the buffer is full. Therefore, each request is followed by `filler`,
    a pair of commits whose output is longer than the buffer and is discarded. If git lacks
    `--stdin` (before 2.38) or still does not write its output, the process is not used again.
    """

    def __init__(
        self, repo: Path, filler: tuple[str, str], env: Mapping[str, str] | None = None
    ) -> None:
        self._argv = make_git_argv(
            repo, "merge-tree", "--write-tree", "--stdin", "--messages", "-z"
        )
        self._repo, self._env = repo, env
        self._filler = filler
        self._process: subprocess.Popen[bytes] | None = None
        self._fields: Iterator[str] = iter(())
        self._is_usable = True
        self._deadline = 0.0
        self._lock = threading.Lock()

    def __enter__(self) -> "MergeProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Terminate the `git merge-tree` process."""
        with self._lock:
            self._stop()

    def merge(self, ours: str, theirs: str) -> tuple[bool, list[str]] | None:
        """Merge two commits.

        Return whether the merge is clean, and the output fields of `git merge-tree -z --messages`,
        or None if the caller must run git separately.
        """
        with self._lock:
            if not self._is_usable:
                return None
            try:
                if self._process is None:
                    self._start()
                self._deadline = time.monotonic() + _LONGEST
                return self._ask(ours, theirs)
            except (OSError, EOFError):
                self._is_usable = False
                self._stop()
            except BaseException:
                # the rest of a partly read result would be mistaken for the next result
                self._stop()
                raise
            return None

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=git_environment(self._env, repo=self._repo),
            start_new_session=True,
        )
        self._fields = self._read()
        self._deadline = time.monotonic() + _FIRST
        self._write(*self._filler)
        self._ask(*self._filler)

    def _stop(self) -> None:
        if self._process:
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    with contextlib.suppress(OSError):
                        stream.close()
            stop_process(self._process)
            self._process = None

    def _ask(self, ours: str, theirs: str) -> tuple[bool, list[str]]:
        self._write(ours, theirs)
        self._write(*self._filler)
        # first skip the result of the previous request's filler
        self._answer()
        return self._answer()

    def _write(self, ours: str, theirs: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{ours} {theirs}\n".encode())
        self._process.stdin.flush()

    def _answer(self) -> tuple[bool, list[str]]:
        """Read one result: the tree, the conflicted entries up to an empty field, and the messages.

        The messages end at a field that is not a number of paths: an empty one, or git's advice for
        a conflicted submodule.
        """
        status = next(self._fields)
        if status not in ("0", "1"):
            raise EOFError(status)
        result = []
        for field in self._fields:
            result.append(field)
            if not field:
                break
        for field in self._fields:
            result.append(field)
            if not field.isdigit():
                break
            result += islice(self._fields, int(field) + 2)
        return status == "1", result

    def _read(self) -> Iterator[str]:
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        # select() rejects descriptors above 1023
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        remainder = b""
        while True:
            if not poll.poll(max(0.0, self._deadline - time.monotonic()) * 1000):
                raise EOFError("no answer")
            data = os.read(descriptor, 1 << 16)
            if not data:
                raise EOFError("git ended")
            *fields, remainder = (remainder + data).split(b"\0")
            for field in fields:
                yield field.decode("utf-8", "surrogateescape")
