# SPDX-License-Identifier: GPL-2.0-or-later
"""Creates the report shown after a send.

The report contains links to the sent messages, the next steps, and when to expect a
reply.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from patchpilot.commits.repository import Repository
from patchpilot.model.action import Advice
from patchpilot.model.bounded_date import stored_time
from patchpilot.model.counted import counted
from patchpilot.model.message import MailState
from patchpilot.outgoing.outbox import Outbox
from patchpilot.projects.loading import default_project, find_project
from patchpilot.services.send.send_plan import SendPlan, SendResult
from patchpilot.topic.reroll import link_to


@dataclass(frozen=True, slots=True)
class SentMail:
    """A message of a send, with its state, subject, Message-ID and the server's response.

    `link` is the message's URL in the archive, empty if the message was not accepted.
    """

    state: MailState
    subject: str
    message_id: str
    detail: str
    link: str


@dataclass(frozen=True, slots=True)
class SendReport:
    """The report of a finished send.

    Contains a headline with the number of accepted messages, the messages, the next steps,
    and the time when the send started.
    """

    headline: str
    mails: tuple[SentMail, ...]
    now: tuple[Advice, ...]
    at: datetime | None = None


def send_report(
    repository: Repository,
    plan: SendPlan,
    result: SendResult,
    today: date | None = None,
) -> SendReport:
    """Returns the report of a send.

    The report suggests a date for a reminder, counted from `today`.
    """
    with Outbox() as outbox:
        sends = [
            send
            for send in outbox.sends(result.change_id)
            if send.version == result.version
        ]
    first = sends[-1].entries[0].message_id if sends else ""
    at = stored_time(sends[-1].begun).astimezone() if sends else None
    base = (
        link_to(sends[-1], repository).rstrip("/").removesuffix(first) if sends else ""
    )
    accepted = [message.state is MailState.ACCEPTED for message in result.messages]
    mails = tuple(
        SentMail(
            message.state,
            message.subject,
            message.message_id,
            message.detail,
            f"{base}{message.message_id}/"
            if base and message.state is MailState.ACCEPTED
            else "",
        )
        for message in result.messages
    )
    headline = f"v{result.version}: {sum(accepted)} of {counted(len(accepted), 'message')} accepted"
    if result.state != "sent" or plan.draft.is_undisclosed:
        return SendReport(headline, mails, result.advice, at)
    project = (
        find_project(plan.request.profile)
        if plan.request.profile
        else default_project()
    )
    days = project.mail.waiting_days
    remind = (today or datetime.now().astimezone().date()) + timedelta(days=days)
    return SendReport(
        headline,
        mails,
        (
            *result.advice,
            "test bots usually reply within a day or two, reviewers within several days",
            (
                f"{project.title} asks to wait {counted(days, 'day')} before a reminder: until"
                f" {remind:%Y-%m-%d}"
            ),
        ),
        at,
    )
