# SPDX-License-Identifier: GPL-2.0-or-later
"""Find replies in the outbox that were, or may have been, sent."""

import contextlib
import hashlib
from collections.abc import Iterator

from patchpilot.model.action import Action
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.message import MailState
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.reply_drafts import ReplyDraft
from patchpilot.outgoing.sender_lock import lock_topic_while_sending


@contextlib.contextmanager
def lock_message(answers: str) -> Iterator[None]:
    """Lock a message while a reply to it is sent.

    Raise `RefusedError` if another process is sending a reply to the same message.
    """
    # use a hash as the name of the lock file, because a Message-ID may be too long for a file name
    key = hashlib.sha256(answers.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    with lock_topic_while_sending(
        f"reply-{key}",
        "reply",
        "wait for it to finish, then run the same command again",
    ):
        yield


def has_reply_text(send: Send, text: str) -> bool:
    """Return whether a reply in the outbox has this text.

    Trailing spaces, and blank lines at the start and end, are ignored.
    """
    return _stripped_lines(send.entries[0].file.partition(b"\n\n")[2]) == _stripped_lines(
        text.encode("utf-8", "surrogateescape")
    )


def _stripped_lines(text: bytes) -> list[bytes]:
    return [line.rstrip() for line in text.strip().split(b"\n")]


def was_reply_accepted(send: Send) -> bool:
    return send.entries[0].state is MailState.ACCEPTED


def find_duplicate(outbox: Outbox, draft: ReplyDraft) -> SendProblem | None:
    """Return a problem if this reply to this message was already sent, otherwise None."""
    duplicates = [
        send
        for send in outbox.replies(draft.answers)
        if was_reply_accepted(send) and has_reply_text(send, draft.text)
    ]
    if not duplicates:
        return None
    sent_at = parse_stored_time(duplicates[-1].begun)
    return SendProblem(
        "sent-already",
        f"this reply was sent on {sent_at:%Y-%m-%d at %H:%M} UTC as"
        f" <{duplicates[-1].entries[0].message_id}>",
        Action("", ("--force", "REASON"), "write another text, or send it again: add {}"),
    )


def is_sent_draft(draft: ReplyDraft) -> bool:
    """Return whether a draft was already sent with the same text.

    This happens if the process exited before deleting the draft.
    """
    with Outbox() as outbox:
        return any(
            was_reply_accepted(send) and has_reply_text(send, draft.text)
            for send in outbox.sends(draft.message_id, kind="reply")
        )


def is_message_id_used(message_id: str) -> bool:
    """Return whether the server accepted a reply with this Message-ID.

    A draft that was changed after this needs a new Message-ID.
    """
    with Outbox() as outbox:
        return any(was_reply_accepted(send) for send in outbox.sends(message_id, kind="reply"))
