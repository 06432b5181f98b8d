# SPDX-License-Identifier: GPL-2.0-or-later
"""Which mails of a mailbox are patches to be read: no answers, no notices about patches, and of
each series its latest revision.
"""

from collections.abc import Collection, Sequence

from patchpilot.errors import InputError
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.revisions import find_topics


def choose_mails(mails: Sequence[bytes], *, all_revisions: bool) -> Collection[int]:
    """The places of the mails to read, each Message-ID once, and of those that are damaged, whose
    error is reported. Mails that were never sent, and those in which no series is found, are all
    read."""
    places: dict[str, int] = {}
    read: list[Mail] = []
    damaged = set()
    for place, raw in enumerate(mails):
        try:
            mail = parse_mail(raw)
        except InputError:
            damaged.add(place)
            continue
        if not mail.message_id:
            return range(len(mails))
        if mail.message_id not in places:
            places[mail.message_id] = place
            read.append(mail)
    topics = find_topics(map(classify, read))
    chosen = {
        places[post.message_id]
        for topic in topics
        for revision in (topic.revisions if all_revisions else topic.revisions[-1:])
        for post in revision.posts
    }
    return chosen | damaged if chosen else range(len(mails))
