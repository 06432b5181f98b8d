# SPDX-License-Identifier: GPL-2.0-or-later
"""Send each message of a plan exactly once.

This is the second step of `send`.
"""

import contextlib
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, RefusedError
from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.message import WAITING, MailState
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.compose_message import renew_dates
from patchpilot.outgoing.credentials import find_credential, store_login_result
from patchpilot.outgoing.hand_over import ARRIVED, UNVERIFIED, find_delivery_problem
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.mail_state import (
    Outcome,
    Report,
    Stop,
    ignore_report,
    never_stops,
)
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.sender_lock import hold_sender_lock, lock_topic_while_sending
from patchpilot.outgoing.sent_so_far import SentSoFar
from patchpilot.outgoing.transport import Delivery, Sending
from patchpilot.sending.concurrent_sends import refuse_concurrent_sends
from patchpilot.sending.resume import exclude_recipients_permanently
from patchpilot.series.draft import Drafts
from patchpilot.series.message_ids import forget_ids
from patchpilot.series.recipient_edits import (
    RecipientEdits,
    find_branch_key,
    load_edits,
    save_edits,
)
from patchpilot.settings.read_settings import find_demo_inbox
from patchpilot.topic.finish_send import record_finished_send
from patchpilot.topic.reroll import is_send_recorded


def deliver_mails(
    repository: Repository,
    sending: Sending,
    *,
    terminal: bool = False,
    is_stopped: Stop = never_stops,
    progress: Progress = ignore_progress,
    on_mail: Report = ignore_report,
) -> Sending:
    """Send a plan's messages, and return the plan with its result.

    The outbox records each step. Nothing is sent if a problem blocks sending. When the state of a
    message changes, it is saved to disk, and then `on_mail` is called. Raise `RefusedError` if the
    request is offline or the topic was sent since the plan was made, and `MissingError` if the
    transport cannot send with this account.
    """
    if sending.refused:
        return sending
    if sending.request.offline and sending.send.waiting_messages:
        raise RefusedError(
            "cannot send with --offline",
            hint="omit --offline, or write the messages with --outbox DIR",
        )
    if sending.send.waiting_messages and (problem := sending.blocking_problem):
        raise MissingError(problem.message, hint=problem.hint)
    sending.transport.refuse_untrusted(repository, sending.account)
    with contextlib.ExitStack() as locks, Outbox() as outbox:
        # hold the global lock only for this check, not while messages are sent
        with hold_sender_lock():
            locks.enter_context(lock_topic_while_sending(sending.draft.change_id))
            send = _claim_send(outbox, sending)
        if sending.send.left_out:
            exclude_recipients_permanently(repository, send, sending.send.left_out)
        if not send.waiting_messages:
            return _record_send_result(repository, send, sending)

        sent = SentSoFar(send.entries, partial(outbox.mark, send.id))
        locks.enter_context(sent.named_in_errors())

        def show_status(what: str, done: int = 0, total: int | None = None) -> None:
            with contextlib.suppress(OSError):
                progress(what, done, total)

        def report(index: int, outcome: Outcome) -> None:
            # save the result before it is printed, because printing to a closed terminal raises an
            # error
            sent.report(index, outcome)
            on_mail(index, outcome)
            show_status(
                f"{outcome.state}: {send.entries[index].subject}",
                index + 1,
                len(send.entries),
            )

        credential = find_credential(repository, sending.account, terminal=terminal)
        try:
            old_key = find_branch_key(repository)
            delivery = Delivery(
                repository,
                sending.account,
                send,
                report,
                partial(outbox.rename, send.id),
                credential,
                is_stopped,
                show_status,
            )
            login = sending.transport.deliver(delivery)
            _copy_recipient_edits(old_key, find_branch_key(repository))
            store_login_result(repository, credential, login)
        finally:
            outbox.end(send.id)
            outbox.settle(send.id)
        return _record_send_result(repository, outbox.get(send.id), sending)


def _claim_send(outbox: Outbox, sending: Sending) -> Send:
    """Record the send in the outbox before sending, and return the record.

    Raise RefusedError if the same patches were sent since the preview.
    """
    send = sending.send
    if not sending.request.to_self:
        refuse_concurrent_sends(outbox, sending)
    if send.id:
        return outbox.resume_send(send.id, sending.settled, send.left_out)
    _save_send_choices(sending)
    return outbox.add(replace(send, entries=renew_dates(send.entries)))


def _save_send_choices(sending: Sending) -> None:
    """Save the choices for this send in the draft, for the next version.

    A test message to oneself is not a version, so nothing is saved.
    """
    if sending.request.to_self:
        return
    with Drafts() as drafts:
        saved_draft, planned_draft = drafts.get(sending.draft.change_id), sending.draft
        if saved_draft is None:
            return
        changelogs = (
            {
                **saved_draft.changelogs,
                str(planned_draft.version): planned_draft.changelog,
            }
            if planned_draft.changelog
            else saved_draft.changelogs
        )
        updated_draft = replace(
            saved_draft,
            prefix=planned_draft.prefix,
            in_reply_to=planned_draft.in_reply_to,
            answers=planned_draft.answers,
            changelogs=changelogs,
        )
        drafts.keep(saved_draft, updated_draft, f"send of v{sending.send.version}")


def _copy_recipient_edits(before: str | None, after: str | None) -> None:
    if before and after and before != after and load_edits(after) == RecipientEdits():
        edits = load_edits(before)
        if edits != RecipientEdits():
            save_edits(after, edits)


def _record_send_result(repository: Repository, finished_send: Send, sending: Sending) -> Sending:
    """Record the result of an attempt, and return the plan with it.

    When all messages of a series are sent, record this in the draft, a tag, b4's tracking data and
    the tracked series.
    """
    outcome = add_send_result(sending, finished_send)
    if finished_send.state == "sent":
        forget_ids(finished_send.change_id, to_self=finished_send.kind == "to-self")
    if (
        finished_send.state != "sent"
        or finished_send.kind != "real"
        or is_send_recorded(finished_send)
    ):
        return outcome
    return replace(
        outcome,
        advice=(
            *outcome.advice,
            *record_finished_send(repository, finished_send, sending.draft),
        ),
    )


def add_send_result(sending: Sending, finished_send: Send) -> Sending:
    """Return a plan with the result that the outbox recorded."""
    return replace(
        sending,
        send=finished_send,
        blockers=(),
        outcome="failed" if finished_send.state == "planned" else finished_send.state,
        unverified=(unverified := find_unverified_delivery(finished_send, sending.account)),
        advice=list_next_steps(finished_send, unverified),
    )


def find_unverified_delivery(send: Send, account: Account) -> SendProblem | None:
    """Return what is known against the delivery of the accepted messages of a send, or None."""
    is_accepted = any(entry.state is MailState.ACCEPTED for entry in send.entries)
    if not is_accepted or send.account != account.label:
        return None
    return find_delivery_problem(account)


def _explain_delivery(send: Send, problem: SendProblem) -> Iterator[Advice]:
    """Explain that a program accepted the messages, but may not deliver them."""
    yield f"not verified: {problem.message}"
    yield from dict.fromkeys(
        entry.detail for entry in send.entries if "; it printed: " in entry.detail
    )
    yield ARRIVED if send.kind == "to-self" and problem.name == UNVERIFIED else problem.hint


_REFUSED = re.compile(r"^([^\s:@]+@[^\s:]+): 5\d\d")


def list_next_steps(send: Send, unverified: SendProblem | None = None) -> tuple[Advice, ...]:
    """Return the next steps after a send, with what is known against its delivery."""
    if unverified:
        return (*_explain_delivery(send, unverified), *list_next_steps(send))
    if send.kind == "to-self" and send.state != "sent":
        return (Action("send", ("--to-self",), "send the test again: {}"),)
    return (
        *_steps_after_send(send),
        *_format_refused_hints(send),
        *_format_unknown_hints(send),
    )


def describe_test(base: str | None) -> str:
    """Describe how to apply the messages that the user sent to themselves.

    `git am` cannot apply them to the branch that has their commits, so it needs a worktree of the
    base. Without `--empty=drop` (git 2.35), it stops at a cover letter.
    """
    start = (base or "BASE")[:12]
    inbox = find_demo_inbox()
    save = "" if inbox else "save the messages that you receive in FILE; "
    file = shlex.quote(str(inbox)) if inbox else "FILE"
    return (
        f"{save}to test them: git worktree add --detach ../test {start}, then git am --empty=drop"
        f" {file} there; git worktree remove ../test ends the test"
    )


def _steps_after_send(send: Send) -> Sequence[Advice]:
    if send.state != "sent":
        return ()
    if send.kind == "to-self":
        test = describe_test(send.base)
        return (f"{test}. Then send without --to-self, with your answers again: a test keeps none",)
    if send.kind != "real":
        return ()
    if send.undisclosed:
        return [
            "undisclosed: replies are sent only to you, and no archive is searched for them",
            Action(
                "track",
                ("add", "--mbox", "FILE"),
                "to track replies that you saved in an mbox: {}",
            ),
            Action(
                "send",
                ("--security", "no", "--reroll"),
                "once the maintainers make it public: {}",
            ),
        ]
    return [
        Hint(
            (
                "replies are tracked (the archive may need a few minutes to receive the mail): ",
                Action("track", ("update",)),
                ", then ",
                Action("track", ("show",)),
            )
        ),
        Hint(
            (
                "an hour after the send, messages missing from the archive are reported: ",
                Action("track", ("update",)),
            )
        ),
        Hint(("if you receive a bounce: ", Action("track", ("add", "-")))),
    ]


def _format_refused_hints(send: Send) -> Iterator[Advice]:
    states = {entry.state for entry in send.entries}
    rejected_addresses = {
        match[1]
        for entry in send.entries
        if entry.state is MailState.REJECTED and (match := _REFUSED.match(entry.detail))
    }
    if rejected_addresses:
        drop_options = tuple(
            word for email in sorted(rejected_addresses) for word in ("--drop", email)
        )
        reason = (
            f"send the rest without {', '.join(sorted(rejected_addresses))}: "
            f"{{}}; with them: --resume alone"
        )
        yield Action("send", ("--resume", *drop_options), reason)
    elif states & set(WAITING):
        yield Action("send", ("--resume",), "send the rest, with the same Message-IDs: {}")


def _format_unknown_hints(send: Send) -> Iterator[Advice]:
    unknown = [entry.message_id for entry in send.entries if entry.state is MailState.UNKNOWN]
    if not unknown:
        return
    if send.undisclosed:
        yield (
            "ask a recipient whether the mail was received: no archive is searched for an"
            " undisclosed fix"
        )
    else:
        from patchpilot.settings.read_settings import read_user_settings

        archive = read_user_settings(Path(send.repository), problems=[]).get("lore").rstrip("/")
        for message_id in unknown:
            yield (
                f"check whether the mail was received: {archive}/{message_id}/ (this can take a few"
                " minutes)"
            )
    yield Action(
        "send",
        ("--resume", "--unknown", "sent"),
        "then: {}, or use --unknown lost to send the message again with the same Message-ID",
    )
    if len(unknown) > 1:
        yield Action("send", ("--resume", "--unknown", f"{unknown[0]}=sent"), "or one by one: {}")
