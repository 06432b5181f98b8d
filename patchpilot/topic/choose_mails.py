# SPDX-License-Identifier: GPL-2.0-or-later
"""Choose the messages in a mailbox to read as patches.

Replies, notices about patches, and all versions of a series except the latest are skipped.
"""

from collections.abc import Collection, Sequence

from patchpilot.errors import InputError
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.reading.series_messages import posted_in


def choose_mails(mails: Sequence[bytes]) -> Collection[int]:
    """Return the indexes of the messages to read, one per Message-ID.

    Damaged messages are included so that their errors are reported. Messages that were never sent
    or belong to no series are all read.
    """
    positions: dict[str, int] = {}
    parsed: list[Mail] = []
    damaged = set()
    for position, raw in enumerate(mails):
        try:
            mail = parse_mail(raw)
        except InputError:
            damaged.add(position)
            continue
        if not mail.message_id:
            return range(len(mails))
        if mail.message_id not in positions:
            positions[mail.message_id] = position
            parsed.append(mail)
    selection = {
        positions[post.message_id] for topic in posted_in(parsed) for post in topic.latest.posts
    }
    return selection | damaged if selection else range(len(mails))
