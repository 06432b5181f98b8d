# SPDX-License-Identifier: GPL-2.0-or-later
"""List the messages that were written but not sent, as topics for the home screen."""

from contextlib import suppress
from pathlib import Path
from shlex import quote

from patchpilot.archive.track_store import Store, default_store_file
from patchpilot.home.topic import HomeTopic
from patchpilot.model.patch import parse_subject
from patchpilot.reading.thread_values import Turn
from patchpilot.resources import (
    FILL_IN,
    NO_DRAFTS_IN_DEMO,
    NO_MAIL_IN_DEMO,
    SEND_QUESTIONS,
    describe_kept_drafts,
    list_recent_drafts,
    mark_sent,
)
from patchpilot.settings.read_settings import is_in_demo_tour
from patchpilot.threads.own_addresses import find_own_addresses
from patchpilot.threads.stable_requests import REQUESTS

DRAFT, DRAFTS = "draft", (REQUESTS, "reports")
"""The state of a message that was written but not sent, and the folders of such messages."""


def read_draft_topics() -> list[HomeTopic]:
    """Return the recent drafts of requests and reports, with the file as the key.

    A draft with the subject of a tracked thread was sent, unless another person started the thread.
    """
    drafts = []
    files = [file for kind in DRAFTS for file in list_recent_drafts(kind)]
    how_to_send = (
        f"Enter shows it; {NO_DRAFTS_IN_DEMO}"
        if is_in_demo_tour()
        else f"Enter shows it with the command that sends it; {SEND_QUESTIONS}"
    )
    for file in files:
        with suppress(OSError):
            modified = file.stat().st_mtime
            text = file.read_text(encoding="utf-8", errors="replace")
            rows, missing = text.splitlines(), text.count(FILL_IN)
            title = next((row[9:] for row in rows if row.startswith("Subject: ")), "")
            if _was_sent(parse_subject(title).title):
                continue
            drafts.append(
                HomeTopic(
                    *(str(file), title or file.name),
                    turn=Turn.YOURS,
                    state=DRAFT,
                    news=f"{DRAFT}: {missing} {FILL_IN} left"
                    if missing
                    else f"{DRAFT}: Enter opens it",
                    when=modified,
                    step=(f"replace each {FILL_IN} ({missing} left); " if missing else "")
                    + how_to_send,
                )
            )
    return drafts


def _was_sent(title: str) -> bool:
    """Return whether a tracked thread has this subject and was not started by another person.

    A thread that no archive has yet was sent from a shell.
    """
    if not default_store_file().exists():
        return False
    with Store() as store:
        ids = [entry.message_id for entry in store.entries() if entry.subject == title]
        senders = [mail.sender.key for mail in store.read_stored(ids)]
    own = {email.lower() for email in find_own_addresses()} if senders else set()
    return len(ids) > sum(sender not in own for sender in senders)


def format_draft(file: Path) -> list[str]:
    """Return the rows of a draft's text, below the command that sends it."""
    rows = [
        "Nothing was sent.",
        "Next: edit the draft (e), then send it in a shell:",
        f"  git send-email {quote(str(file))}",
        f"  ({SEND_QUESTIONS})",
    ]
    if is_in_demo_tour():
        rows[1:] = f"Its file is {quote(str(file))}", NO_MAIL_IN_DEMO
    text = file.read_text(encoding="utf-8", errors="replace")
    return [*rows, *describe_kept_drafts(file), "", *text.splitlines()]


def settle_draft(topic: HomeTopic, *, is_sent: bool) -> None:
    """Mark a draft as sent from a shell and keep its file, or delete the file.

    In both cases, it is no longer listed.
    """
    file = Path(topic.key)
    if is_sent:
        mark_sent(file.parent.name, file.stem)
    else:
        file.unlink(missing_ok=True)
