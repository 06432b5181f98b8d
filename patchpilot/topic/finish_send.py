# SPDX-License-Identifier: GPL-2.0-or-later
"""Complete a send after all of its messages were accepted.

If patchpilot is killed before this, a later run completes the send.
"""

from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError
from patchpilot.model.draft import Draft
from patchpilot.model.patch import parse_subject
from patchpilot.outgoing.b4.draft_texts import import_b4_texts
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.sender_lock import lock_topic_while_sending
from patchpilot.series.draft import Drafts
from patchpilot.topic.b4_record import find_branch_without_send, record_send_in_b4
from patchpilot.topic.reroll import is_send_recorded, record_complete_send

MAX_SENDS = 5
"""Number of a branch's latest sends to check for one that was interrupted."""


def record_finished_send(repository: Repository, send: Send, draft: Draft) -> tuple[str, ...]:
    """Update everything that depends on a complete send.

    Update b4's tracking data, track the replies to the version, record its Message-ID in the draft,
    and create its tag. Return notes for the user.
    """
    # a send counts as finished once the draft records it, so update the draft last
    notes = record_send_in_b4(repository, send, draft)
    _track_series(repository, send)
    record_complete_send(repository, send, draft)
    return notes


def _track_series(repository: Repository, send: Send) -> None:
    """Track the sent series and its later versions in the archive that `patchpilot.lore` names.

    An undisclosed fix is in no archive. After it becomes public, it is tracked as a separate
    series.
    """
    from patchpilot.archive.track_store import Store
    from patchpilot.threads.known_series import read_sent_mails
    from patchpilot.threads.same_series import find_same_series, merge_entries
    from patchpilot.topic.archive_target import read_archive_address

    with Outbox() as outbox:
        sends = [
            past_send
            for past_send in outbox.sends(send.change_id)
            if past_send.undisclosed == send.undisclosed
        ]
    ids = [entry.message_id for past_send in sends for entry in past_send.entries]
    lore = None if send.undisclosed else read_archive_address(repository)
    first_message = send.entries[0]
    with Store() as store:
        entries = find_same_series(set(ids), send.change_id, store)
        entry = merge_entries(entries, store)
        if entry is None:
            store.add(first_message.message_id, _make_title(send), lore, None)
        elif entry.message_id not in ids:
            # store the sent messages with a series that was added from elsewhere, because nothing
            # else connects it to this send
            for mail in read_sent_mails(set(ids), store):
                store.store_sent_mail(entry.id, mail)


def _make_title(send: Send) -> str:
    """Return the title by which a series is listed until its messages are in the archive.

    This is the first subject; for backports, the branches and the last subject, which is the fix's.
    """
    subject = parse_subject(send.entries[-1].subject)
    if not subject.stables:
        return parse_subject(send.entries[0].subject).title
    return f"[{', '.join(f'{version}.y' for version in subject.stables)}] {subject.title}"


def finish_sends(repository: Repository, *, dry_run: bool = False) -> tuple[str, ...]:
    """Complete this branch's sends that were interrupted after the last message.

    Return notes for the user. Call this before reading the topic, because updating b4's cover
    letter commit changes the ids of later commits. A dry run completes nothing.
    """
    branch = repository.branch
    if branch is None or dry_run:
        return ()
    home = repository.key
    with Outbox() as outbox:
        complete_sends = [
            send for send in outbox.find_for_branch(home, branch, MAX_SENDS) if send.state == "sent"
        ]
    notes: list[str] = []
    # if a version was sent again, complete only its last send
    for send in {(send_.change_id, send_.version): send_ for send_ in complete_sends}.values():
        draft = _find_unfinished_draft(repository, send)
        if draft is None:
            continue
        try:
            with lock_topic_while_sending(send.change_id):
                notes += record_finished_send(repository, send, draft)
        except RefusedError:
            # another process holds the lock and is sending this topic
            continue
    return tuple(notes)


def _find_unfinished_draft(repository: Repository, send: Send) -> Draft | None:
    with Drafts() as drafts:
        draft = drafts.get(send.change_id)
    if draft is None:
        return None
    prep = find_branch_without_send(repository, send)
    if prep is None and is_send_recorded(send):
        return None
    return import_b4_texts(draft, prep) if prep else draft
