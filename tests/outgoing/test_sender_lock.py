# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that only one process at a time can send a topic."""

import subprocess
import sys

import pytest

from patchpilot.errors import RefusedError
from patchpilot.outgoing import sender_lock
from patchpilot.outgoing.sender_lock import (
    hold_sender_lock,
    is_being_sent,
    lock_topic_while_sending,
)
from patchpilot.resources import state_folder
from tests.kit.outbox import CHANGE

HOLD = (
    "import sys; from patchpilot.outgoing.sender_lock import lock_topic_while_sending\nwith"
    " lock_topic_while_sending(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
)


def test_topic_is_sent_by_one_process() -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, CHANGE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    assert other.stdin is not None
    try:
        assert other.stdout.readline() == b"held\n"
        with (
            pytest.raises(RefusedError, match="is already sending this topic") as error,
            lock_topic_while_sending(CHANGE),
        ):
            raise AssertionError("two hold the topic")
        assert error.value.hint
        assert is_being_sent(CHANGE)
        assert not is_being_sent("20261120-other-0123456789ab")
        with lock_topic_while_sending("20261120-other-0123456789ab"):
            pass
    finally:
        other.kill()
        other.wait()
        other.stdin.close()
        other.stdout.close()
    with lock_topic_while_sending(CHANGE):
        pass


def test_topic_lock_is_in_the_state_folder() -> None:
    with lock_topic_while_sending("../../a b/c"):
        assert [file.name for file in state_folder().glob("sending-*")] == [
            "sending-.._.._a_b_c.lock"
        ]


def test_wait_for_other_sender_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender_lock, "PATIENCE", 0.1)
    with hold_sender_lock():
        with (
            pytest.raises(RefusedError, match="about to send") as error,
            hold_sender_lock(),
        ):
            raise AssertionError("two check at once")
        assert error.value.hint
    with hold_sender_lock():
        pass
