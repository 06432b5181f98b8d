# SPDX-License-Identifier: GPL-2.0-or-later
"""Creates the report shown after a send.

The report contains links to the sent messages, the next steps, and when to expect a
reply.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from patchpilot.commits.repository import Repository
from patchpilot.model.action import Advice
from patchpilot.model.bounded_date import stored_time
from patchpilot.model.counted import counted
from patchpilot.model.message import MailState, Message
from patchpilot.projects.loading import default_project, find_project
from patchpilot.services.send.sending import Sending
from patchpilot.topic.reroll import link_to


@dataclass(frozen=True, slots=True)
class SendReport:
    """The report of a finished send.

    Contains a headline with the number of accepted messages, the messages, the archive's URL of
    the first accepted one ("" for none), the next steps, and the time when the send started.
    """

    headline: str
    mails: tuple[Message, ...]
    link: str
    now: tuple[Advice, ...]
    at: datetime | None = None


def send_report(
    repository: Repository, sending: Sending, today: date | None = None
) -> SendReport:
    """Returns the report of a send.

    The report suggests a date for a reminder, counted from `today`.
    """
    send = sending.send
    base = (
        link_to(send, repository).rstrip("/").removesuffix(send.entries[0].message_id)
    )
    accepted = [
        entry.message_id for entry in send.entries if entry.state is MailState.ACCEPTED
    ]
    report = SendReport(
        f"v{send.version}: {len(accepted)} of {counted(len(send.entries), 'message')} accepted",
        send.entries,
        f"{base}{accepted[0]}/" if base and accepted else "",
        sending.advice,
        stored_time(send.begun).astimezone(),
    )
    if sending.outcome != "sent" or sending.draft.is_undisclosed:
        return report
    profile = sending.request.profile
    project = find_project(profile) if profile else default_project()
    days = project.mail.waiting_days
    remind = (today or datetime.now().astimezone().date()) + timedelta(days=days)
    return replace(
        report,
        now=(
            *report.now,
            "test bots usually reply within a day or two, reviewers within several days",
            (
                f"{project.title} asks to wait {counted(days, 'day')} before a reminder: until"
                f" {remind:%Y-%m-%d}"
            ),
        ),
    )
