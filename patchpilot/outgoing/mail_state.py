# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the outcomes of sending a message, and the callbacks used while sending."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from patchpilot.model.message import MailState
from patchpilot.urls import hide_url_credentials


class Retry(IntEnum):
    """How to retry a message that was certainly not accepted.

    It is not retried, retried on a new connection, or retried later.
    """

    NO = 0
    NEW_CONNECTION = 1
    LATER = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of sending one message.

    `detail` is the reply of the server or program.
    """

    state: MailState
    detail: str = ""
    retry: Retry = Retry.NO

    def __post_init__(self) -> None:
        # hide passwords in the detail, because it is stored and may be the output of a program
        object.__setattr__(self, "detail", hide_url_credentials(self.detail))


Report = Callable[[int, Outcome], None]
"""A callback that takes a message's position and outcome, before (`sending`) and after each
attempt.

The outcome must be on disk when it returns.
"""


def ignore_report(index: int, outcome: Outcome) -> None:
    """Ignore the outcome; this is the callback if nothing has to be recorded."""


Stop = Callable[[], bool]
"""A callback, called between messages, that returns whether to stop."""


def never_stops() -> bool:
    return False
