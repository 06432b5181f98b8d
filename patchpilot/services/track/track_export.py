# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track export`: writes the messages of tracked series as an mbox."""

import re
from collections.abc import Callable, Collection, Sequence

from patchpilot.archive.track_store import Store
from patchpilot.model.action import Action
from patchpilot.model.mail import Mail
from patchpilot.topic.followed.known_series import mails_sent, only_sent


def readable(number: int, store: Store, lost: Callable[[str], None]) -> Sequence[Mail]:
    """Returns the readable messages of a series.

    `lost` is called with a line of text for each damaged message.
    """
    mails, damaged = store.readable_mails(number)
    again = Action("track", ("rebuild", str(number)), "`{}` fetches it again")
    for message_id in damaged:
        lost(f"series {number}: the mail <{message_id}> is damaged; {again}")
    return mails


def as_mbox(
    numbers: Sequence[int],
    store: Store,
    lost: Callable[[str], None],
    *,
    unread: Collection[str] | None = None,
) -> bytes:
    """Returns the messages of the series in mboxrd format, each message once.

    `lost` is called with a line of text for each damaged message. If `unread` is given, all
    other messages get the header that marks a message as read in a mail program.
    """
    seen: set[str] = set()
    parts = []
    for number in numbers:
        sent = mails_sent(only_sent(store.entry(number), store), store)
        for mail in (*readable(number, store, lost), *sent):
            if mail.message_id in seen:
                continue
            seen.add(mail.message_id)
            raw = (
                mail.raw.split(b"\n", 1)[1]
                if mail.raw.startswith(b"From ") and b"\n" in mail.raw
                else mail.raw
            )
            if unread is not None:
                # a sender's own one is not the user's
                head, blank, body = raw.partition(b"\n\n")
                head = re.sub(rb"(?im)^(?:X-)?Status:.*\n?", b"", head).rstrip(b"\n")
                raw = head + blank + body
                if mail.message_id not in unread:
                    raw = b"Status: RO\n" + raw
            parts.append(
                b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
                + re.sub(rb"(?m)^(>*From )", rb">\1", raw).rstrip(b"\n")
                + b"\n\n"
            )
    return b"".join(parts)
