# SPDX-License-Identifier: GPL-2.0-or-later
"""A journal for temporary changes to b4's tracking data.

The original data is on disk before the change, so that a killed process leaves no branch
enrolled.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError
from patchpilot.model.message import MailState
from patchpilot.outgoing.b4.b4_command import INHERITED
from patchpilot.outgoing.b4.enrollment import branch_tracking, write_branch_tracking
from patchpilot.outgoing.outbox import Outbox
from patchpilot.resources import store_json
from patchpilot.series.topic_database import state_folder

PATIENCE = 60.0
"""Seconds that a preview waits for another one of the same repository, or a start for a b4 that
outlived its killed patchpilot.
"""
_SENT = (MailState.ACCEPTED, MailState.UNKNOWN, MailState.SENDING)


@dataclass(frozen=True, slots=True)
class _Changed:
    """A branch's section as it was before its tracking data was changed.

    `send` is the send it was changed for, None for a preview.
    """

    branch: str
    before: dict[str, tuple[str, ...]] = field(default_factory=dict)
    send: int | None = None


@contextlib.contextmanager
def journaled(
    repository: Repository, branch: str, send: int | None = None
) -> Iterator[None]:
    """Locks b4's tracking data of a branch and restores it at the end.

    Each b4 process that is started meanwhile holds the lock as well, so that the data stays
    locked while b4 runs even if patchpilot has ended. The data is not restored if messages of the
    send were sent with it; b4 then keeps the record.
    """
    folder = _folder(repository)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock(folder) as lock:
        if lock is None:
            raise RefusedError(
                "another patchpilot process is running b4 in this repository",
                hint="wait for it to finish, or use --via git-send-email",
            )
        _put_back(repository, folder)
        _write(folder, _Changed(branch, branch_tracking(repository, branch), send))
        inherited = INHERITED.set((lock,))
        try:
            yield
        finally:
            INHERITED.reset(inherited)
            _put_back(repository, folder)


def recover(repository: Repository) -> None:
    """Restores the tracking data that a killed patchpilot process left changed."""
    folder = _folder(repository)
    record = _read(folder)
    if record is None:
        return
    # a running send needs its tracking data, and a preview is soon through
    with _lock(folder, PATIENCE if record.send is None else 0.0) as lock:
        if lock is not None:
            _put_back(repository, folder)


def _put_back(repository: Repository, folder: Path) -> None:
    """Undo what is in writing as changed."""
    record = _read(folder)
    if record is None:
        return
    there = repository.find(f"refs/heads/{record.branch}") is not None
    differs = branch_tracking(repository, record.branch) != record.before
    if there and differs and not _stays(repository, record):
        write_branch_tracking(repository, record.branch, record.before)
    (folder / "opened.json").unlink(missing_ok=True)


def _stays(repository: Repository, record: _Changed) -> bool:
    """Whether the tracking data is to stay as it is now: mails were sent with it, or b4 itself has
    noted a send since.
    """
    if record.send is not None:
        with Outbox() as outbox:
            send = outbox.find(record.send)
        # an outbox that was lost or put back from a copy knows nothing of it: then there is nothing
        # to keep
        return (
            send is not None
            and send.kind != "to-self"
            and any(entry.state in _SENT for entry in send.entries)
        )
    known = prep_branch(repository, record.branch)
    noted = json.dumps(record.before.get("b4-tracking", ()))
    return known is not None and any(
        id_ not in noted for _, ids in known.history for id_ in ids
    )


@contextlib.contextmanager
def _lock(folder: Path, patience: float = PATIENCE) -> Iterator[int | None]:
    """Try to hold the tracking data of a repository; the lock's descriptor, None without it.

    The kernel lets go when we and every b4 we started are gone.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    taken, until = False, time.monotonic() + patience
    try:
        while not taken:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                taken = True
            except OSError:
                if time.monotonic() >= until:
                    break
                time.sleep(0.05)
        yield descriptor if taken else None
    finally:
        os.close(descriptor)


def _folder(repository: Repository) -> Path:
    name = hashlib.sha256(os.fsencode(repository.common_dir.resolve())).hexdigest()[:24]
    return state_folder() / "b4-books" / name


def _read(folder: Path) -> _Changed | None:
    try:
        data = json.loads((folder / "opened.json").read_text(encoding="utf-8"))
        before = {
            str(key): tuple(str(value) for value in values)
            for key, values in data["before"].items()
        }
        return _Changed(str(data["branch"]), before, data["send"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(folder: Path, change: _Changed) -> None:
    store_json(folder / "opened.json", asdict(change), "b4's record is not protected")
