# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert SMTP replies to delivery outcomes (RFC 5321, 4.2).

Replies are interpreted differently before and after the final line of the body.
"""

from patchpilot.model.message import MailState
from patchpilot.outgoing.mail_state import Outcome, Retry

NO_ANSWER = "the connection ended after the mail was handed over, before the server answered"
_CLOSING = (221, 421)
_LOGIN_REQUIRED = 530


def is_accepting_reply(code: int) -> bool:
    """Return whether a reply to the end of a message means that the message was accepted.

    The reply must be positive, and must not be a greeting, a goodbye or a reply to a login.
    """
    return 200 <= code < 300 and not 210 <= code < 240


def parse_final_reply(code: int, text: str) -> Outcome:
    """Return the outcome for a reply to the end of a message.

    The outcome is unknown if the reply is invalid at this point.
    """
    if is_accepting_reply(code):
        return Outcome(MailState.ACCEPTED, text)
    if 400 <= code < 600:
        return Outcome(MailState.REJECTED, text, _choose_retry(code))
    return Outcome(
        MailState.UNKNOWN,
        f"the server answered {text}, which neither accepts nor rejects the mail",
    )


def parse_early_reply(code: int, text: str, *, reused: bool) -> Outcome:
    """Return the outcome for a reply that ends the transaction before the body is sent.

    `reused` is set if the connection was already used for another message.
    """
    if reused and code in (*_CLOSING, _LOGIN_REQUIRED):
        return Outcome(MailState.PENDING, text, Retry.NEW_CONNECTION)
    if 400 <= code < 600:
        return Outcome(MailState.REJECTED, text, _choose_retry(code))
    return Outcome(MailState.PENDING, f"unexpected reply: {text}", Retry.LATER)


def make_lost_connection_outcome(reason: str, *, reused: bool) -> Outcome:
    """Return the outcome after the connection was lost before the final line was sent."""
    return Outcome(
        MailState.PENDING,
        "the connection was lost before the mail was complete, so the server cannot have accepted"
        f" it: {reason}",
        Retry.NEW_CONNECTION if reused else Retry.LATER,
    )


def _choose_retry(code: int) -> Retry:
    return Retry.LATER if code < 500 else Retry.NO
