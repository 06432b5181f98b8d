# SPDX-License-Identifier: GPL-2.0-or-later
"""b4's books are opened for a while: what they were is in writing first, so that a kill in between leaves no branch enrolled."""

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
from patchpilot.outgoing.b4.command import INHERITED
from patchpilot.outgoing.b4.enrollment import branch_tracking, write_branch_tracking
from patchpilot.outgoing.mail_state import MailState
from patchpilot.outgoing.outbox import Outbox
from patchpilot.series.topic_database import state_folder

PATIENCE = 60.0
"""Seconds that a preview waits for another one of the same repository, or a start for a b4 that outlived its killed patchpilot."""
_LEFT = (MailState.ACCEPTED, MailState.UNKNOWN, MailState.SENDING)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A branch's section as it was before its books were opened; `send` is the send they were opened for, None for a preview."""

    branch: str
    before: dict[str, tuple[str, ...]] = field(default_factory=dict)
    send: int | None = None


@contextlib.contextmanager
def journaled(repository: Repository, branch: str, send: int | None = None) -> Iterator[None]:
    """Hold b4's books of a branch; every b4 called meanwhile holds them too, so that they stay held while it runs, even without us.

    They are put back at the end, unless mails of the send left with them: b4 then keeps the record.
    """
    folder = _folder(repository)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock(folder) as held:
        if not held.taken:
            raise RefusedError(
                "b4 is at work in this repository for another patchpilot", hint="wait for it to end, or use --via git-send-email"
            )
        _put_back(repository, folder)
        _write(folder, _Opened(branch, branch_tracking(repository, branch), send))
        inherited = INHERITED.set((held.descriptor,))
        try:
            yield
        finally:
            INHERITED.reset(inherited)
            _put_back(repository, folder)


def recover(repository: Repository) -> str:
    """Put back the books that a killed patchpilot left open; the branch they were of, "" when there is nothing to do."""
    folder = _folder(repository)
    left = _read(folder)
    if left is None:
        return ""
    # a running send needs its books open, and a preview is soon through
    with _lock(folder, PATIENCE if left.send is None else 0.0) as held:
        return _put_back(repository, folder) if held.taken else ""


def _put_back(repository: Repository, folder: Path) -> str:
    """Undo what is in writing as opened; the branch of which something was put back."""
    left = _read(folder)
    if left is None:
        return ""
    there = repository.find(f"refs/heads/{left.branch}") is not None
    changed = branch_tracking(repository, left.branch) != left.before
    if there and changed and not _kept(repository, left):
        write_branch_tracking(repository, left.branch, left.before)
    (folder / "opened.json").unlink(missing_ok=True)
    return left.branch if there and changed else ""


def _kept(repository: Repository, left: _Opened) -> bool:
    """Whether the books are to stay as they are now: mails left with them, or b4 itself has noted a send since."""
    if left.send is not None:
        with Outbox() as outbox:
            send = outbox.find(left.send)
        # an outbox that was lost or put back from a copy knows nothing of it: then there is nothing to keep
        return send is not None and send.kind != "to-self" and any(entry.state in _LEFT for entry in send.entries)
    known = prep_branch(repository, left.branch)
    noted = json.dumps(left.before.get("b4-tracking", ()))
    return known is not None and any(id_ not in noted for _, ids in known.history for id_ in ids)


@dataclass(slots=True)
class _Held:
    descriptor: int
    taken: bool = False


@contextlib.contextmanager
def _lock(folder: Path, patience: float = PATIENCE) -> Iterator[_Held]:
    """Try to hold a repository's books. The kernel lets go when we and every b4 we started are gone."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    held, until = _Held(descriptor), time.monotonic() + patience
    try:
        while not held.taken:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held.taken = True
            except OSError:
                if time.monotonic() >= until:
                    break
                time.sleep(0.05)
        yield held
    finally:
        os.close(descriptor)


def _folder(repository: Repository) -> Path:
    name = hashlib.sha256(os.fsencode(repository.common_dir.resolve())).hexdigest()[:24]
    return state_folder() / "b4-books" / name


def _read(folder: Path) -> _Opened | None:
    try:
        data = json.loads((folder / "opened.json").read_text(encoding="utf-8"))
        before = {str(key): tuple(str(value) for value in values) for key, values in data["before"].items()}
        return _Opened(str(data["branch"]), before, data["send"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(folder: Path, what: _Opened) -> None:
    """On disk, whole, when this returns."""
    draft = folder / "opened.new"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(what), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / "opened.json")
