# SPDX-License-Identifier: GPL-2.0-or-later
"""Record sends in the outbox, with messages in given states, without using a mail server."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from patchpilot.model.address import Address
from patchpilot.model.message import MailState, Message
from patchpilot.outgoing.compose_message import compose_message
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox, Send

ADA, MAX, LIST = (
    Address("Ada Fixer", "ada@example.org"),
    Address("Max Keeper", "max@keeper.example"),
    Address("", "widgets@lists.example"),
)
CHANGE = "20261120-widget-0123456789ab"
LIST_EMAIL = "widgets@lists.example.org"


def build_message(
    number: int, version: int = 1, *, change_id: str = CHANGE, position: int = 0
) -> Message:
    """Return message `number` of a series. It is addressed to Max, with a copy to the list."""
    prefix = f"[PATCH v{version} {number}/9]" if version > 1 else f"[PATCH {number}/9]"
    return replace(
        compose_message(
            f"{change_id}-v{version}-{number}@example.org",
            f"{prefix} widget: change {number}",
            ADA,
            (MAX,),
            (LIST,),
            b"Why.\n---\n",
        ),
        envelope_from=ADA.email,
        recipients=(MAX.email, LIST.email),
        number=number,
        commit=f"{number:040x}" if number else None,
        patch_id=f"{number + 16 * version:040x}" if number else None,
        position=position,
    )


def build_send(*messages: Message, **changed_fields: Any) -> Send:
    """Return a send of these messages without adding it to the outbox."""
    default_send = Send(
        id=0,
        change_id=CHANGE,
        repository="/src/linux",
        branch="widget",
        version=1,
        transport="send-email",
        account="ada@example.org at 127.0.0.1",
        sender=ADA.email,
        kind="real",
        base="1" * 40,
        head="2" * 40,
        force=None,
        bcc=(),
        begun="",
        entries=messages,
    )
    return replace(default_send, **changed_fields)


def record_send(
    outbox: Outbox,
    *mail_states: MailState,
    change_id: str = CHANGE,
    version: int = 1,
    send_kind: str = "real",
    messages: Sequence[Message] = (),
    bcc: tuple[str, ...] = (),
) -> Send:
    """Add a send whose messages have these states to the outbox.

    By default, it has one accepted message.
    """
    all_states = mail_states or (MailState.ACCEPTED,)
    entries = messages or [
        build_message(number, version, change_id=change_id)
        for number in range(1, len(all_states) + 1)
    ]
    recorded_send = outbox.add(
        build_send(*entries, change_id=change_id, version=version, kind=send_kind, bcc=bcc)
    )
    for index, state in enumerate(all_states):
        outbox.mark(recorded_send.id, index, Outcome(state))
    return outbox.get(recorded_send.id)


def list_problem_names(document: dict[str, Any], key: str) -> set[str]:
    return {problem["name"] for problem in document[key]}
