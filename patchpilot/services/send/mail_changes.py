# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare a plan's messages with the last version sent."""

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.model.message import Message
from patchpilot.model.patch import parse_subject
from patchpilot.services.send.readable_mail import readable_lines
from patchpilot.services.send.sending import Sending
from patchpilot.topic.reroll import last_sent

VOLATILE = ("index ", "@@ ", "change-id:", "base-commit:")
"""Starts of lines that differ in every version without meaning."""


class MailChange(NamedTuple):
    """The comparison of a message with its last version: `new`, `changed` or `same`.

    `lines` contains the indexes of readable lines missing from the last version.
    """

    state: str
    lines: frozenset[int] = frozenset()


class MailChanges(NamedTuple):
    """The comparison of a plan's messages with the last version sent.

    Contains that version's number, each message's changes in the plan's order, and the subjects of
    dropped patches.
    """

    version: int
    mails: tuple[MailChange, ...]
    dropped: tuple[str, ...]


def mail_changes(plan: Sending) -> MailChanges | None:
    """Return the changes in the plan's messages since the last version sent, or None without
    one.
    """
    last = last_sent(plan.draft)
    if last is None or last.version >= plan.send.version:
        return None
    paired = [_find_counterpart(mail, last.entries) for mail in plan.send.entries]
    matched = {entry.position for entry in paired if entry}
    return MailChanges(
        last.version,
        tuple(
            _compare(entry, mail)
            for entry, mail in zip(paired, plan.send.entries, strict=True)
        ),
        tuple(
            _title(entry)
            for entry in last.entries
            if entry.position not in matched and entry.patch_id
        ),
    )


def _find_counterpart(mail: Message, before: Sequence[Message]) -> Message | None:
    """Return the corresponding message in the last version: the cover letter, or the patch with the
    same title or diff.
    """
    same: Sequence[Message]
    if mail.number == 0:
        same = [entry for entry in before if entry.number == 0]
    else:
        same = [
            *(entry for entry in reversed(before) if _title(entry) == _title(mail)),
            *(
                entry
                for entry in before
                if entry.patch_id and entry.patch_id == mail.patch_id
            ),
        ]
    return next(iter(same), None)


def _title(mail: Message) -> str:
    return parse_subject(mail.subject).title


def _compare(old: Message | None, new: Message) -> MailChange:
    if old is None:
        return MailChange("new")
    lines = readable_lines(new)
    start = lines.index("") + 1 if "" in lines else len(lines)
    body, was = lines[start:], readable_lines(old)
    was = was[was.index("") + 1 :] if "" in was else []
    matched = difflib.SequenceMatcher(None, was, body, autojunk=False)
    changed = {
        start + at
        for kind, _, _, first, last in matched.get_opcodes()
        if kind in ("replace", "insert")
        for at in range(first, last)
        if body[at].strip() and not body[at].startswith(VOLATILE)
    }
    gone = any(
        kind == "delete"
        and any(
            line.strip() and not line.startswith(VOLATILE) for line in was[first:last]
        )
        for kind, first, last, _, _ in matched.get_opcodes()
    )
    return MailChange("changed" if changed or gone else "same", frozenset(changed))
