# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the backports that the user sent, in the outbox and by the user's marks."""

from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.mail import parse_mail
from patchpilot.model.message import MailState
from patchpilot.model.patch import parse_subject
from patchpilot.outgoing.outbox import Outbox
from patchpilot.projects.commit_marks import read_commit_marks
from patchpilot.reading.thread_values import (
    NO_BACKPORTS,
    CommitOnBranch,
    SentBackport,
    SentBackports,
)
from patchpilot.resources import TOPIC_DATABASE, state_path


def read_sent_backports() -> SentBackports:
    """Return the last accepted message for each mainline commit that it names, and branch that its
    subject names.
    """
    if not (state_path() / TOPIC_DATABASE).exists():
        return NO_BACKPORTS
    with Outbox() as outbox:
        return list_sent_backports(outbox)


def list_sent_backports(outbox: Outbox) -> SentBackports:
    """Like `read_sent_backports`, with the outbox that is open."""
    found: dict[CommitOnBranch, SentBackport] = {}
    subjects = outbox.subjects_of_mails().items()
    ids = {message_id for message_id, subject in subjects if parse_subject(subject).stables}
    for send in outbox.find_by_messages(ids) if ids else ():
        for message in send.entries:
            if message.state is MailState.ACCEPTED and message.message_id in ids:
                subject, when = parse_subject(message.subject), parse_stored_time(send.begun)
                sent = SentBackport(when, send.branch or "", subject.version)
                for commit in read_commit_marks(parse_mail(message.raw).body).upstream:
                    found |= dict.fromkeys([(commit, it) for it in subject.stables], sent)
    return found
