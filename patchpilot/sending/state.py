# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the state of a topic's send for the CLI and the TUI.

It is derived from the plan, the sent messages and the last recorded send.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.errors import PatchpilotError
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.message import MailState
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.sender_lock import is_being_sent
from patchpilot.outgoing.transport import ALREADY_FIXED, SENT_PROBLEMS, Sending, sent_problem_names
from patchpilot.projects.loading import default_project, find_project, projects
from patchpilot.sending.mails import find_unverified_delivery, list_next_steps
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.resume import make_archive_lookup, plan_resume
from patchpilot.series.draft import complete_prefix
from patchpilot.threads.tracked import Tracked
from patchpilot.topic.reroll import make_send_link
from patchpilot.topic.state import TopicState, find_topic_state


def was_version_sent(sending: Sending) -> bool:
    """Return whether a plan is blocked only because its version was already sent or applied."""
    names = {problem.name for problem in sending.blockers}
    return bool(names & SENT_PROBLEMS) and names - {ALREADY_FIXED} <= sent_problem_names(names)


def plan_topic_send(repository: Repository, request: SendRequest, progress: Progress) -> Sending:
    """Return the plan of `send --dry-run`.

    If the version was already sent, the plan contains the sent messages.
    """
    sending = plan_sending(repository, request, progress=progress)
    if not was_version_sent(sending):
        return sending
    with Outbox() as outbox:
        sends = outbox.sends(sending.draft.change_id)
    completed_send = next((send for send in reversed(sends) if send.state == "sent"), None)
    return replace(sending, send=completed_send or sending.send)


def mark_just_sent(sending: Sending) -> Sending:
    """Return the plan after a send.

    It is now blocked, because the version was sent.
    """
    problem = f"v{sending.send.version} of this topic was sent just now"
    return replace(sending, outcome="", blockers=(SendProblem("version-sent", problem),))


def is_plan_outdated(repository: Repository, sending: Sending) -> bool:
    """Return whether the mail account has changed since the plan was made."""
    return sending.transport.account(repository, sending.request.identity) != sending.account


def add_last_send(repository: Repository, sending: Sending) -> Sending:
    """Add the topic's last send and the next steps to a plan.

    The state of an interrupted send is determined first.
    """
    with Outbox() as outbox:
        last_send = next(reversed(outbox.sends(sending.draft.change_id)), None)
        if last_send and not is_being_sent(sending.draft.change_id):
            last_send = outbox.settle(last_send.id)
    unverified = find_unverified_delivery(last_send, sending.account) if last_send else None
    with_last = replace(sending, last=last_send, unverified=unverified)
    return (
        add_next_steps(repository, with_last)
        if with_last.is_unfinished or with_last.is_sent
        else with_last
    )


def add_next_steps(repository: Repository, sending: Sending) -> Sending:
    """Add the link to the last send and the next steps to a plan.

    The steps include when a reminder is due, or only where the fix is if a tree has it.
    """
    last_send = sending.last
    if last_send is None:
        return sending
    base = (
        make_send_link(last_send, repository, for_others=False)
        .rstrip("/")
        .removesuffix(last_send.entries[0].message_id)
    )
    accepted_ids = [
        entry.message_id for entry in last_send.entries if entry.state is MailState.ACCEPTED
    ]
    next_advice = sending.advice or list_next_steps(last_send, sending.unverified)
    merged = sending.upstream_problem
    if last_send.state == "sent" and merged:
        next_advice = tuple(filter(None, (merged.message, merged.hint)))
    elif last_send.state == "sent" and not sending.draft.is_undisclosed:
        profile = sending.request.profile
        project = find_project(profile) if profile else default_project()
        days = project.mail.waiting_days
        reminder_date = parse_stored_time(last_send.begun).astimezone() + timedelta(days=days)
        next_advice += (
            "test bots usually reply within a day or two, reviewers within several days",
            f"wait {format_count(days, 'day')} before a reminder: until {reminder_date:%Y-%m-%d}",
        )
    link = f"{base}{accepted_ids[0]}/" if base and accepted_ids else ""
    return replace(sending, link=link, now=next_advice)


def read_topic_state(
    repository: Repository,
    target: str | None,
    base: str | None,
    tracked_series: Sequence[Tracked] = (),
) -> TopicState | None:
    """Return the recorded state of a topic, or None if there is no topic.

    `tracked_series` are tracked series that the caller has already read.
    """
    with Store() as store:
        return find_topic_state(
            repository, target, base=base, store=store, tracked_series=tracked_series
        )


def plan_remaining_messages(
    repository: Repository,
    settings: Settings,
    request: SendRequest,
    unknown: str,
    progress: Progress,
) -> Sending:
    """Plan to send the remaining messages of the last send.

    `unknown` is the outcome for messages in an unknown state: `sent`, `lost`, `keep`, or `lookup`
    to search the archive.
    """
    lookup = make_archive_lookup(settings.address("lore")) if unknown == "lookup" else None
    return plan_resume(
        repository,
        request,
        "keep" if unknown == "lookup" else unknown,
        lookup=lookup,
        progress=progress,
    )


def list_tree_prefixes() -> list[str]:
    """Return the subject prefixes of all projects, without duplicates."""
    return list(
        dict.fromkeys(
            prefix for project in projects().values() for prefix in project.subject_prefixes
        )
    )


def check_subject_prefix(text: str) -> tuple[bool, str]:
    """Return whether a subject prefix that the user entered is valid, and a note.

    The note is the reason why it is invalid, or the complete prefix if it differs.
    """
    try:
        prefix = complete_prefix(text)
    except PatchpilotError as error:
        return False, error.message
    return True, "" if prefix == text.strip() else f"the prefix will be [{prefix}]"
