# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an error names what has left, and that a missing lock is not another process.

A disk or file system can fail at every step of a send; the steps and faults are combined.
"""

import errno
import fcntl
import itertools
import os
from pathlib import Path

import pytest

from patchpilot.building.work_place import Workspace
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, PatchpilotError, RefusedError
from patchpilot.model.message import MailState
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import sender_lock
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox
from patchpilot.sending.mails import deliver_mails
from patchpilot.sending.plan import plan_sending
from patchpilot.series.database import DatabaseLayout, open_database
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic


def raise_full(*_: object) -> None:
    raise PatchpilotError("the outbox cannot be written: full", hint="free up disk space")


STEPS = {
    **{
        f"{state} {index}": ("mark", state, index)
        for index, state in itertools.product((0, 1), (MailState.SENDING, MailState.ACCEPTED))
    },
    "end": ("end", "", 0),
    "settle": ("settle", "", 0),
}
LEFT = {
    "sending 0": 0,
    "accepted 0": 1,
    "sending 1": 1,
    "accepted 1": 2,
    "end": 2,
    "settle": 2,
}


@pytest.mark.parametrize("step", STEPS)
def test_error_names_the_messages_that_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    method, state, position = STEPS[step]
    original = getattr(Outbox, method)

    def fail(self: Outbox, send_id: int, *arguments: object) -> object:
        if not arguments or (
            arguments[0] == position
            and isinstance(arguments[1], Outcome)
            and arguments[1].state == state
        ):
            raise_full()
        return original(self, send_id, *arguments)

    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        with Repository.open(repo.path) as repository:
            plan = plan_sending(repository, SendRequest(to=("l@lists.example.org",), force="x"))
            monkeypatch.setattr(Outbox, method, fail)
            with pytest.raises(PatchpilotError) as caught:
                deliver_mails(repository, plan)
        left = len(server.take())
    words = f"{caught.value.message} {caught.value.hint}"
    assert left == LEFT[step]
    assert "full" in words
    assert "nothing was changed" not in words
    subjects = [f"widget: change line {number}" in words for number in (1, 2)]
    assert subjects == [left > 0, left > 1]
    assert ("not sent again" in words) is (left > 0)


def test_hint_for_a_full_disk_has_the_folder(tmp_path: Path) -> None:
    layout = DatabaseLayout("the outbox", ("CREATE TABLE t (x TEXT);",))
    (tmp_path / "a b").mkdir()
    database = open_database(tmp_path / "a b" / "x.sqlite3", layout)
    database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(PatchpilotError) as caught:
        database.execute("INSERT INTO t VALUES (?)", ("x" * 100_000,))
    database.close()
    assert f"df -h '{tmp_path}/a b'" in str(caught.value.hint)
    assert "nothing was changed" not in str(caught.value.hint)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO, errno.EWOULDBLOCK])
@pytest.mark.parametrize("lock", ["topic", "global", "build"])
def test_missing_locks_are_not_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    monkeypatch.setattr(sender_lock, "PATIENCE", 0.05)
    (tmp_path / "w").mkdir(mode=0o700)
    context = {
        "topic": sender_lock.lock_topic_while_sending("x"),
        "global": sender_lock.hold_sender_lock(),
        "build": Workspace(tmp_path / "w").lock(),
    }[lock]
    with pytest.raises(PatchpilotError) as caught, context:
        pass
    is_other = number == errno.EWOULDBLOCK
    assert ("another" in caught.value.message) is is_other
    if not is_other:
        assert isinstance(caught.value, InputError)
        assert not isinstance(caught.value, RefusedError)
        assert os.strerror(number) in caught.value.message
