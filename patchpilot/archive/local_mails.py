# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the messages in a local archive: a public-inbox directory or epoch, a maildir, or an mbox.

`lei q -o DIR` creates a maildir, `public-inbox-clone URL DIR` a directory of epochs.
"""

import json
from collections.abc import Container, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from patchpilot.commits.git_command import git
from patchpilot.commits.objects import CatFile
from patchpilot.errors import InputError, NetworkError
from patchpilot.model.bounded import MAX_INPUT, MAX_MAIL
from patchpilot.model.bounded_gzip import unpack_gzip
from patchpilot.model.mail import extract_mail, find_mail_bounds


class FoundMail(NamedTuple):
    """A message, its position in the archive, and its arrival time.

    The arrival time is in seconds since the epoch, or 0 if it is unknown.
    """

    position: str
    raw: bytes
    arrived: float


class LocalMails(Protocol):
    """The messages of a local archive."""

    path: Path

    def state(self) -> str:
        """Return a string that changes when messages are added or removed."""

    def read_new(
        self, state: str, known_positions: Container[str], since: float = 0.0
    ) -> Iterator[FoundMail]:
        """Yield the messages added since an earlier state, latest first if possible.

        If the state is "", yield all messages. Messages that arrived before `since` may be omitted.
        """

    def count(self, state: str, since: float = 0.0) -> int:
        """Return an upper bound for the number of messages that `read_new` yields."""

    def is_replaced(self, state: str) -> bool:
        """Return whether positions recorded with an earlier state are invalid."""
        return False

    def find_removed(self, positions: Iterator[str]) -> Iterator[str]:
        """Yield those positions that no longer contain a message."""
        return iter(())

    def read(self, position: str) -> bytes | None:
        """Return the message at a position, or None if it has been removed."""

    def close(self) -> None:
        """Close open files and processes."""


def open_local_mails(path: Path) -> LocalMails:
    """Return the messages in a local archive.

    Raise `NetworkError` if the path is not an archive, as for an unreachable remote archive.
    """
    if path.is_file():
        return _Mbox(path)
    if is_maildir(path):
        return _Maildir(path)
    epochs = list_epochs(path)
    if not epochs:
        reason = (
            "is neither a public-inbox directory, a maildir nor an mbox"
            if path.exists()
            else "does not exist"
        )
        raise NetworkError(
            f"{path} {reason}",
            hint="check the path in --lore, or in git config --global patchpilot.lore",
        )
    return _Epochs(path, epochs)


def list_epochs(path: Path) -> tuple[Path, ...]:
    """Return the epochs of a public-inbox directory, oldest first.

    If the path is itself an epoch, return only this path. If it is neither, return ().
    """
    if _is_git_repository(path):
        epochs = [path]
    else:
        epochs = [
            epoch
            for folder in ("git", "local", ".")
            for epoch in sorted((path / folder).glob("*.git"))
        ]
    return tuple(dict.fromkeys(epoch for epoch in epochs if _is_git_repository(epoch)))


def is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _is_git_repository(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir()


class _Epochs(LocalMails):
    """The epochs of a public-inbox (format v2); each commit adds a message as the file `m`."""

    def __init__(self, path: Path, epochs: tuple[Path, ...]) -> None:
        self.path = path
        self._epochs = {epoch.name: epoch for epoch in epochs}
        self._open: dict[str, CatFile] = {}

    def state(self) -> str:
        tips = {
            name: git(epoch, "rev-list", "--max-count=1", "--all").text.strip()
            for name, epoch in self._epochs.items()
        }
        return json.dumps(tips)

    def read_new(
        self, state: str, known_positions: Container[str], since: float = 0.0
    ) -> Iterator[FoundMail]:
        for name in reversed(self._epochs):
            lines = (
                line.split()
                for line in self._commits(name, state, since, "--timestamp").splitlines()
            )
            times = {
                f"{commit}:m": float(time)
                for time, commit in lines
                if f"{name}:{commit}" not in known_positions
            }
            with CatFile(self._epochs[name]) as objects:
                for blob, content in objects.many(times):
                    if (raw := _read_added_mail(content)) is not None:
                        yield FoundMail(f"{name}:{blob.removesuffix(':m')}", raw, times[blob])

    def count(self, state: str, since: float = 0.0) -> int:
        return sum(int(self._commits(name, state, since, "--count")) for name in self._epochs)

    def _commits(self, name: str, state: str, since: float, output_option: str) -> str:
        last_commit = json.loads(state).get(name) if state else None
        limits = [
            *([f"--since={int(since)}"] if since else []),
            *([f"^{last_commit}"] if last_commit else []),
        ]
        return git(self._epochs[name], "rev-list", output_option, "--all", *limits).text

    def is_replaced(self, state: str) -> bool:
        tips: dict[str, str] = json.loads(state)
        return any(
            commit
            and (
                name not in self._epochs
                or git(
                    self._epochs[name],
                    "cat-file",
                    "-e",
                    "--end-of-options",
                    commit,
                    ok=(),
                ).code
            )
            for name, commit in tips.items()
        )

    def read(self, position: str) -> bytes | None:
        name, _, commit = position.partition(":")
        if name not in self._epochs:
            return None
        if name not in self._open:
            self._open[name] = CatFile(self._epochs[name])
        return _read_added_mail(self._open[name].get(f"{commit}:m"))

    def close(self) -> None:
        for reader in self._open.values():
            reader.close()
        self._open.clear()


def _read_added_mail(content: tuple[str, str, bytes] | None) -> bytes | None:
    return content[2] if content and content[1] == "blob" and len(content[2]) <= MAX_MAIL else None


class _Maildir(LocalMails):
    """A maildir with one file per message in `new` and `cur`.

    Mail readers append flags to the file name, after a colon.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, Path] = {}

    def state(self) -> str:
        self._files = {
            file.name.partition(":")[0]: file
            for folder in ("cur", "new")
            for file in (self.path / folder).iterdir()
        }
        return json.dumps(sorted(self._files))

    def read_new(
        self, state: str, known_positions: Container[str], since: float = 0.0
    ) -> Iterator[FoundMail]:
        for position, file in sorted(self._files.items()):
            arrived = (
                file.stat().st_mtime if position not in known_positions and file.exists() else 0.0
            )
            if arrived and arrived >= since and (raw := self.read(position)) is not None:
                yield FoundMail(position, raw, arrived)

    def count(self, state: str, since: float = 0.0) -> int:
        return len(self._files)

    def find_removed(self, positions: Iterator[str]) -> Iterator[str]:
        return (position for position in positions if position not in self._files)

    def read(self, position: str) -> bytes | None:
        file = self._files.get(position)
        if file is None or not file.is_file():
            return None
        with file.open("rb") as stream:
            raw = stream.read(MAX_MAIL + 1)
        return raw if len(raw) <= MAX_MAIL else None

    def close(self) -> None:
        self._files = {}


class _Mbox(LocalMails):
    """A plain or gzipped mbox, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._data: bytes | None = None

    def state(self) -> str:
        state = self.path.stat()
        return f"{state.st_size} {state.st_mtime_ns}"

    def read_new(
        self, state: str, known_positions: Container[str], since: float = 0.0
    ) -> Iterator[FoundMail]:
        data = self._read_all()
        for start, end in find_mail_bounds(data):
            if end - start <= MAX_MAIL and f"{start}-{end}" not in known_positions:
                yield FoundMail(f"{start}-{end}", extract_mail(data, start, end), 0.0)

    def count(self, state: str, since: float = 0.0) -> int:
        return len(find_mail_bounds(self._read_all()))

    def is_replaced(self, state: str) -> bool:
        return state != self.state()

    def read(self, position: str) -> bytes | None:
        start, _, end = position.partition("-")
        return extract_mail(self._read_all(), int(start), int(end))

    def close(self) -> None:
        self._data = None

    def _read_all(self) -> bytes:
        if self._data is None:
            with self.path.open("rb") as stream:
                data = stream.read(MAX_INPUT + 1)
            if len(data) > MAX_INPUT:
                raise InputError(
                    f"{self.path}: larger than {MAX_INPUT >> 20} MiB",
                    hint="convert the file to a maildir, which has no such limit",
                )
            self._data = unpack_gzip(data, str(self.path), MAX_INPUT)
        return self._data
