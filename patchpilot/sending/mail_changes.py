# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare the messages of a plan with the last version sent."""

import difflib
from typing import NamedTuple

from patchpilot.model.message import Message
from patchpilot.model.patch import parse_subject
from patchpilot.outgoing.outbox import Send
from patchpilot.outgoing.transport import Sending
from patchpilot.sending.readable_mail import format_readable_mail
from patchpilot.series.draft import pair_known_patches
from patchpilot.topic.reroll import convert_sent_patches, find_last_send

VOLATILE_PREFIXES = ("index ", "@@ ", "change-id:", "base-commit:")
"""Prefixes of lines that differ between versions without any significance."""


class MailChange(NamedTuple):
    """A message compared with the last version sent: it is `new`, `changed` or the `same`.

    `lines` contains the indexes of the lines, as formatted for reading, that the last version does
    not have.
    """

    state: str
    lines: frozenset[int] = frozenset()


class MailChanges(NamedTuple):
    """The differences between a plan and the last version sent.

    `version` is the number of the last version, `mails` contains the difference for each message in
    order, and `dropped` contains the subjects of dropped patches.
    """

    version: int
    mails: tuple[MailChange, ...]
    dropped: tuple[str, ...]


def compare_with_last_version(plan: Sending) -> MailChanges | None:
    """Compare the plan's messages with the last version sent.

    Return None if no version was sent.
    """
    last_send = find_last_send(plan.draft)
    if last_send is None or last_send.version >= plan.send.version:
        return None
    counterparts = _find_counterparts(last_send, plan.send)
    matched_positions = {old.position for old in counterparts if old}
    return MailChanges(
        last_send.version,
        tuple(
            _compare_messages(old, mail)
            for old, mail in zip(counterparts, plan.send.entries, strict=True)
        ),
        tuple(
            _mail_title(old)
            for old in last_send.entries
            if old.position not in matched_positions and old.patch_id
        ),
    )


def _find_counterparts(old: Send, new: Send) -> list[Message | None]:
    """Return the corresponding messages in the last version, in the order of the new messages.

    Cover letters correspond; patches are paired as for the changelog.
    """
    old_patches, new_patches = (convert_sent_patches(send) for send in (old, new))
    old_messages, new_messages = (
        [message for message in send.entries if message.patch_id] for send in (old, new)
    )
    old_by_new = dict[str, Message | None]()
    for old_patch, new_patch in pair_known_patches(old_patches, new_patches):
        message_id = new_messages[new_patches.index(new_patch)].message_id
        old_by_new[message_id] = old_messages[old_patches.index(old_patch)]
    cover = next((message for message in old.entries if message.number == 0), None)
    return [
        cover if message.number == 0 else old_by_new.get(message.message_id)
        for message in new.entries
    ]


def _mail_title(mail: Message) -> str:
    return parse_subject(mail.subject).title


def _compare_messages(old: Message | None, new: Message) -> MailChange:
    if old is None:
        return MailChange("new")
    lines = format_readable_mail(new)
    start = lines.index("") + 1 if "" in lines else len(lines)
    body, old_body = lines[start:], format_readable_mail(old)
    old_body = old_body[old_body.index("") + 1 :] if "" in old_body else []
    matcher = difflib.SequenceMatcher(None, old_body, body, autojunk=False)
    changed_lines = {
        start + number
        for operation, _, _, first_line, last_line in matcher.get_opcodes()
        if operation in ("replace", "insert")
        for number in range(first_line, last_line)
        if body[number].strip() and not body[number].startswith(VOLATILE_PREFIXES)
    }
    has_removed = any(
        operation == "delete"
        and any(
            line.strip() and not line.startswith(VOLATILE_PREFIXES)
            for line in old_body[first_line:last_line]
        )
        for operation, first_line, last_line, _, _ in matcher.get_opcodes()
    )
    return MailChange(
        "changed" if changed_lines or has_removed else "same", frozenset(changed_lines)
    )
