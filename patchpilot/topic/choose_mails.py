# SPDX-License-Identifier: GPL-2.0-or-later
"""Select the messages of a mailbox that are patches to read.

Replies and notices about patches are skipped, as are all but the latest revision of each series.
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
    places: dict[str, int] = {}
    read: list[Mail] = []
    damaged = set()
    for position, raw in enumerate(mails):
        try:
            mail = parse_mail(raw)
        except InputError:
            damaged.add(position)
            continue
        if not mail.message_id:
            return range(len(mails))
        if mail.message_id not in places:
            places[mail.message_id] = position
            read.append(mail)
    chosen = {
        places[post.message_id]
        for topic in posted_in(read)
        for post in topic.latest.posts
    }
    return chosen | damaged if chosen else range(len(mails))
