# SPDX-License-Identifier: GPL-2.0-or-later
"""Deliver messages one at a time, for transports that support it.

The outbox is updated before and after each attempt.
"""

from collections.abc import Callable
from functools import partial

from patchpilot.model.message import MailState, Message
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.retries import Retries, wait_unless_stopped
from patchpilot.outgoing.smtp import Submission
from patchpilot.outgoing.transport import Delivery


def deliver_each(delivery: Delivery, hand_over: Callable[[Message], Outcome]) -> None:
    """Deliver the pending messages in order.

    Stop if a message is not accepted or a stop is requested. `hand_over` sends one message and
    returns its outcome; it raises no exception for remote errors. It is called again if the outcome
    allows a retry.
    """
    retries = Retries(delivery.stopping, delivery.progress)
    for entry in delivery.send.waiting_messages:
        if delivery.stopping():
            return
        should_try = True
        while should_try:
            delivery.report(entry.position, Outcome(MailState.SENDING))
            retries.begin(entry.position)
            outcome = hand_over(entry)
            delivery.report(entry.position, outcome)
            should_try = retries.wait_for_retry(outcome)
        if outcome.state is not MailState.ACCEPTED:
            delivery.report(entry.position, retries.add_attempts(outcome))
            return


def deliver_previewed_messages(delivery: Delivery) -> str:
    """Send the pending messages exactly as previewed, over a direct SMTP connection.

    Return the result of the login: "accepted", "refused" or "".
    """
    with Submission(delivery.account, delivery.credential) as submission:
        deliver_each(delivery, partial(_send_message, submission, delivery))
        return submission.login


def _send_message(submission: Submission, delivery: Delivery, message: Message) -> Outcome:
    """Send one message exactly as previewed.

    Reconnect after every `sendemail.smtpBatchSize` messages.
    """
    size, delay = map(delivery.account.number, ("smtpbatchsize", "smtprelogindelay"))
    if size and submission.mails_sent >= size:
        submission.close()
        wait_unless_stopped(delay, delivery.stopping)
    return submission.send(
        message.envelope_from, delivery.envelope_recipients(message), message.raw
    )
