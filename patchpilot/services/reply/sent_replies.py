# SPDX-License-Identifier: GPL-2.0-or-later
"""Replies that were sent before, or may have been, as the outbox has them."""

import contextlib
import hashlib
from collections.abc import Iterator

from patchpilot.model.action import Action
from patchpilot.model.bounded_date import stored_time
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.mail_state import MailState
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.reply_drafts import ReplyDraft
from patchpilot.outgoing.sender_lock import sole_sender


@contextlib.contextmanager
def sole_reply(answers: str) -> Iterator[None]:
    """Hold a mail while a reply to it is sent; RefusedError when another process does."""
    # the name of a lock is one of a file; a Message-ID may be longer than that
    key = hashlib.sha256(answers.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    with sole_sender(
        f"reply-{key}",
        "reply",
        "wait for it to finish, then run the same command again",
    ):
        yield


def has_text(send: Send, text: str) -> bool:
    """Whether a reply in the outbox has this text.

    Spaces and blank lines at the ends do not count.
    """
    return _comparable(send.entries[0].file.partition(b"\n\n")[2]) == _comparable(
        text.encode("utf-8", "surrogateescape")
    )


def _comparable(text: bytes) -> list[bytes]:
    return [line.rstrip() for line in text.strip().split(b"\n")]


def accepted(send: Send) -> bool:
    """Whether the server accepted a reply."""
    return send.entries[0].state is MailState.ACCEPTED


def sent_already(outbox: Outbox, draft: ReplyDraft) -> SendProblem | None:
    """The problem with a draft whose text was sent before as a reply to the same mail.

    None for another text.
    """
    same = [
        send
        for send in outbox.replies(draft.answers)
        if accepted(send) and has_text(send, draft.text)
    ]
    if not same:
        return None
    when = stored_time(same[-1].begun)
    return SendProblem(
        "sent-already",
        f"this reply was sent on {when:%Y-%m-%d at %H:%M} UTC as"
        f" <{same[-1].entries[0].mail.message_id}>",
        Action(
            "", ("--force", "REASON"), "write another text, or send it again: add {}"
        ),
    )


def is_sent_draft(draft: ReplyDraft) -> bool:
    """Whether a draft is that of a sent mail, its text unchanged: a process ended before it could
    delete it.
    """
    with Outbox() as outbox:
        return any(
            accepted(send) and has_text(send, draft.text)
            for send in outbox.sends(draft.message_id, kind="reply")
        )


def is_used(message_id: str) -> bool:
    """Whether a reply with this draft's Message-ID was accepted.

    A changed text then needs another one.
    """
    with Outbox() as outbox:
        return any(accepted(send) for send in outbox.sends(message_id, kind="reply"))
