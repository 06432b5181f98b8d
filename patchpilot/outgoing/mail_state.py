# SPDX-License-Identifier: GPL-2.0-or-later
"""How far a mail got, what a server's answer means for it, and the callbacks around the act of
sending.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from patchpilot.urls import public_url


class MailState(StrEnum):
    """How far a mail got. `sending` is written before the act; found later, it means `unknown`."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


WAITING = (MailState.PENDING, MailState.REJECTED)
"""The states of mails that are sent when a send is resumed."""


class Retry(IntEnum):
    """Whether a mail that is known not to have been accepted may be accepted at another try.

    On a new connection, or after a while.
    """

    NO = 0
    NEW_CONNECTION = 1
    LATER = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mail: its state, the server's or program's words, and whether another try
    may help.
    """

    state: MailState
    detail: str = ""
    retry: Retry = Retry.NO

    def __post_init__(self) -> None:
        # it is stored, and a program's words may have its arguments
        object.__setattr__(self, "detail", public_url(self.detail))


Report = Callable[[int, Outcome], None]
"""Called with a mail's place in its send and its outcome, before (`sending`) and after the act.

What it writes is on disk when it returns.
"""


def unheard(place: int, outcome: Outcome) -> None:
    """A Report that nobody hears."""


Stop = Callable[[], bool]
"""Asked between mails whether to stop."""


def never_stop() -> bool:
    """A Stop that never stops."""
    return False
