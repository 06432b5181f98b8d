# SPDX-License-Identifier: GPL-2.0-or-later
"""Read and parse git objects with a single `git cat-file --batch-command` process."""

import contextlib
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import IO

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.git_command import git_environment
from patchpilot.commits.pinned_git import OLD_GIT, make_git_argv
from patchpilot.commits.run import stop_process
from patchpilot.errors import GitError
from patchpilot.model.address import Address
from patchpilot.model.bounded import EPOCH, clamp_time
from patchpilot.model.commit import Commit

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_IDENT = lazy_pattern(
    r"^(?P<name>.*?)\s*<(?P<email>[^>]*)>\s*(?P<when>-?\d+)?\s*(?P<zone>[+-]\d{4})?$"
)

_ENCODING = lazy_pattern(rb"^encoding (.*)$", re.MULTILINE)


def parse_commit(commit_id: str, raw: bytes) -> Commit:
    """Parse a raw commit object, as printed by `git cat-file commit`.

    Malformed dates and names are accepted.
    """
    head, _, body = raw.partition(b"\n\n")
    match = _ENCODING.search(head)
    encoding = match[1].decode("ascii", "replace") if match else "utf-8"
    fields: dict[str, list[str]] = {}
    for line in _decode_text(head, encoding).split("\n"):
        if not line.startswith(" "):
            name, _, value = line.partition(" ")
            fields.setdefault(name, []).append(value)
    if "tree" not in fields:
        raise GitError(f"{commit_id} is not a commit object")
    author, authored = parse_ident(fields.get("author", [""])[0])
    committer, committed = parse_ident(fields.get("committer", [""])[0])
    return Commit(
        commit_id,
        fields["tree"][0],
        tuple(fields.get("parent", ())),
        author,
        authored,
        committer,
        committed,
        _decode_text(body, encoding),
    )


def _decode_text(raw: bytes, encoding: str) -> str:
    is_utf8 = encoding.lower() in ("utf-8", "utf8")
    try:
        return raw.decode(encoding, "surrogateescape" if is_utf8 else "replace")
    except LookupError:
        return raw.decode("utf-8", "surrogateescape")


def parse_ident(text: str) -> tuple[Address, datetime]:
    """Parse `Name <email> seconds zone` in a commit into an address and a date."""
    match = _IDENT.match(text)
    if not match:
        return Address(text, ""), EPOCH
    zone = match["zone"] or "+0000"
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    try:
        date = clamp_time(int(match["when"] or 0), timezone(offset))
    except ValueError:
        date = EPOCH
    return Address(match["name"], match["email"]), date


_IMMUTABLE_NAME = lazy_pattern(r"[0-9a-f]{40}(?::|$)")
"""Names of objects that cannot change."""
_LARGEST = 1 << 20
_MOST = 64
"""Maximum size of a cached object, and maximum number of cached objects."""
_MAX_PENDING = 128
"""Number of requests sent before replies are read; they fit into a pipe."""


class CatFile:
    """A running `git cat-file --batch-command` process.

    It is thread-safe, and must be closed or used as a context manager.
    """

    def __init__(self, repo: Path, env: Mapping[str, str] | None = None) -> None:
        self._argv = make_git_argv(repo, "cat-file", "--batch-command")
        self._repo, self._env = repo, env
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._cache: dict[str, tuple[str, str, bytes]] = {}

    def __enter__(self) -> "CatFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Terminate the `git cat-file` process."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._process:
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    # git exited before reading all of its input
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            stop_process(self._process)
            self._process = None

    def get(self, name: str) -> tuple[str, str, bytes] | None:
        """Return the id, type and content of an object, or None if it does not exist.

        `name` is an id or `rev:path`.
        """
        if "\n" in name:
            return None
        with self._lock:
            if name in self._cache:
                return self._cache[name]
            stdin, stdout = self._open_streams()
            _send_requests(stdin, [name])
            result = _read_object(stdout)
            if result and len(result[2]) <= _LARGEST and _IMMUTABLE_NAME.match(name):
                if len(self._cache) == _MOST:
                    del self._cache[next(iter(self._cache))]
                self._cache[name] = result
            return result

    def info(self, name: str) -> tuple[str, str] | None:
        """Return the id and type of an object.

        Return None if it does not exist or the name is ambiguous.
        """
        if "\n" in name:
            return None
        with self._lock:
            stdin, stdout = self._open_streams()
            _send_requests(stdin, [name], "info")
            return _read_info(stdout)

    def many(self, ids: Iterable[str]) -> Iterator[tuple[str, tuple[str, str, bytes] | None]]:
        """Yield the name and the object for each id or `id:path`, in order; objects are as in
        `get`.

        Several requests are sent before their results are read.
        """
        remaining = iter(ids)
        while batch := list(islice(remaining, _MAX_PENDING)):
            yield from zip(batch, self._read_batch(batch), strict=True)

    def _read_batch(self, names: Sequence[str]) -> list[tuple[str, str, bytes] | None]:
        with self._lock:
            stdin, stdout = self._open_streams()
            _send_requests(stdin, names)
            try:
                return [_read_object(stdout) for _ in names]
            except BaseException:
                # unread replies would be mistaken for replies to later requests
                self._stop()
                raise

    def _open_streams(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=git_environment(self._env, repo=self._repo),
                start_new_session=True,
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        return stdin, stdout


def _send_requests(stdin: IO[bytes], names: Sequence[str], command: str = "contents") -> None:
    with contextlib.suppress(BrokenPipeError):
        stdin.write(
            "".join(f"{command} {name}\n" for name in names).encode("utf-8", "surrogateescape")
        )
        stdin.flush()


def _read_object(stdout: IO[bytes]) -> tuple[str, str, bytes] | None:
    fields = _read_header(stdout)
    if fields is None:
        return None
    content = stdout.read(int(fields[2]))
    stdout.read(1)
    return fields[0].decode(), fields[1].decode(), content


def _read_info(stdout: IO[bytes]) -> tuple[str, str] | None:
    fields = _read_header(stdout)
    return (fields[0].decode(), fields[1].decode()) if fields else None


def _read_header(stdout: IO[bytes]) -> list[bytes] | None:
    line = stdout.readline()
    if not line:
        raise GitError(
            "git cat-file exited unexpectedly",
            hint=(
                f"{OLD_GIT}; in a partial clone, run `git fetch --refetch --no-filter`; otherwise"
                " run `git fsck`"
            ),
        )
    fields = line.rstrip(b"\n").rsplit(b" ", 2)
    return None if len(fields) < 3 or not fields[2].isdigit() else fields
