# SPDX-License-Identifier: GPL-2.0-or-later
"""Read many objects through a single `git cat-file --batch-command` process."""

import contextlib
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from patchpilot.commits.run import OLD_GIT, environment, git_argv, stop
from patchpilot.errors import GitError

_AHEAD = 128
"""Objects that are asked for before the answers to as many others are read.

The question fits into a pipe.
"""


class CatFile:
    """A running `git cat-file --batch-command` process.

    It is thread-safe, and must be closed or used as a context manager.
    """

    def __init__(self, repo: Path, env: Mapping[str, str] | None = None) -> None:
        self._argv = git_argv(repo, "cat-file", "--batch-command")
        self._repo, self._env = repo, env
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "CatFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Terminate the `git cat-file` process."""
        with self._lock:
            if self._process:
                for stream in (self._process.stdin, self._process.stdout):
                    if stream:
                        # git ended before it read all input
                        with contextlib.suppress(BrokenPipeError):
                            stream.close()
                stop(self._process)
                self._process = None

    def get(self, name: str) -> tuple[str, str, bytes] | None:
        """Return (id, type, content) of an object, or None if there is no such object.

        The object is named by its id or as `rev:path`.
        """
        if "\n" in name:
            return None
        with self._lock:
            stdin, stdout = self._streams()
            _ask(stdin, [name])
            return _answer(stdout)

    def info(self, name: str) -> tuple[str, str] | None:
        """Return (id, type) of the object that git resolves a name to.

        Return None if there is no such object or the name is ambiguous.
        """
        if "\n" in name:
            return None
        with self._lock:
            stdin, stdout = self._streams()
            _ask(stdin, [name], "info")
            return _answer_info(stdout)

    def many(
        self, ids: Iterable[str]
    ) -> Iterator[tuple[str, tuple[str, str, bytes] | None]]:
        """Yield (name, object) for each id or `id:path`, in order; objects are as in `get`.

        git reads the next objects in the meantime. The reader must not be used for other requests
        until the iteration ends.
        """
        stdin, stdout = self._streams()
        rest, waiting = iter(ids), list[str]()
        try:
            while True:
                following = list(islice(rest, _AHEAD))
                _ask(stdin, following)
                for name in waiting:
                    yield name, _answer(stdout)
                waiting = following
                if not waiting:
                    return
        finally:
            if waiting:
                # unread answers would be mistaken for the next ones
                self.close()

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return standard input and output of the process, starting it if necessary."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(self._env, repo=self._repo),
                start_new_session=True,
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        return stdin, stdout


def _ask(stdin: IO[bytes], names: Sequence[str], command: str = "contents") -> None:
    with contextlib.suppress(BrokenPipeError):
        stdin.write(
            "".join(f"{command} {name}\n" for name in names).encode(
                "utf-8", "surrogateescape"
            )
        )
        stdin.flush()


def _answer(stdout: IO[bytes]) -> tuple[str, str, bytes] | None:
    words = _head(stdout)
    if words is None:
        return None
    content = stdout.read(int(words[2]))
    stdout.read(1)
    return words[0].decode(), words[1].decode(), content


def _answer_info(stdout: IO[bytes]) -> tuple[str, str] | None:
    words = _head(stdout)
    return (words[0].decode(), words[1].decode()) if words else None


def _head(stdout: IO[bytes]) -> list[bytes] | None:
    """Return an object's id, type and size, or None if there is no object."""
    head = stdout.readline()
    if not head:
        raise GitError(
            "git cat-file exited unexpectedly",
            hint=(
                f"{OLD_GIT}; in a partial clone, run `git fetch --refetch --no-filter`; otherwise"
                " run `git fsck`"
            ),
        )
    words = head.rstrip(b"\n").rsplit(b" ", 2)
    return None if len(words) < 3 or not words[2].isdigit() else words
