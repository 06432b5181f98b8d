# SPDX-License-Identifier: GPL-2.0-or-later
"""Block messages with unsafe headers, dangerous addresses or unplanned recipients.

This cannot be overridden with --force.
"""

import re
from collections.abc import Iterable, Sequence

from patchpilot.errors import InputError, RefusedError
from patchpilot.model.action import Action
from patchpilot.model.address import explain_unsafe_address
from patchpilot.model.commit import Commit
from patchpilot.model.message import Message
from patchpilot.outgoing.compose_message import AMEND_AUTHOR

_BREAKS = {"\r": "carriage return", "\n": "line break", "\0": "NUL"}
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:")
ONCE = (
    b"from",
    b"sender",
    b"reply-to",
    b"to",
    b"cc",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"subject",
    b"date",
)
NEVER = (
    b"bcc",
    b"return-path",
    b"received",
    b"delivered-to",
    b"errors-to",
    b"apparently-to",
)


def refuse_header_newlines(commits: Iterable[Commit]) -> None:
    """Raise InputError if a commit's subject or author contains a line break.

    Text after a line break would become another header.
    """
    for commit in commits:
        author = commit.author
        for field, text in (
            ("subject", commit.subject),
            ("author", author.name),
            ("author", author.email),
        ):
            character = next((name for char, name in _BREAKS.items() if char in text), None)
            if character:
                edit = AMEND_AUTHOR if field == "author" else "git commit --amend"
                raise InputError(
                    f"commit {commit.id[:12]}: {character} in the {field}; a mail header must be"
                    " one line",
                    hint=(
                        f"{edit} (for an older commit: git rebase -i {commit.id[:12]}^ and edit it)"
                    ),
                )


def refuse_unsafe_headers(mails: Sequence[Message]) -> None:
    """Raise InputError if a message's headers or envelope are unsafe.

    Unsafe are bare carriage returns, duplicate headers, headers that add hidden recipients, and
    addresses that a mail program would parse as an option.
    """
    for number, mail in enumerate(mails, 1):
        head = re.split(rb"\r?\n\r?\n", mail.raw, maxsplit=1)[0]
        reason = _find_header_problem(head)
        if reason:
            raise InputError(
                f"mail {number}: {reason}",
                hint="check the subject, author and recipients of the commit; nothing was sent",
            )
        for email in (mail.envelope_from, *mail.recipients):
            if reason := explain_unsafe_address(email):
                hint = Action(
                    "send",
                    ("--resume", "--drop", email),
                    "{} drops it from messages of an earlier send",
                )
                raise InputError(
                    f"mail {number}: {email!r} cannot be a recipient: {reason}",
                    hint=hint,
                )


def refuse_other_recipients(mail: Message, planned: Iterable[str], program: str) -> None:
    """Raise RefusedError if the envelope that a program produced does not have the planned
    addresses.

    The sender is ignored.
    """
    sender = mail.sender.key
    recipients = {email.lower() for email in planned} - {sender}
    actual = {email.lower() for email in mail.recipients} - {sender}
    changes = [f"adds {email}" for email in sorted(actual - recipients)]
    changes += [f"omits {email}" for email in sorted(recipients - actual)]
    if changes:
        raise RefusedError(
            f"{program} would not send to the planned recipients: it {', '.join(changes)}",
            hint=(
                "run `git config --show-origin --get-regexp '^(sendemail|b4)'` to see its settings"
            ),
        )


def _find_header_problem(head: bytes) -> str:
    if re.search(rb"\r(?!\n)|\0", head):
        return "a bare carriage return or NUL in its headers"
    names = set[bytes]()
    for number, line in enumerate(re.split(rb"\r?\n", head)):
        if line[:1] in (b" ", b"\t") and number:
            continue
        field = _FIELD.match(line)
        if not field:
            return f"not a header: {line[:60].decode('utf-8', 'replace')}"
        name = field[1].lower()
        if name in NEVER or name.startswith(b"resent-"):
            return f"unexpected header {field[1].decode('ascii')}:"
        if name in ONCE and name in names:
            return f"duplicate header {field[1].decode('ascii')}:"
        names.add(name)
    return ""
