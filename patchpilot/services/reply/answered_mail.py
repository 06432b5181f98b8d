# SPDX-License-Identifier: GPL-2.0-or-later
"""The mail that a reply answers: found among the tracked series, or read from a file."""

from dataclasses import dataclass
from pathlib import Path

from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.message_id import message_id_of
from patchpilot.outgoing.outbox import Outbox
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import WANTS_ANSWER
from patchpilot.reading.mbox import read_mails

OWN_POST = frozenset({"ping", "withdraw"})
"""The templates that answer the author's own latest version."""


@dataclass(frozen=True, slots=True)
class AnsweredMail:
    """A mail that is to be answered, and the tracked series that it belongs to (None: none)."""

    mail: Classified
    entry: TrackEntry | None

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return self.mail.mail.message_id


def is_undisclosed(answered: AnsweredMail) -> bool:
    """Whether a mail belongs to the thread of a security fix that is not public yet."""
    mail = answered.mail.mail
    with Outbox() as outbox:
        return not outbox.undisclosed_ids().isdisjoint(
            (mail.message_id, mail.in_reply_to, *mail.references)
        )


def answered_mail(target: str, template: str, store: Store) -> AnsweredMail:
    """The mail of a Message-ID, of an archive's URL, in a file, or of a tracked series by its
    number.

    Of a series: the latest mail that wants an answer; for the templates that answer one's own mail,
    the first mail of the latest version. MissingError for a mail that is not here, UsageError for a
    file with several or a series with none.
    """
    if target.isascii() and target.isdigit():
        return _of_series(int(target), template, store)
    message_id = message_id_of(target)
    if message_id is not None and not Path(target).is_file():
        for mail in store.stored([message_id]):
            return AnsweredMail(
                store.reader.classify(mail), store.with_mail(message_id)
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
            f"{target} holds {len(mails)} messages",
            hint="name one of them by its Message-ID, or save it alone",
        )
    return AnsweredMail(
        store.reader.classify(mails[0]), store.with_mail(mails[0].message_id)
    )


def _of_series(number: int, template: str, store: Store) -> AnsweredMail:
    from patchpilot.topic.followed.known_series import show

    series = show(number, store=store)
    if series.status is None:
        raise MissingError(
            f"the archive does not have series {number} yet",
            hint=Action("track", ("update",)),
        )
    topic = series.status.topic
    if template in OWN_POST:
        return AnsweredMail(topic.latest.head.mail, series.entry)
    wanting = [
        reply.mail
        for reply in series.status.replies
        if reply.mail.kind in WANTS_ANSWER and not reply.mail.by_author
    ]
    if not wanting:
        raise UsageError(
            f"no mail of series {number} asks for anything",
            hint="name the mail to reply to by its Message-ID",
        )
    return AnsweredMail(
        max(
            wanting,
            key=lambda mail: mail.mail.date.timestamp() if mail.mail.date else 0.0,
        ),
        series.entry,
    )
