# SPDX-License-Identifier: GPL-2.0-or-later
"""Outcomes of attempts to send a message, and callbacks for sending."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from patchpilot.model.message import MailState
from patchpilot.urls import public_url


class Retry(IntEnum):
    """The way to retry a message that was certainly not accepted: on a new connection, after a
    delay, or not at all.
    """

    NO = 0
    NEW_CONNECTION = 1
    LATER = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of sending one message: its state, the server's or program's reply, and whether
    to retry.
    """

    state: MailState
    detail: str = ""
    retry: Retry = Retry.NO

    def __post_init__(self) -> None:
        # the outcome is stored, and a program's output may contain its arguments
        object.__setattr__(self, "detail", public_url(self.detail))


Report = Callable[[int, Outcome], None]
"""Called before (`sending`) and after each message with its position in the send and its outcome.
The result must be on disk when the call returns.
"""


def ignore_report(index: int, outcome: Outcome) -> None:
    """Ignore the report."""


Stop = Callable[[], bool]
"""Called between messages; return whether to stop."""


def never_stops() -> bool:
    """Return False: do not stop."""
    return False
