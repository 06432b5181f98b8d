# SPDX-License-Identifier: GPL-2.0-or-later
"""Name the messages that have left when an error ends a send.

The outbox may be unable to store this, for example because the disk is full.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from patchpilot.errors import PatchpilotError
from patchpilot.model.message import MailState, Message
from patchpilot.model.printable import format_count
from patchpilot.outgoing.mail_state import Outcome, Report

_MOST_SUBJECTS = 3
_MAY_HAVE_LEFT = (MailState.SENDING, MailState.UNKNOWN)


class SentSoFar:
    """The outcomes of one attempt to send, in memory. `record` stores an outcome on disk."""

    def __init__(self, entries: Sequence[Message], record: Report) -> None:
        self._entries = entries
        self._record = record
        self._states: dict[int, MailState] = {}

    def report(self, index: int, outcome: Outcome) -> None:
        """Store an outcome.

        The state `sending` counts once it is on disk, because the message is sent after that.
        """
        if outcome.state is not MailState.SENDING:
            self._states[index] = outcome.state
        self._record(index, outcome)
        self._states[index] = outcome.state

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Add the messages that left, or may have left, to an error."""
        try:
            yield
        except PatchpilotError as error:
            if words := self._describe():
                error.message = f"{error.message}; {words}"
                error.args = (error.message,)
                error.advice = (
                    f"{error.hint}; these messages are not sent again"
                    if (error.hint)
                    else "these messages are not sent again"
                )
            raise

    def _describe(self) -> str:
        parts = []
        for words, states in (("sent", (MailState.ACCEPTED,)), ("may be sent", _MAY_HAVE_LEFT)):
            subjects = [
                self._entries[index].subject
                for index, state in sorted(self._states.items())
                if state in states
            ]
            if subjects:
                names = ", ".join(f"'{subject}'" for subject in subjects[:_MOST_SUBJECTS])
                more = ", …" if len(subjects) > _MOST_SUBJECTS else ""
                parts.append(f"{format_count(len(subjects), 'message')} {words}: {names}{more}")
        return "; ".join(parts)
