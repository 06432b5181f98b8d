# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the message to reply to, in a tracked series or a file."""

from dataclasses import dataclass
from pathlib import Path

from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.mail import parse_message_id
from patchpilot.model.patch import parse_subject
from patchpilot.outgoing.outbox import Outbox
from patchpilot.projects.loading import projects
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mbox import read_mails
from patchpilot.reading.next_step import list_unanswered
from patchpilot.series.draft import Drafts
from patchpilot.series.patch_pairing import title_key
from patchpilot.threads.known_series import (
    find_series_with_mail,
    read_sent_mails,
    read_tracked_series,
)
from patchpilot.threads.review_ledger import list_latest_requests

_QUOTED_SPACE = lazy_pattern(r"\s+(?:[>|]+\s*)*")
OWN_SERIES_TEMPLATES = frozenset({"ping", "withdraw"})
"""Templates for replies to the latest version of the user's own series."""


@dataclass(frozen=True, slots=True)
class AnsweredMail:
    """A message to reply to, and the tracked series it belongs to, if any."""

    mail: Classified
    entry: TrackEntry | None

    @property
    def message_id(self) -> str:
        return self.mail.message_id


def is_undisclosed_mail(answered_mail: AnsweredMail) -> bool:
    """Return whether a message is, or may be, about an undisclosed fix.

    It is in the thread of an undisclosed fix. Mail programs may omit the headers that would prove
    this, so a message that answers none of the user's public messages also counts if it has the
    fix's title, change-id or Message-ID, or is between its recipients and a security team.
    """
    mail = answered_mail.mail.mail
    thread = {mail.message_id, mail.in_reply_to, *mail.references}
    with Outbox() as outbox:
        private_ids = outbox.undisclosed_ids()
        if not private_ids.isdisjoint(thread):
            return True
        sends = outbox.undisclosed_sends()
        if not thread.isdisjoint(outbox.public_ids()):
            return False
    with Drafts() as drafts:
        undisclosed_drafts = drafts.list_undisclosed()
    titles = {
        *(parse_subject(entry.subject).title for send in sends for entry in send.entries),
        *(patch.subject for draft in undisclosed_drafts for patch in draft.patches),
        *(draft.cover_subject for draft in undisclosed_drafts),
    }
    keys = {title_key(title) for title in titles} - {""}
    names = {send.change_id for send in sends} | {draft.change_id for draft in undisclosed_drafts}
    text = title_key(_QUOTED_SPACE.sub(" ", f"{mail.subject} {mail.body}"))
    if any(key in text for key in (*keys, *names, *map(title_key, private_ids))):
        return True
    members = {address.key for address in (mail.sender, *mail.to, *mail.cc)}
    teams = {project.lists.security.lower() for project in projects().values()} - {""}
    contacts = {
        recipient.lower()
        for send in sends
        for entry in send.entries
        for recipient in entry.recipients
    } - teams
    return not members.isdisjoint(teams) and not members.isdisjoint(contacts)


def find_answered_mail(target: str, template: str, store: Store) -> AnsweredMail:
    """Return the message to reply to, given a Message-ID, archive URL, file or series number.

    For a tracked series, this is the message that needs a reply or has an open request: the latest
    one, but a person's before a bot's; in a discussion without a patch, it may be any answer. For
    templates that reply to the user's own patches, it is the first message of the latest version.
    Raise `MissingError` if the message is not available. Raise `UsageError` if the file contains
    several messages, or if no message in the series needs a reply.
    """
    if target.isascii() and target.isdigit():
        return _find_in_series(int(target), template, store)
    message_id = parse_message_id(target)
    if message_id is not None and not Path(target).is_file():
        mails = store.read_stored([message_id]) or read_sent_mails({message_id}, store)
        for mail in mails:
            return AnsweredMail(
                store.reader.classify(mail), find_series_with_mail(message_id, store)
            )
        raise MissingError(
            f"no tracked series has the mail {message_id}",
            hint=Action(
                "track",
                ("add", f"<{message_id}>"),
                "track its series: {}; or save the mail and give the file",
            ),
        )
    mails = read_mails(target)
    if len(mails) != 1:
        raise UsageError(
            f"{target} contains {len(mails)} messages",
            hint="name one of them by its Message-ID, or save it to a separate file",
        )
    return AnsweredMail(
        store.reader.classify(mails[0]),
        find_series_with_mail(mails[0].message_id, store),
    )


def _find_in_series(number: int, template: str, store: Store) -> AnsweredMail:
    series = read_tracked_series(number, store=store)
    if series.posted is None:
        raise MissingError(
            f"the archive does not have series {number} yet",
            hint=Action("track", ("update",)),
        )
    if template in OWN_SERIES_TEMPLATES:
        return AnsweredMail(series.posted.latest.head, series.entry)
    wanting = [
        reply
        for reply in reversed(series.posted.replies)
        if reply.mail.wants_answer and not reply.mail.by_author
    ]
    # bots read no replies; of messages with the same time, the last one comes first
    wanting.sort(key=lambda reply: (not reply.mail.bot, reply.when), reverse=True)
    open_ids = {item.point.message_id for item in list_latest_requests(series) if item.open}
    unanswered = [it for it in reversed(series.posted.replies) if it.message_id in open_ids]
    unanswered += list_unanswered(series.posted)
    unanswered.sort(key=lambda reply: (not reply.mail.bot, reply.when), reverse=True)
    unanswered_mails = [reply.mail for reply in (*unanswered, *wanting)]
    if series.posted.is_discussion and not unanswered_mails:
        replies = reversed(series.posted.replies)
        unanswered_mails = [it.mail for it in replies if not (it.mail.by_author or it.mail.bot)]
    if not unanswered_mails:
        raise UsageError(
            f"no mail of series {number} asks for anything",
            hint="name the mail to reply to by its Message-ID",
        )
    return AnsweredMail(unanswered_mails[0], series.entry)
