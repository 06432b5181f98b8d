# SPDX-License-Identifier: GPL-2.0-or-later
"""A series that was just sent is followed from then on, whichever front end sent it."""

from patchpilot.commits.repository import Repository
from patchpilot.model.patch_subject import parse_subject
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.settings.read_settings import user_settings
from patchpilot.threads.track_store import Store, TrackEntry


def follow_send(repository: Repository, send: Send, *, store: Store | None = None) -> TrackEntry:
    """Follow what was sent, on the archive that the person's `patchpilot.lore` names; a later
    version stays with the series of the first.

    An undisclosed fix is on no archive; once it is public, it is another series.
    """
    with Outbox() as outbox:
        sends = [
            sent for sent in outbox.sends(send.change_id) if sent.undisclosed == send.undisclosed
        ]
    ids = [entry.mail.message_id for sent in sends for entry in sent.entries]
    lore = None if send.undisclosed else user_settings(repository, problems=[]).get("lore")
    with store or Store() as open_store:
        first = send.entries[0].mail
        return open_store.holding(ids) or open_store.add(
            first.message_id, parse_subject(first.subject).title, lore, None
        )
