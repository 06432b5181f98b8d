# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the newcomer's changes in both front ends of the demo: fix the first commit and prepare the
second version.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.commits.git_command import git
from patchpilot.demo import acme, demo_mails
from patchpilot.demo.before import make_corrected_message
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.demo_people import MAINTAINER, NET_LIST, NEWCOMER, STABLE
from patchpilot.demo.demo_repository import write_driver
from patchpilot.model.mail import Mail
from patchpilot.model.printable import join_words

if TYPE_CHECKING:
    from patchpilot.reading.posted_series import PostedSeries
    from patchpilot.threads.tracked import Tracked

ASKED_FOR = (
    (
        (
            "the firmware of some\n"
            "cards does not know the command. In such cases the driver returns EINVAL,\n"
            "and the card is not usable at all."
        ),
        (
            "firmware older\n"
            "than 2.4 does not know the command. In such cases the driver returns\n"
            "EINVAL, and the card is not usable at all."
        ),
    ),
    ("again.", "again. The probe function already treats it as harmless."),
)
"""Text in the message of v1 → its replacement in v2 after the maintainer's questions."""
STATED = (
    "Firmware older than 2.4 does not know the command, and the probe function\n"
    "already treats EOPNOTSUPP as harmless.\n"
)
"""The same as a paragraph, for a message in the user's own words."""
ANSWERS = {
    "security": "No: the card fails to start, and nobody gains anything by that",
    "regression": "Yes: your card worked before the commit that Fixes: will name",
    "tested": "On hardware: your card starts with it",
    "tree": "your patch fixes a bug: choose the tree for fixes",
}
"""The answers of the demo's author to the pre-send questions, with reasons that the reader cannot
know.
"""
COMMAND = "the rewrite by the demo"
TICKS = "ticks.json"
"""The file of the sandbox with the requests that were ticked for v2."""
CHANGES = (
    "- name the firmware, and say that the probe function treats EOPNOTSUPP as harmless (Maya)",
    "- drop an unused variable (kernel test robot)",
    "- collect Sana's Reviewed-by",
)


def is_first_version(lines: Iterable[str]) -> bool:
    return any("We added" in line for line in lines)


def fix_first_version(work: Path, check: str = acme.CHECK_UNUSED) -> str:
    """Fix the style error and the commit message, and return a one-line summary.

    Tags in the message are kept. `check` is the code that checks the response.
    """
    message, corrected = _read_messages(work)
    if not corrected or not is_first_version(message.split("\n")):
        return "nothing left to fix for v1"
    fixed_parts = "the message"
    if "if((" in (work / acme.MCP).read_text(encoding="utf-8"):
        # the user has not yet fixed the style error in the Checks stage
        write_driver(work, check)
        fixed_parts = "the style error and the message"
    _amend_commit(work, corrected)
    return f"Fixed {fixed_parts} for you (git commit --amend); u undoes it"


def _read_messages(work: Path) -> tuple[str, str]:
    """Return the message of the commit, and the corrected one, or "" if it names no commit."""
    message = git(work, "log", "-1", "--format=%B").text
    match = re.search(r"^Commit ([0-9a-f]{12,40})\b", message, re.MULTILINE)
    if match is None:
        return message, ""
    form = '--format=%h ("%s")'
    reference = git(work, "log", "-1", form, "--abbrev=12", match[1]).text.strip()
    return message, _add_tags(make_corrected_message(reference), message)


def _add_tags(text: str, message: str) -> str:
    tags = _find_tags(message)
    return text + ("\n" + "\n".join(tags) + "\n" if tags else "")


def _find_tags(message: str) -> list[str]:
    return [
        line
        for line in message.rstrip("\n").split("\n")
        if re.match(r"(?:Fixes|Cc|Link|Closes|[A-Z][a-z-]+-by): ", line)
    ]


def _amend_commit(work: Path, message: str) -> None:
    from patchpilot.commits.repository import Repository
    from patchpilot.commits.rewrite import find_branch_to_rewrite
    from patchpilot.commits.undo_refs import record_undo

    with Repository.open(work) as repository:
        ref, old = find_branch_to_rewrite(repository)
        git(work, "commit", "-q", "--amend", "-a", "-F", "-", stdin=message.encode())
        new = git(work, "rev-parse", "HEAD").text.strip()
        if new != old:
            record_undo(repository, ref, old, new, COMMAND)


def revise_commit(work: Path) -> None:
    """Amend the commit to v2, whatever v1 contains.

    The new message answers the maintainer's question, and the new code compiles without a warning.
    """
    message, corrected = _read_messages(work)
    text = corrected or message
    for old, new in ASKED_FOR:
        text = text.replace(old, new, 1)
    if not has_answers(text):
        tags = _find_tags(text)
        body = text.rstrip("\n").removesuffix("\n".join(tags)).rstrip("\n")
        text = _add_tags(f"{body}\n\n{STATED}", "\n".join(tags))
    code = (work / acme.MCP).read_text(encoding="utf-8")
    if demo_mails.UNUSED in code or "if((" in code:
        write_driver(work, acme.CHECK_FIXED)
    _amend_commit(work, text)


def has_answers(message: str) -> bool:
    """Return whether a message has what the maintainer asked for, as in v2."""
    return all(new in message for _, new in ASKED_FOR) or STATED.rstrip("\n") in message


def is_robins(posted: "PostedSeries") -> bool:
    """Return whether a series that was sent is Robin's, and no fix by the reader."""
    return any(acme.ANSWER in post.mail.body for post in posted.latest.patches)


def withdraw_second_version(work: Path) -> str:
    """Remove what `prepare_second_version` wrote, after its changes were undone: the changelog, and
    the ticks of the requests.

    A changelog that the reader edited stays, and so do the reader's own ticks. Return a one-line
    summary, or "".
    """
    from patchpilot.commits.repository import Repository
    from patchpilot.sending.edit_draft import DraftChanges, change_draft, show_draft

    removed = ["the ticks"] if _remove_ticks(work) else []
    with Repository.open(work) as repository:
        lines = show_draft(repository).draft.changelog.splitlines()
        written = [line for line in lines if line.startswith("- ") and "Link to v" not in line]
        if written and set(written).issubset(CHANGES):
            change_draft(repository, DraftChanges(changelog=""))
            removed.insert(0, "the changelog")
    return f"Removed {join_words(removed)} of v2 as well" if removed else ""


def _tick_requests(work: Path, series: "Tracked") -> None:
    """Tick the open requests of a series, and remember which they are."""
    from patchpilot.threads.review_ledger import list_latest_requests, toggle_state

    items = [item for item in list_latest_requests(series) if not item.done]
    for item in items:
        toggle_state(series.entry.id, item)
    ticks = [(series.entry.id, item.point.message_id, item.point.line) for item in items]
    (work.parent / TICKS).write_text(json.dumps(ticks), encoding="utf-8")


def _remove_ticks(work: Path) -> bool:
    """Remove the remembered ticks, and return whether there were any."""
    from patchpilot.archive.track_store import Store

    file = work.parent / TICKS
    if not file.exists():
        return False
    with Store() as store:
        for number, message_id, line in json.loads(file.read_text(encoding="utf-8")):
            store.mark(number, message_id, line, None)
    file.unlink()
    return True


def answer_question(work: Path, question: Mail) -> None:
    sent = Sent(
        question.message_id,
        question.subject,
        question.body,
        question.date or datetime.now(UTC),
    )
    _send_mail(work, [MAINTAINER.email, NET_LIST], demo_mails.make_answer(sent))


def _send_mail(work: Path, recipients: list[str], message: bytes) -> None:
    import smtplib

    file = str(work.parent / "home" / ".gitconfig")
    config_command = ("config", "--file", file, "sendemail.smtpServerPort")
    port = int(git(None, *config_command).text)
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as server:
        lines = message.replace(b"\n", b"\r\n")
        server.sendmail(NEWCOMER.email, recipients, lines)


def list_backports(work: Path, commit: str | None) -> list[Path]:
    """Return the patches that were written for a mainline commit."""
    from patchpilot.backports.write import suggest_backport_folder

    return sorted(suggest_backport_folder(work, commit).glob("*/*.patch"))


def send_backports(work: Path, commit: str | None) -> str:
    for file in list_backports(work, commit):
        _send_mail(work, [STABLE.email, NET_LIST], file.read_bytes())
    return "Sent the patches for you (git send-email); the stable maintainer takes them"


def is_answered(posted_series: "PostedSeries") -> bool:
    """Return whether all replies to which v2 responds have arrived.

    These are the maintainer's question, the bot's report, and a review.
    """
    replies = [reply.mail for reply in posted_series.replies]
    return (
        find_question(posted_series) is not None
        and any(reply.robot for reply in replies)
        and bool(posted_series.trailers)
    )


def has_replied(posted_series: "PostedSeries") -> bool:
    question = find_question(posted_series)
    return question is not None and any(
        reply.mail.mail.in_reply_to == question.message_id and reply.mail.sender.key == NEWCOMER.key
        for reply in posted_series.replies
    )


def has_warning(posted_series: "PostedSeries") -> bool:
    return any(
        reply.mail.robot and "unused variable" in reply.mail.mail.body
        for reply in posted_series.replies
    )


def find_question(posted_series: "PostedSeries") -> Mail | None:
    return next(
        (
            reply.mail.mail
            for reply in posted_series.replies
            if reply.mail.sender.key == MAINTAINER.key
        ),
        None,
    )


def prepare_second_version(work: Path) -> str:
    """Prepare v2 with the requested changes, and write its changelog. Return a one-line summary.

    The user replies to the maintainer.
    """
    from patchpilot.archive.track_store import Store
    from patchpilot.commits.repository import Repository
    from patchpilot.sending.edit_draft import DraftChanges, change_draft
    from patchpilot.tags.add_review_trailers import add_review_trailers
    from patchpilot.tags.review_trailers import TrailersRequest
    from patchpilot.topic.own_archive import make_archive_opener
    from patchpilot.tracking.poll_archives import UpdateRequest
    from patchpilot.tracking.update_series import update_tracked_series

    if has_answers(git(work, "log", "-1", "--format=%B").text):
        return "v2 is already prepared: the preview shows it"
    with Repository.open(work) as repository, Store() as store:
        series = update_tracked_series(
            UpdateRequest(fresh=True), store=store, archive_at=make_archive_opener()
        )
        own_series = next(
            (
                tracked_series
                for tracked_series in series
                if tracked_series.posted and is_answered(tracked_series.posted)
            ),
            None,
        )
        if own_series is None or own_series.posted is None:
            return "wait for the replies first: they arrive in a few seconds"
        dropped = has_warning(own_series.posted)
        revise_commit(work)
        # the review is still valid, because v2 only removes an unused variable
        add_review_trailers(repository, TrailersRequest(changed=True), store=store)
        _tick_requests(work, own_series)
        change_draft(
            repository,
            DraftChanges(
                changelog="\n".join(line for line in CHANGES if dropped or "robot" not in line)
            ),
        )
    return (
        "Made v2 for you (git commit --amend, patchpilot trailers, patchpilot draft);"
        " press 7 to review and send it"
    )
