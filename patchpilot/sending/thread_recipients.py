# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the recipients who take part in a topic's threads.

They are the sender and the lists of the message that is answered, the recipients of the last
version, and reviewers who asked for a change in it or gave it a tag. Only stored messages are read.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchpilot.model.draft import Draft
from patchpilot.model.recipient import COMMENTED, Recipient
from patchpilot.outgoing.outbox import Send
from patchpilot.projects.loading import is_list
from patchpilot.resources import TRACK_DATABASE, state_path
from patchpilot.topic.reroll import find_last_send

if TYPE_CHECKING:
    from patchpilot.reading.posted_series import Reply


def find_thread_recipients(draft: Draft) -> tuple[Recipient, ...]:
    """Return the recipients from a topic's threads, each with the reasons.

    There are none for an undisclosed fix.
    """
    if draft.is_undisclosed:
        return ()
    last_send = find_last_send(draft)
    if last_send is None or last_send.undisclosed or last_send.version >= draft.version:
        last_send = None
    earlier = tuple(_list_last_recipients(last_send)) if last_send else ()
    if not (state_path() / TRACK_DATABASE).exists():
        return earlier
    commenters = _list_commenters(last_send) if last_send else ()
    return (*_list_answered(draft.in_reply_to), *commenters, *earlier)


def _list_answered(parent: str) -> Iterator[Recipient]:
    """Yield the sender of the message that the topic answers, and the lists that received it."""
    if not parent:
        return
    from patchpilot.archive.track_store import Store

    with Store() as store:
        mails = store.read_stored((parent,))
    for mail in mails:
        reasons = (f"sent the message that is answered: {mail.subject}",)
        yield Recipient(mail.sender, "answered", None, "cc", reasons)
        for address in (*mail.to, *mail.cc):
            if is_list(address):
                reasons = ("received the message that is answered",)
                yield Recipient(address, "list", None, "cc", reasons)


def _list_last_recipients(last_send: Send) -> Iterator[Recipient]:
    """Yield the recipients of the last version, which a new version must reach as well."""
    for entry in last_send.entries:
        for header, addresses in (("to", entry.to), ("cc", entry.cc)):
            for address in addresses:
                reasons = (f"received v{last_send.version}",)
                role = "list" if is_list(address) else "earlier recipient"
                yield Recipient(address, role, None, header, reasons)


def _list_commenters(last_send: Send) -> Iterator[Recipient]:
    from patchpilot.threads.review_summary import find_series_of_send

    for series in find_series_of_send(last_send):
        for reply in series.replies:
            mail = reply.mail
            if not (mail.by_author or mail.bot or mail.doubtful) and (
                reason := _describe_comment(reply)
            ):
                yield Recipient(mail.sender, COMMENTED, None, "cc", (reason,))


def _describe_comment(reply: "Reply") -> str:
    """Return what a reviewer asked for or gave, or ""."""
    from patchpilot.reading.requests import points_of

    version = f"v{reply.version or 1}"
    if reply.mail.credited:
        return f"gave {reply.mail.credited[0].name} to {version}"
    return f"asked for a change in {version}" if any(points_of(reply)) else ""
