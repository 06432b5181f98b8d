# SPDX-License-Identifier: GPL-2.0-or-later
"""Retry messages that were not accepted, a few times and with delays.

Waiting is shown as progress and can be interrupted.
"""

import time

from patchpilot.model.message import MailState
from patchpilot.model.progress import Progress
from patchpilot.outgoing.mail_state import Outcome, Retry, Stop

WAITS = (1.0, 4.0, 10.0)
"""Seconds to wait before the second, third and fourth attempt."""
PATIENCE = 180.0
"""Seconds after which a message is no longer retried."""
_POLL_INTERVAL = 0.2


class Retries:
    """Count the attempts to send the current message, and decide whether to try again."""

    def __init__(self, stopping: Stop, progress: Progress) -> None:
        self._stopping, self._progress = stopping, progress
        self._mail, self._tries, self._first_try = -1, 0, 0.0
        self._reconnected = False

    def begin(self, mail: int) -> None:
        """Record the start of an attempt to send this message."""
        if mail != self._mail:
            self._mail, self._tries, self._first_try, self._reconnected = (
                mail,
                0,
                time.monotonic(),
                False,
            )
        self._tries += 1

    def wait_for_retry(self, outcome: Outcome) -> bool:
        """Return whether to send the message again after this outcome.

        If so, first wait if necessary.
        """
        if outcome.retry is Retry.NO or self._stopping():
            return False
        if outcome.retry is Retry.NEW_CONNECTION and not self._reconnected:
            # do not count this as an attempt, because a server may close the connection after each
            # message
            self._reconnected = True
            self._tries -= 1
            return True
        if self._tries > len(WAITS) or time.monotonic() - self._first_try > PATIENCE:
            return False
        return self._wait(WAITS[self._tries - 1], outcome.detail)

    def add_attempts(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the number of attempts, if there was more than one."""
        if self._tries < 2 or outcome.state is MailState.ACCEPTED:
            return outcome
        return Outcome(outcome.state, f"{outcome.detail} ({self._tries} tries)")

    def _wait(self, seconds: float, reason: str) -> bool:
        # progress is not updated this soon after another line was printed, so wait before showing
        # it
        time.sleep(min(_POLL_INTERVAL, seconds))
        self._progress(f"try {self._tries + 1} of {len(WAITS) + 1} in {seconds:.0f} s: {reason}")
        wait_unless_stopped(seconds - _POLL_INTERVAL, self._stopping)
        return not self._stopping()


def wait_unless_stopped(seconds: float, stopping: Stop) -> None:
    """Sleep for this many seconds, or until `stopping` returns true."""
    end = time.monotonic() + seconds
    while (remaining := end - time.monotonic()) > 0 and not stopping():
        time.sleep(min(_POLL_INTERVAL, remaining))
