# SPDX-License-Identifier: GPL-2.0-or-later
"""One `git cat-file --batch` for many objects, which avoids a process for each."""

import contextlib
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from patchpilot.commits.run import environment, git_argv, stop
from patchpilot.errors import GitError


class CatFile:
    """A running `git cat-file --batch`. Thread-safe; close it, or use it as a context manager."""

    def __init__(self, repo: Path, env: Mapping[str, str] | None = None) -> None:
        self._argv = git_argv(repo, "cat-file", "--batch")
        self._env = environment(env)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "CatFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process:
                for stream in (self._process.stdin, self._process.stdout):
                    if stream:
                        # input that git did not read before it ended
                        with contextlib.suppress(BrokenPipeError):
                            stream.close()
                stop(self._process)
                self._process = None

    def get(self, name: str) -> tuple[str, str, bytes] | None:
        """(id, type, content) of an object by id or `rev:path`; None when there is none."""
        if "\n" in name:
            return None
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    self._argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=self._env,
                    start_new_session=True,
                )
            stdin, stdout = self._process.stdin, self._process.stdout
            assert stdin is not None
            assert stdout is not None
            with contextlib.suppress(BrokenPipeError):
                stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
                stdin.flush()
            head = stdout.readline()
            if not head:
                raise GitError(
                    "git cat-file exited unexpectedly",
                    hint="in a partial clone, run `git fetch --refetch --no-filter`; otherwise run `git fsck`",
                )
            words = head.rstrip(b"\n").rsplit(b" ", 2)
            if len(words) < 3 or not words[2].isdigit():
                return None
            content = stdout.read(int(words[2]))
            stdout.read(1)
            return words[0].decode(), words[1].decode(), content
