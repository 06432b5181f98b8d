# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets a topic's mails when everything that adds recipients is counted: the plan of
`maintainers`, configuration, answers.
"""

from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.model.address import AddressState, judge
from patchpilot.model.patch import Series
from patchpilot.model.recipient import Recipient
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_account import read_account
from patchpilot.services.send.mail_recipients import addressees
from patchpilot.services.send.recipient_advice import RecipientAdvice, recipient_advice
from patchpilot.topic.find_topic import find_topic
from patchpilot.topic.topic_project import project_of
from patchpilot.topic.topic_recipients import Planned, plan_series


@dataclass(frozen=True, slots=True)
class CountedRecipients:
    """The plan, the recipients of the mails as `send` counts them, and of what they are (the
    series, or one patch); what the sender should know.
    """

    planned: Planned
    recipients: tuple[Recipient, ...]
    remarks: tuple[str, ...]
    about: str
    advice: tuple[RecipientAdvice, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, Recipient], ...]:
        """(header or "out", recipient), those left out last."""
        left_out = (("out", recipient) for recipient in self.planned.left_out)
        return (
            *((recipient.header.title(), recipient) for recipient in self.recipients),
            *left_out,
        )


def count_recipients(
    repository: Repository, request: SendRequest, patch: int | None = None
) -> CountedRecipients:
    """The recipients of the topic of `request`, or of one patch of it (by its index, from either
    end).
    """
    topic = find_topic(repository, request)
    series, draft = topic.series, topic.draft
    whole, about = series, "the series" if len(series.patches) > 1 else "the patch"
    if patch is not None and len(series.patches) > 1:
        only = series.patches[patch % len(series.patches)]
        series, about = Series((only,)), f"only {only.subject.title}"
    project = project_of(repository, request.profile, series)
    planned = plan_series(
        series, repository, profile=project.name, undisclosed=draft.is_undisclosed
    )
    account = read_account(repository, request.identity)
    counted = addressees(repository, request, account, draft, series, planned, project)
    out = {recipient.address.key for recipient in planned.left_out}
    kept = tuple(
        recipient
        for recipient in counted.recipients
        if recipient.address.key not in out
    )
    advice = recipient_advice(
        repository, planned.plan, counted.remarks, whole, draft, project, request.base
    )
    return CountedRecipients(planned, kept, counted.remarks, about, advice)


def is_sendable(email: str) -> bool:
    """Whether mail can be sent to an address: no server takes a bad one, and git send-email none
    whose domain has no dot.
    """
    return (
        "." in email.rpartition("@")[2] and judge(email).state is not AddressState.BAD
    )
