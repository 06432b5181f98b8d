# SPDX-License-Identifier: GPL-2.0-or-later
"""A topic's send as a front end shows it: the plan with the mails that were sent, the last send on
record, and what a plan lacks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.errors import PatchpilotError
from patchpilot.model.bounded_date import stored_time
from patchpilot.model.progress import Progress, silent
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
from patchpilot.services.send.send_plan import SendPlan, SendResult
from patchpilot.services.send.send_result import result_of_send
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.topic_state import TopicState, this_topic

SENT = frozenset({"already-sent", "version-sent"})
"""The problems of a plan that only say that it was sent already."""


@dataclass(frozen=True, slots=True)
class TopicSend:
    """The plan, the last send of the topic as it is on record, what became of the plan once it was
    sent, and the report of either.
    """

    plan: SendPlan
    last: Send | None = None
    result: SendResult | None = None
    report: SendReport | None = None

    @property
    def unfinished(self) -> bool:
        """Whether the last send has mails that were not sent, or whose outcome is unknown."""
        return self.last is not None and self.last.state in (
            "planned",
            "partial",
            "failed",
        )

    @property
    def is_sent(self) -> bool:
        """Whether this very version was sent."""
        if self.result and self.result.state == "sent":
            return True
        names = {refusal.name for refusal in self.plan.blockers}
        return bool(
            self.last
            and self.last.state == "sent"
            and self.last.version >= self.plan.version
        ) or (bool(names) and names <= sent_names(names))


def sent_names(names: set[str]) -> set[str]:
    """Those of a plan's refusals that only say it was sent already: b4 sets the next version at
    once, which has no changelog yet.
    """
    return set(
        SENT | {"no-changelog", "unfinished"} if "already-sent" in names else SENT
    )


def was_sent(planned: SendPlan) -> bool:
    """Whether nothing blocks the plan but that it was sent (and taken) already."""
    names = {refusal.name for refusal in planned.blockers}
    return bool(names & SENT) and names - {"already-fixed"} <= sent_names(names)


def plan_topic(
    repository: Repository, request: SendRequest, progress: Progress = silent
) -> SendPlan:
    """The plan of `send --dry-run`.

    Where it was sent already, with the mails as they were sent in place of those a new send would
    make.
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
    return replace(
        planned,
        mails=tuple(entry.mail for entry in sends[-1].entries),
        version=sends[-1].version,
    )


def just_sent(planned: SendPlan, result: SendResult) -> SendPlan:
    """The plan after its mails were sent: its only problem is that they were."""
    return replace(
        planned,
        blockers=(
            SendProblem(
                "version-sent", f"v{result.version} of this topic was sent just now"
            ),
        ),
    )


def is_outdated(repository: Repository, planned: SendPlan) -> bool:
    """Whether the mail account has changed since the plan was made, in another terminal for one."""
    return (
        planned.transport.account(repository, planned.request.identity)
        != planned.account
    )


def topic_send(repository: Repository, planned: SendPlan) -> TopicSend:
    """The plan with the last send of its topic and the report of it.

    One that a kill cut off is settled first.
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
            repository, planned, result_of_send(last), stored_time(last.begun).date()
        ),
    )


def topic_on_record(
    repository: Repository,
    target: str | None,
    base: str | None,
    known: Sequence[Tracked] = (),
) -> TopicState | None:
    """How far a topic is by what is on record here; None where there is no topic.

    `known` are followed series that were read already.
    """
    with Store() as store:
        return this_topic(repository, target, base=base, store=store, known=known)


def lists_and_contacts(planned: SendPlan) -> tuple[list[Recipient], list[Recipient]]:
    """The mailing lists among a plan's recipients, and the others."""
    return (
        [recipient for recipient in planned.recipients if is_list(recipient)],
        [recipient for recipient in planned.recipients if not is_list(recipient)],
    )


def plan_resumed(
    repository: Repository,
    settings: Settings,
    request: SendRequest,
    unknown: str,
    progress: Progress = silent,
) -> SendPlan:
    """The plan of what is missing of the last send.

    Of mails in doubt `unknown` says `sent`, `lost`, `keep`, or `lookup` to ask the archive.
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
    """The subject prefixes that the projects use, each once."""
    return list(
        dict.fromkeys(
            prefix
            for project in projects().values()
            for prefix in project.subject_prefixes
        )
    )


def judge_prefix(text: str) -> tuple[str, str]:
    """(the whole subject prefix for a user's words, "") or ("", why it cannot be one)."""
    try:
        return complete_prefix(text), ""
    except PatchpilotError as error:
        return "", error.message
