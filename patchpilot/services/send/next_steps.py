# SPDX-License-Identifier: GPL-2.0-or-later
"""Advises what to do after a send, depending on the state of each message."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.message import WAITING, MailState
from patchpilot.outgoing.outbox import Send

_REFUSED = re.compile(r"^([^\s:@]+@[^\s:]+): 5\d\d")


def next_steps(send: Send) -> tuple[Advice, ...]:
    """Returns the next steps after a send."""
    return (*_after_sending(send), *_for_refused(send), *_for_unknown(send))


def _after_sending(send: Send) -> Sequence[Advice]:
    """What comes after a send whose mails were all accepted."""
    if send.state != "sent":
        return ()
    if send.kind == "to-self":
        return (
            "save the mail you receive and try it: git am FILE; then send without --to-self",
        )
    if send.kind != "real":
        return ()
    if send.undisclosed:
        return [
            "undisclosed: replies are sent only to you, and no archive is searched for them",
            Action(
                "track",
                ("add", "--mbox", "FILE"),
                "to track replies that you saved in an mbox: {}",
            ),
            Action(
                "send",
                ("--security", "no", "--reroll"),
                "once the maintainers make it public: {}",
            ),
        ]
    return [
        Hint(
            (
                "replies are tracked (the archive may need a few minutes to receive the mail): ",
                Action("track", ("update",)),
                ", then ",
                Action("track", ("show",)),
            )
        ),
        Hint(
            (
                "an hour after the send, messages missing from the archive are reported: ",
                Action("track", ("update",)),
            )
        ),
        Hint(("if you receive a bounce: ", Action("track", ("add", "-")))),
    ]


def _for_refused(send: Send) -> Iterator[Advice]:
    """How to send the mails that were not accepted."""
    states = {entry.state for entry in send.entries}
    refused = {
        match[1]
        for entry in send.entries
        if entry.state is MailState.REJECTED and (match := _REFUSED.match(entry.detail))
    }
    if refused and not states & {MailState.ACCEPTED, MailState.UNKNOWN}:
        for email in sorted(refused):
            drop = Action("maintainers", ("--drop", email))
            yield Hint(
                (
                    f"nothing was sent; to drop {email}: ",
                    drop,
                    ", then ",
                    Action("send"),
                )
            )
    elif refused:
        without = tuple(word for email in sorted(refused) for word in ("--drop", email))
        reason = (
            f"send the rest without {', '.join(sorted(refused))}: "
            f"{{}}; with them: --resume alone"
        )
        yield Action("send", ("--resume", *without), reason)
    elif states & set(WAITING):
        yield Action(
            "send", ("--resume",), "send the rest, with the same Message-IDs: {}"
        )


def _for_unknown(send: Send) -> Iterator[Advice]:
    """How to find out whether mails were sent whose state is unknown, and what then."""
    unknown = [
        entry.message_id for entry in send.entries if entry.state is MailState.UNKNOWN
    ]
    if not unknown:
        return
    if send.undisclosed:
        yield (
            "ask a recipient whether the mail was received: no archive is searched for an"
            " undisclosed fix"
        )
    else:
        from patchpilot.settings.read_settings import user_settings

        archive = (
            user_settings(Path(send.repository), problems=[]).get("lore").rstrip("/")
        )
        for message_id in unknown:
            yield (
                f"check whether the mail was received: {archive}/{message_id}/ (this can take a few"
                " minutes)"
            )
    yield Action(
        "send",
        ("--resume", "--unknown", "sent"),
        "then: {}, or use --unknown lost to send the message again with the same Message-ID",
    )
    if len(unknown) > 1:
        yield Action(
            "send", ("--resume", "--unknown", f"{unknown[0]}=sent"), "or one by one: {}"
        )
