# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect other sends of the same topic or patches: from a different terminal or clone, or after an
interrupted send.
"""

from patchpilot.errors import RefusedError
from patchpilot.model.action import Action
from patchpilot.model.draft import Draft
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.sender_lock import is_being_sent
from patchpilot.services.send.sending import Sending


def find_earlier_sends(draft: Draft) -> tuple[Send, ...]:
    """Return the sends of a topic or its patches with messages that were or may have been sent."""
    with Outbox() as outbox:
        related = outbox.find_related(draft.change_id, draft.patch_ids)
    return tuple(send for send in related if send.may_have_been_sent)


def find_later_sends(send: Send) -> tuple[Send, ...]:
    """Return later sends, finished or in progress, of patches still pending in this send."""
    waiting = [entry.patch_id for entry in send.waiting_messages if entry.patch_id]
    if not waiting:
        return ()
    with Outbox() as outbox:
        later = [
            other for other in outbox.find_related("", waiting) if other.id > send.id
        ]
    return tuple(
        other
        for other in later
        if other.may_have_been_sent
        or (other.change_id != send.change_id and is_being_sent(other.change_id))
    )


def refuse_rivals(outbox: Outbox, planned: Sending) -> None:
    """Raise `RefusedError` if the topic or its patches were sent since the plan was made.

    This includes sends in progress. The caller must hold the topic's lock.
    """
    topic = planned.draft.change_id
    patch_ids = {mail.patch_id or "" for mail in planned.send.waiting_messages}
    if not planned.send.id:
        patch_ids |= set(planned.draft.patch_ids)
    known = {planned.send.id, *(send.id for send in planned.before)}
    for other in outbox.find_related(topic, patch_ids):
        if other.id in known or (planned.send.id and other.id < planned.send.id):
            continue
        subject = (
            "this topic was" if other.change_id == topic else "the same patches were"
        )
        if other.may_have_been_sent:
            raise RefusedError(
                f"{subject} sent by another patchpilot process since the preview,"
                f" {send_text(other)}",
                hint=Action("send", ("--dry-run",), "see what was sent: {}"),
            )
        if other.change_id != topic and is_being_sent(other.change_id):
            raise RefusedError(
                f"another patchpilot process is already sending these patches, {send_text(other)}",
                hint=Action(
                    "send", ("--dry-run",), "wait for it to finish, then see `{}`"
                ),
            )


def send_text(send: Send) -> str:
    """Return a send's version, date and repository as text."""
    return f"as v{send.version} on {send.begun[:10]} from {send.repository.removesuffix('/.git')}"
