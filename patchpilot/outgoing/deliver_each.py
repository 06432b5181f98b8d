# SPDX-License-Identifier: GPL-2.0-or-later
"""Mails handed over one by one, by a transport that has a call for one mail: written down before
and after each try.
"""

from collections.abc import Callable
from functools import partial

from patchpilot.commits.own_commands import Use, refuse_untrusted
from patchpilot.outgoing.mail_state import MailState, Outcome
from patchpilot.outgoing.outbox import OutboxEntry
from patchpilot.outgoing.retries import Retries
from patchpilot.outgoing.smtp import Submission
from patchpilot.outgoing.transport import Delivery


def deliver_each(
    delivery: Delivery, hand_over: Callable[[OutboxEntry], Outcome]
) -> None:
    """Hand over the mails that wait, in order, until one is not accepted or the delivery is to
    stop.

    `hand_over` gives the outcome of one mail and raises nothing for what the other side does. What
    may be accepted at another try (its `retry`) is tried again.
    """
    retries = Retries(delivery.stopping, delivery.progress)
    for entry in delivery.waiting:
        if (
            delivery.stopping()
            or deliver_one(delivery, entry, hand_over, retries).state
            is not MailState.ACCEPTED
        ):
            return


def deliver_as_shown(delivery: Delivery) -> None:
    """Send the mails that wait over an SMTP session of our own, with the bytes of the preview."""
    refuse_untrusted(delivery.repository.top, Use.MAIL, Use.SERVER)
    with Submission(delivery.account, delivery.credential) as submission:
        deliver_each(delivery, partial(send_mail, submission, delivery))


def send_mail(
    submission: Submission, delivery: Delivery, entry: OutboxEntry
) -> Outcome:
    """Send one mail as it was shown."""
    return submission.send(
        entry.mail.envelope_from, delivery.envelope_recipients(entry), entry.mail.raw
    )


def deliver_one(
    delivery: Delivery,
    entry: OutboxEntry,
    hand_over: Callable[[OutboxEntry], Outcome],
    retries: Retries,
) -> Outcome:
    """Hand over one mail, again where that may help; its last outcome."""
    while True:
        delivery.report(entry.place, Outcome(MailState.SENDING))
        retries.begin(entry.place)
        outcome = hand_over(entry)
        delivery.report(entry.place, outcome)
        if not retries.again(outcome):
            break
    if outcome.state is not MailState.ACCEPTED:
        outcome = retries.with_tries(outcome)
        delivery.report(entry.place, outcome)
    return outcome
