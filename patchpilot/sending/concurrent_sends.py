# SPDX-License-Identifier: GPL-2.0-or-later
"""Find other sends of the same topic or patches.

They were made in another terminal or clone, or were interrupted.
"""

from patchpilot.errors import RefusedError
from patchpilot.model.action import Action
from patchpilot.model.draft import Draft
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.sender_lock import is_being_sent
from patchpilot.outgoing.transport import Sending


def find_earlier_sends(draft: Draft) -> tuple[Send, ...]:
    """Return the earlier sends of a topic or its patches that may have reached anyone.

    The same patches for another stable branch, or for mainline, are other patches.
    """
    with Outbox() as outbox:
        related = outbox.find_related(draft.change_id, draft.patch_ids, draft.target_version)
    return tuple(send for send in related if send.may_have_been_sent)


def find_later_sends(send: Send) -> tuple[Send, ...]:
    """Return the later sends of patches that are still pending in this send.

    Include sends by other processes that are in progress.
    """
    pending_patch_ids = [entry.patch_id for entry in send.waiting_messages if entry.patch_id]
    if not pending_patch_ids:
        return ()
    with Outbox() as outbox:
        later_sends = [
            candidate
            for candidate in outbox.find_related("", pending_patch_ids, send.target_version)
            if candidate.id > send.id
        ]
    return tuple(
        candidate
        for candidate in later_sends
        if candidate.may_have_been_sent
        or (candidate.change_id != send.change_id and is_being_sent(candidate.change_id))
    )


def refuse_concurrent_sends(outbox: Outbox, sending: Sending) -> None:
    """Raise `RefusedError` if the topic or its patches were sent since the plan was made.

    This includes sends in progress. The caller must hold the topic's lock.
    """
    topic, target = sending.draft.change_id, sending.draft.target_version
    patch_ids = {mail.patch_id or "" for mail in sending.send.waiting_messages}
    if not sending.send.id:
        patch_ids |= set(sending.draft.patch_ids)
    known_ids = {sending.send.id, *(send.id for send in sending.before)}
    for other_send in outbox.find_related(topic, patch_ids, target):
        if other_send.id in known_ids or (sending.send.id and other_send.id < sending.send.id):
            continue
        subject = "this topic was" if other_send.change_id == topic else "the same patches were"
        if other_send.may_have_been_sent:
            raise RefusedError(
                f"{subject} sent by another patchpilot process since the preview,"
                f" {describe_send(other_send)}",
                hint=Action("send", ("--dry-run",), "see what was sent: {}"),
            )
        if other_send.change_id != topic and is_being_sent(other_send.change_id):
            raise RefusedError(
                f"another patchpilot process is already sending these patches,"
                f" {describe_send(other_send)}",
                hint=Action("send", ("--dry-run",), "wait for it to finish, then see `{}`"),
            )


def describe_send(send: Send) -> str:
    """Describe a send by its version, date and repository."""
    return f"as v{send.version} on {send.begun[:10]} from {send.repository.removesuffix('/.git')}"
