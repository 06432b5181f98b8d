# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `track classify` command: classify the messages in files without storing them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress
from patchpilot.reading.mail_classifier import Classified, classify
from patchpilot.reading.mbox import Skipped, read_mails
from patchpilot.reading.review_trailers import GivenTrailer


@json_form(
    "trailer=tag credited=tag.credited own_address why=tag.why conditional=tag.conditional "
    "scope=tag.scope"
)
class ClassifiedTrailer(NamedTuple):
    """A tag in a message, and whether its address belongs to the sender of the message."""

    tag: GivenTrailer
    own_address: bool


@json_form(
    "source message_id=mail.mail.message_id subject=mail.mail.subject from=sender "
    "kind=mail.kind confidence why=mail.why bot=mail.bot semi=mail.semi trailers "
    "commits=mail.placement.commits tree=mail.placement.tree versions=mail.placement.versions"
)
class ClassifiedMail(NamedTuple):
    """A message, its classification and its source.

    The source is a file name, or `file:N` for a message in an mbox.
    """

    source: str
    mail: Classified

    @property
    def sender(self) -> str:
        return self.mail.sender.trailer()

    @property
    def confidence(self) -> float:
        return round(self.mail.confidence, 2)

    @property
    def trailers(self) -> tuple[ClassifiedTrailer, ...]:
        sender = self.mail.sender
        return tuple(ClassifiedTrailer(tag, tag.is_from(sender)) for tag in self.mail.trailers)


def classify_files(
    files: Sequence[Path | str],
    *,
    progress: Progress,
    on_skipped: Skipped,
) -> tuple[ClassifiedMail, ...]:
    """Classify each message in the files, in order.

    A file is a message or an mbox and may be gzipped; `-` means standard input. Raise `InputError`
    if a file contains no message. If a file has several messages, oversized messages are skipped
    and passed to `on_skipped`.
    """
    classified_mails = []
    for file in files:
        mails = read_mails(file, progress, on_skipped)
        for number, mail in enumerate(mails, 1):
            progress("classifying", number, len(mails))
            classified_mails.append(
                ClassifiedMail(f"{file}:{number}" if len(mails) > 1 else str(file), classify(mail))
            )
    return tuple(classified_mails)
