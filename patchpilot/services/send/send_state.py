# SPDX-License-Identifier: GPL-2.0-or-later
"""Determines the state of a topic's send for the CLI and the TUI.

The state combines the plan, the messages that were sent, and the last recorded send.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.errors import PatchpilotError
from patchpilot.model.bounded_date import stored_time
from patchpilot.model.progress import Progress
from patchpilot.model.recipient import Recipient
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.preflight import is_list
from patchpilot.outgoing.sender_lock import is_being_sent
from patchpilot.projects.loading import projects
from patchpilot.series.draft import complete_prefix
from patchpilot.services.send.after_send import SendReport, send_report
from patchpilot.services.send.plan_send import plan
from patchpilot.services.send.resume import archive_lookup, plan_resume
from patchpilot.services.send.send_mails import with_result
from patchpilot.services.send.sending import Sending
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.topic_state import TopicState, this_topic

SENT = frozenset({"already-sent", "version-sent"})
"""The problems of a plan that only say that it was sent already."""


@dataclass(frozen=True, slots=True)
class TopicSend:
    """The state of a topic's send.

    Contains the plan or its result, the last recorded send of the topic, and the report of the
    send.
    """

    plan: Sending
    last: Send | None = None
    report: SendReport | None = None

    @property
    def unfinished(self) -> bool:
        """Whether the last send has messages that were not sent or whose outcome is unknown."""
        return self.last is not None and self.last.state in (
            "planned",
            "partial",
            "failed",
        )

    @property
    def is_sent(self) -> bool:
        """Whether this version of the topic was sent."""
        if self.plan.outcome == "sent":
            return True
        names = {refusal.name for refusal in self.plan.blockers}
        return bool(
            self.last
            and self.last.state == "sent"
            and self.last.version >= self.plan.send.version
        ) or (bool(names) and names <= sent_names(names))


def sent_names(names: set[str]) -> set[str]:
    """Returns the names of a plan's problems that only mean that the version was already sent.

    They include a missing changelog of the next version, because b4 starts that version
    immediately.
    """
    return set(
        SENT | {"no-changelog", "unfinished"} if "already-sent" in names else SENT
    )


def was_sent(planned: Sending) -> bool:
    """Returns whether a plan is blocked only because its version was already sent.

    The version may already have been applied upstream.
    """
    names = {refusal.name for refusal in planned.blockers}
    return bool(names & SENT) and names - {"already-fixed"} <= sent_names(names)


def plan_topic(
    repository: Repository, request: SendRequest, progress: Progress
) -> Sending:
    """Returns the plan of `send --dry-run`.

    If the version was already sent, the plan contains the messages that were sent.
    """
    planned = plan(repository, request, progress=progress)
    if not was_sent(planned):
        return planned
    with Outbox() as outbox:
        sends = [
            send
            for send in outbox.sends(planned.draft.change_id)
            if send.state == "sent"
        ]
    if not sends:
        return planned
    return replace(planned, send=sends[-1])


def just_sent(sent: Sending) -> Sending:
    """Returns the plan after sending; its only problem is that the version was sent."""
    problem = f"v{sent.send.version} of this topic was sent just now"
    return replace(sent, outcome="", blockers=(SendProblem("version-sent", problem),))


def is_outdated(repository: Repository, planned: Sending) -> bool:
    """Returns whether the mail account has changed since the plan was made."""
    return (
        planned.transport.account(repository, planned.request.identity)
        != planned.account
    )


def topic_send(repository: Repository, planned: Sending) -> TopicSend:
    """Returns the plan with the last send of its topic and the report of that send.

    If the last send was interrupted, its state is determined first.
    """
    with Outbox() as outbox:
        sends = outbox.sends(planned.draft.change_id)
        last = (
            outbox.settle(sends[-1].id)
            if sends and not is_being_sent(planned.draft.change_id)
            else (sends[-1] if sends else None)
        )
    sending = TopicSend(planned, last)
    if last is None or not (sending.unfinished or sending.is_sent):
        return sending
    return replace(
        sending,
        report=send_report(
            repository, with_result(planned, last), stored_time(last.begun).date()
        ),
    )


def topic_on_record(
    repository: Repository,
    target: str | None,
    base: str | None,
    known: Sequence[Tracked] = (),
) -> TopicState | None:
    """Returns the recorded state of a topic, or None if there is no topic.

    `known` lists tracked series that the caller has already read.
    """
    with Store() as store:
        return this_topic(repository, target, base=base, store=store, known=known)


def lists_and_contacts(planned: Sending) -> tuple[list[Recipient], list[Recipient]]:
    """Returns the mailing lists among a plan's recipients, and the other recipients."""
    return (
        [recipient for recipient in planned.recipients if is_list(recipient)],
        [recipient for recipient in planned.recipients if not is_list(recipient)],
    )


def plan_resumed(
    repository: Repository,
    settings: Settings,
    request: SendRequest,
    unknown: str,
    progress: Progress,
) -> Sending:
    """Returns a plan to send the remaining messages of the last send.

    `unknown` is the outcome of messages in an unknown state: `sent`, `lost`, `keep`, or
    `lookup` to search the archive.
    """
    lookup = archive_lookup(settings.address("lore")) if unknown == "lookup" else None
    return plan_resume(
        repository,
        request,
        "keep" if unknown == "lookup" else unknown,
        lookup=lookup,
        progress=progress,
    )


def tree_prefixes() -> list[str]:
    """Returns the subject prefixes used by the projects, without duplicates."""
    return list(
        dict.fromkeys(
            prefix
            for project in projects().values()
            for prefix in project.subject_prefixes
        )
    )


def judge_prefix(text: str) -> tuple[str, str]:
    """Completes a subject prefix entered by the user.

    Returns the prefix and an empty text, or an empty prefix and the reason why it is invalid.
    """
    try:
        return complete_prefix(text), ""
    except PatchpilotError as error:
        return "", error.message
