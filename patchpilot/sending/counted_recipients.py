# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect the recipients of a topic from the plan of `maintainers`, the configuration and the
answers to the pre-send questions.
"""

from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.model.address import (
    AddressState,
    check_email_address,
    is_header_safe,
    parse_whole_address,
)
from patchpilot.model.recipient import Recipient
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_account import read_account
from patchpilot.recipients.topic import PlannedRecipients, plan_series
from patchpilot.sending.mail_recipients import choose_recipients
from patchpilot.sending.recipient_advice import (
    RecipientAdvice,
    find_recipient_advice,
)
from patchpilot.sending.thread_recipients import find_thread_recipients
from patchpilot.topic.find import find_topic
from patchpilot.topic.project import project_of


class CountedRecipients(NamedTuple):
    """The recipients of a series or of one patch, and advice for the sender.

    `patch` is the subject of the patch, or "" for the whole series.
    """

    planned: PlannedRecipients
    patch: str = ""
    advice: tuple[RecipientAdvice, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, Recipient], ...]:
        """Return each recipient with its header.

        Excluded recipients come last; instead of a header, they have the string `out`.
        """
        return (
            *((recipient.header.title(), recipient) for recipient in self.planned.plan.recipients),
            *(("out", recipient) for recipient in self.planned.left_out),
        )


def find_topic_recipients(
    repository: Repository, request: SendRequest, patch: int | None = None
) -> CountedRecipients:
    """Return the recipients of the topic, or of a single patch.

    `patch` is the index of the patch in the series and may be negative.
    """
    topic = find_topic(repository, request)
    series, draft = topic.series, topic.draft
    project = project_of(repository, request.profile, series)
    # the project of an undisclosed fix is mainline's, because the branch could name another one
    profile = request.profile if draft.is_undisclosed else project.name
    recipient_plan = plan_series(
        series,
        repository,
        profile=profile,
        undisclosed=draft.is_undisclosed,
        prefix=draft.prefix,
        participants=find_thread_recipients(draft),
    )
    account = read_account(repository, request.identity)
    plan = choose_recipients(repository, request, account, draft, series, recipient_plan, project)
    excluded_keys = {recipient.address.key for recipient in recipient_plan.left_out}
    recipients = tuple(
        recipient for recipient in plan.recipients if recipient.address.key not in excluded_keys
    )
    recipient_plan = recipient_plan._replace(plan=plan._replace(recipients=recipients))
    advice = find_recipient_advice(
        repository, recipient_plan.plan, series, draft, project, request.base
    )
    if patch is None or len(series.patches) < 2:
        return CountedRecipients(recipient_plan, "", advice)
    number = patch % len(series.patches)
    single_patch = series.patches[number]
    recipient_plan = recipient_plan.of_patch(number + 1, single_patch)
    return CountedRecipients(recipient_plan, single_patch.subject.title, advice)


def is_sendable_address(email: str) -> bool:
    """Return whether messages can be sent to an address.

    Servers reject invalid addresses, and git send-email rejects domains without a dot.
    """
    return (
        "." in email.rpartition("@")[2] and check_email_address(email).state is not AddressState.BAD
    )


def check_recipient_address(text: str, recipients: CountedRecipients | None) -> tuple[bool, str]:
    """Return whether an address that the user entered can be added to the recipients.

    The second value is the reason why not, or a note about the address.
    """
    address = parse_whole_address(text)
    if address is None or "@" not in address.email:
        return False, "enter Name <name@example.org>"
    if not is_header_safe(address):
        return False, "not allowed in a mail header"
    rows = recipients.rows if recipients else ()
    if any(recipient.address.key == address.key for _, recipient in rows):
        return True, "already a recipient; press Enter to move it to Cc"
    verdict = check_email_address(address.email)
    if verdict.state is AddressState.BAD:
        return False, verdict.reason
    if not is_sendable_address(address.email):
        return False, "git send-email rejects addresses whose domain has no dot"
    if verdict.state is AddressState.DOUBTFUL:
        return True, f"warning: {verdict.reason}; press Enter to add it anyway"
    return True, ""
