# SPDX-License-Identifier: GPL-2.0-or-later
"""Send a planned reply exactly once.

The outbox records the reply before and after sending, and the reply is added to its tracked series.
"""

import contextlib
from functools import partial

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, RefusedError
from patchpilot.model.action import Action
from patchpilot.model.mail import parse_mail
from patchpilot.model.message import MailState, Message
from patchpilot.outgoing.compose_message import renew_dates
from patchpilot.outgoing.credentials import find_credential, store_login_result
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.reply_drafts import ReplyDrafts
from patchpilot.outgoing.sender_lock import hold_sender_lock
from patchpilot.outgoing.sent_so_far import SentSoFar
from patchpilot.outgoing.transport import Delivery
from patchpilot.tracking.reply.answered_mail import is_undisclosed_mail
from patchpilot.tracking.reply.plan import ReplyPlan
from patchpilot.tracking.reply.sent import (
    find_duplicate,
    has_reply_text,
    lock_message,
    was_reply_accepted,
)

KIND = "reply"


def send_reply(
    repository: Repository,
    plan: ReplyPlan,
    *,
    unknown: str = "",
    terminal: bool = False,
) -> Message:
    """Send a planned reply, delete its draft, and return the message with its state.

    Keep the draft if the server does not accept the message. `unknown` is the outcome (`sent` or
    `lost`) that the user reports for an earlier attempt. Raise `RefusedError` if the reply was
    already sent, an earlier outcome is unknown, or a problem blocks sending.
    """
    if plan.refused:
        raise RefusedError(plan.blockers[0].message, hint=plan.blockers[0].hint)
    if problem := plan.transport.find_blocking_problem(plan.account):
        raise MissingError(problem.message, hint=problem.hint)
    plan.transport.refuse_untrusted(repository, plan.account)
    with contextlib.ExitStack() as locks, Outbox() as outbox:
        with hold_sender_lock():
            locks.enter_context(lock_message(plan.draft.answers))
            send = _store_or_resume_send(outbox, plan, repository, unknown)
        if send.state != "sent":
            _deliver_reply(repository, outbox, send, plan, terminal)
            send = outbox.get(send.id)
    if send.state == "sent":
        with ReplyDrafts() as drafts:
            drafts.discard(plan.draft)
        _add_reply_to_series(plan, send)
    return send.entries[0]


def _store_or_resume_send(
    outbox: Outbox, plan: ReplyPlan, repository: Repository, unknown: str
) -> Send:
    """Return the record of this reply in the outbox: an earlier send that was accepted, or a new
    one.

    The caller must hold the message's lock. Therefore, if a send is recorded as in progress, it was
    interrupted.
    """
    for earlier_send in outbox.replies(plan.draft.answers):
        is_same_draft, has_same_text = (
            earlier_send.change_id == plan.draft.message_id,
            has_reply_text(earlier_send, plan.draft.text),
        )
        if not (is_same_draft or has_same_text):
            continue
        send = outbox.settle(earlier_send.id)
        entry = send.entries[0]
        if entry.state is MailState.UNKNOWN and unknown == "sent":
            outbox.mark(send.id, 0, Outcome(MailState.ACCEPTED, "reported as sent"))
            if has_same_text:
                return outbox.get(send.id)
            raise _changed_text_error("is now recorded as sent")
        if entry.state is MailState.UNKNOWN and unknown != "lost":
            raise _uncertain_state_error(plan, entry.detail)
        if was_reply_accepted(send) and is_same_draft and not has_same_text:
            raise _changed_text_error("was sent by another patchpilot process")
        if is_same_draft and not was_reply_accepted(send):
            outbox.forget(send.id)
    _refuse_sent_reply(outbox, plan)
    return outbox.add(_make_send(plan, repository))


def _refuse_sent_reply(outbox: Outbox, plan: ReplyPlan) -> None:
    if (duplicate := find_duplicate(outbox, plan.draft)) and not plan.force:
        with ReplyDrafts() as drafts:
            drafts.discard(plan.draft)
        raise RefusedError(duplicate.message, hint=duplicate.hint)


def _changed_text_error(state: str) -> RefusedError:
    return RefusedError(
        f"the earlier reply {state}; this draft has a different text",
        hint="run the command again to send this text as well",
    )


def _uncertain_state_error(plan: ReplyPlan, detail: str) -> RefusedError:
    return RefusedError(
        f"it is not known whether this reply was sent: {detail}",
        hint=Action(
            "track",
            ("reply", f"<{plan.draft.answers}>", "--unknown", "sent"),
            "look for it in the archive; then `{}`, or --unknown lost to send it again",
        ),
    )


def _deliver_reply(
    repository: Repository,
    outbox: Outbox,
    send: Send,
    plan: ReplyPlan,
    terminal: bool,
) -> None:
    credential = find_credential(repository, plan.account, terminal=terminal)
    sent = SentSoFar(send.entries, partial(outbox.mark, send.id))
    with sent.named_in_errors():
        try:
            delivery = Delivery(
                repository,
                plan.account,
                send,
                sent.report,
                partial(outbox.rename, send.id),
                credential,
            )
            store_login_result(repository, credential, plan.transport.deliver_mail(delivery))
        finally:
            outbox.end(send.id)
            outbox.settle(send.id)


def _add_reply_to_series(plan: ReplyPlan, send: Send) -> None:
    if plan.answered.entry is None:
        return
    with Store() as store:
        store.store_sent_mail(plan.answered.entry.id, parse_mail(send.entries[0].raw))


def _make_send(plan: ReplyPlan, repository: Repository) -> Send:
    return Send(
        id=0,
        change_id=plan.draft.message_id,
        repository=str(repository.top),
        branch=None,
        version=1,
        transport=plan.transport.name,
        account=plan.account.label,
        sender=plan.account.sender.header() if plan.account.sender else "",
        kind=KIND,
        base=None,
        head=None,
        force=plan.force,
        bcc=plan.bcc,
        begun="",
        entries=renew_dates((plan.mail,)),
        identity=plan.identity,
        undisclosed=is_undisclosed_mail(plan.answered),
    )
