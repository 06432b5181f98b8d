# SPDX-License-Identifier: GPL-2.0-or-later
"""Lock topics while they are sent, and hold a global lock briefly.

The global lock is held while earlier sends are checked and a new one is stored. The kernel releases
a lock when its holder exits.
"""

import contextlib
import re
import time
from collections.abc import Iterator

from patchpilot.errors import RefusedError
from patchpilot.model.action import Action, Advice
from patchpilot.resources import state_folder, state_path, try_lock

PATIENCE = 30.0
"""Seconds to wait for the global lock, which is usually held for less than one."""


_RESUME = Action("send", ("--resume",), "wait for it to finish, then see `{}`")


@contextlib.contextmanager
def lock_topic_while_sending(
    change_id: str, name: str = "topic", hint: Advice = _RESUME, *, is_dry: bool = False
) -> Iterator[None]:
    """Lock a topic, or another kind of object (`name`), while sending.

    Raise RefusedError with this hint if another process holds the lock. With `is_dry`, no file is
    created: a topic without one is not locked.
    """
    file = state_path() / f"sending-{re.sub(r'[^A-Za-z0-9._-]', '_', change_id)}.lock"
    if is_dry and not file.exists():
        yield
        return
    state_folder()
    with file.open("a") as handle:
        if not try_lock(handle):
            raise RefusedError(
                f"another patchpilot process is already sending this {name}", hint=hint
            )
        yield


def is_being_sent(change_id: str) -> bool:
    """Return whether another process is sending the topic now."""
    try:
        with lock_topic_while_sending(change_id, is_dry=True):
            return False
    except RefusedError:
        return True


@contextlib.contextmanager
def hold_sender_lock() -> Iterator[None]:
    """Hold the global lock of the user.

    No other send can start while earlier sends are checked and a new one is stored.
    """
    with (state_folder() / "senders.lock").open("a") as handle:
        deadline = time.monotonic() + PATIENCE
        while not try_lock(handle):
            if time.monotonic() >= deadline:
                raise RefusedError(
                    "timed out waiting for another patchpilot process that is about to send",
                    hint="wait for it or stop it, then run the same command again",
                )
            time.sleep(0.02)
        yield
