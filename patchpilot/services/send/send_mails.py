# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends each message of a plan exactly once.

This is the second part of the command `send`.
"""

import contextlib
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, RefusedError
from patchpilot.model.progress import Progress, silent
from patchpilot.outgoing import transports
from patchpilot.outgoing.credentials import credential_of, note_login
from patchpilot.outgoing.mail_state import Outcome, Report, Stop, never_stop, unheard
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.sender_lock import one_at_a_time, sole_sender
from patchpilot.outgoing.transport import Delivery, Transport
from patchpilot.series.draft import Drafts
from patchpilot.series.message_ids import forget_ids
from patchpilot.series.recipient_edits import Edits, EditStore, branch_key
from patchpilot.services.send.concurrent_sends import refuse_rivals
from patchpilot.services.send.resume import leave_out_for_good
from patchpilot.services.send.send_plan import SendPlan, SendResult
from patchpilot.services.send.send_result import result_of_plan, result_of_send
from patchpilot.topic.finish_send import finish
from patchpilot.topic.reroll import is_remembered


def deliver(
    repository: Repository,
    planned: SendPlan,
    *,
    terminal: bool = False,
    stopping: Stop = never_stop,
    progress: Progress = silent,
    on_mail: Report = unheard,
) -> SendResult:
    """Sends the messages of a plan.

    The outbox records every step. If a problem blocks sending, nothing is sent. `on_mail` is
    called for each change in the state of a message, after the change is saved to disk.

    Raises `RefusedError` if the request is offline or the topic was sent since the plan was
    made, and `MissingError` if the transport cannot send with this account.
    """
    if planned.refused:
        return result_of_plan(planned)
    if planned.request.offline and planned.waiting:
        raise RefusedError(
            "cannot send with --offline",
            hint="omit --offline, or write the messages with --outbox DIR",
        )
    if planned.waiting and (blocked := planned.blocked):
        raise MissingError(blocked.message, hint=blocked.hint)
    planned.transport.refuse_untrusted(repository, planned.account)
    with contextlib.ExitStack() as held, Outbox() as outbox:
        # the others wait while this is checked and written, not while it is sent
        with one_at_a_time():
            held.enter_context(sole_sender(planned.draft.change_id))
            send = _claimed(outbox, planned)
        if planned.left_out:
            leave_out_for_good(repository, send, planned.left_out)
        return _carry(
            repository,
            outbox,
            send,
            planned,
            _Heard(terminal, stopping, progress, on_mail),
        )


def _claimed(outbox: Outbox, planned: SendPlan) -> Send:
    """The send as the outbox has it from now on, this process its only sender.

    RefusedError when somebody sent the same since the preview.
    """
    if not planned.request.to_self:
        refuse_rivals(outbox, planned)
    if planned.send_id:
        return outbox.take_up(planned.send_id, planned.settled, planned.left_out)
    _keep_choices(planned)
    return outbox.add(as_send(planned))


def _keep_choices(planned: SendPlan) -> None:
    """Write into the draft what this send was asked for: the next version has it too.

    A mail to oneself is no version, and leaves no trace.
    """
    if planned.request.to_self:
        return
    with Drafts() as drafts:
        before, now = drafts.get(planned.draft.change_id), planned.draft
        if before is None:
            return
        changelogs = (
            {**before.changelogs, str(now.version): now.changelog}
            if now.changelog
            else before.changelogs
        )
        after = replace(
            before,
            prefix=now.prefix,
            in_reply_to=now.in_reply_to,
            answers=now.answers,
            changelogs=changelogs,
        )
        drafts.keep(before, after, f"send of v{planned.version}")


class _Heard(NamedTuple):
    """The front end of a send: whether it has a terminal, when it wants to stop, and what it is
    shown.
    """

    terminal: bool
    stopping: Stop
    progress: Progress
    on_mail: Report


def _carry(
    repository: Repository, outbox: Outbox, send: Send, planned: SendPlan, front: _Heard
) -> SendResult:
    account, transport = planned.account, transports.find(send.transport)
    if not _has_work(repository, send, transport):
        return _ended(repository, send, planned)
    credential = credential_of(repository, account, terminal=front.terminal)

    def shown(what: str, done: int = 0, total: int | None = None) -> None:
        with contextlib.suppress(OSError):
            front.progress(what, done, total)

    def report(place: int, outcome: Outcome) -> None:
        # on disk first: a terminal that is gone cannot be written to
        outbox.mark(send.id, place, outcome)
        front.on_mail(place, outcome)
        shown(
            f"{outcome.state}: {send.entries[place].subject}",
            place + 1,
            len(send.entries),
        )

    try:
        known_as = branch_key(repository)
        rename = partial(outbox.rename, send.id)
        delivery = Delivery(
            repository,
            account,
            send,
            report,
            rename,
            planned.request.identity,
            credential,
            front.stopping,
            shown,
        )
        login = transport.deliver(delivery)
        _carry_edits(known_as, branch_key(repository))
        note_login(repository, credential, login)
    finally:
        outbox.end(send.id)
        outbox.settle(send.id)
    return _ended(repository, outbox.get(send.id), planned)


def _carry_edits(before: str | None, after: str | None) -> None:
    """A branch that b4 enrolls is known by its change-id from then on: what was edited of its
    recipients goes with it.
    """
    store = EditStore()
    if before and after and before != after and store.load(after) == Edits():
        edits = store.load(before)
        if edits != Edits():
            store.save(after, edits)


def _ended(repository: Repository, done: Send, planned: SendPlan) -> SendResult:
    """The result of an attempt.

    A whole series is remembered: by its draft and a tag, by b4, and by what follows the answers.
    """
    result = result_of_send(done)
    if done.state == "sent":
        forget_ids(done.change_id, to_self=done.kind == "to-self")
    if done.state != "sent" or done.kind != "real" or is_remembered(done):
        return result
    return replace(
        result, advice=(*result.advice, *finish(repository, done, planned.draft))
    )


def _has_work(repository: Repository, send: Send, transport: Transport) -> bool:
    """Whether a mail waits, or the transport has not noted yet that the series was sent."""
    return any(entry.is_waiting for entry in send.entries) or transport.is_behind(
        repository, send
    )


def as_send(planned: SendPlan) -> Send:
    """Returns the outbox entry for a plan, with no message sent yet."""
    return Send(
        id=0,
        change_id=planned.draft.change_id,
        repository=planned.draft.repository,
        branch=planned.draft.branch,
        version=planned.version,
        transport=planned.request.via,
        account=planned.account.label,
        sender=planned.account.sender.header() if planned.account.sender else "",
        kind="to-self" if planned.request.to_self else "real",
        base=planned.base,
        head=planned.head,
        force=planned.request.force,
        bcc=planned.bcc,
        begun="",
        entries=planned.mails,
        identity=planned.request.identity,
        tracking_data=planned.tracking_data,
        undisclosed=planned.draft.is_undisclosed,
    )
