# SPDX-License-Identifier: GPL-2.0-or-later
"""The newcomer's manual steps: fixing the first commit and preparing the second version. Used by both front ends of the demo."""

import re
from datetime import UTC, datetime
from pathlib import Path

from patchpilot.commits.run import git
from patchpilot.demo import acme, demo_mails
from patchpilot.demo.before import corrected_message
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.demo_people import MAINTAINER, NET_LIST, NEWCOMER
from patchpilot.demo.demo_repository import put
from patchpilot.model.mail import Mail

ASKED_FOR = (
    (
        "the firmware of some\ncards does not know the command. In such cases the driver returns EINVAL,\nand the card is not usable at all.",
        "firmware older\nthan 2.4 does not know the command. In such cases the driver returns\nEINVAL, and the card is not usable at all.",
    ),
    ("again.", "again. The probe function already treats it as harmless."),
)
"""What the message of v1 says, and what that of v2 says after the maintainer's questions."""
CHANGES = (
    "- name the firmware, and say that the probe function treats EOPNOTSUPP as harmless (Maya)\n"
    "- drop an unused variable (kernel test robot)\n"
    "- collect Sana's Reviewed-by"
)


def fix_first(work: Path, check: str = acme.CHECK_UNUSED) -> str:
    """Fix the style error and the message, keeping tags, with this test of the response in the code; returns a summary line."""
    message = git(work, "log", "-1", "--format=%B").text
    found = re.search(r"^Commit ([0-9a-f]{12,40})\b", message, re.MULTILINE)
    if found is None or "We added" not in message:
        return "nothing to fix here"
    put(work, acme.MCP, acme.mcp(images=True, masked=True, field=True, temperature=True, check=check))
    reference = git(work, "log", "-1", '--format=%h ("%s")', "--abbrev=12", found[1]).text.strip()
    tags = [line for line in message.rstrip("\n").split("\n") if re.match(r"(?:Fixes|Cc|[A-Z][a-z-]+-by): ", line)]
    text = corrected_message(reference) + ("\n" + "\n".join(tags) + "\n" if tags else "")
    git(work, "commit", "-q", "--amend", "-a", "-F", "-", stdin=text.encode())
    return "Robin fixed the style error and the message (git commit --amend)"


def revise(work: Path) -> None:
    """Make v2 of the commit: what the maintainer asked for in the message, and the code without what the robot reported."""
    message = git(work, "log", "-1", "--format=%B").text
    for old, new in ASKED_FOR:
        message = message.replace(old, new, 1)
    put(work, acme.MCP, acme.mcp(images=True, masked=True, field=True, temperature=True, check=acme.CHECK_FIXED))
    git(work, "commit", "-q", "--amend", "-a", "-F", "-", stdin=message.encode())


def answer(work: Path, question: Mail) -> None:
    """Send the answer to the maintainer's question to the list, through the sandbox's mail server."""
    import smtplib

    sent = Sent(question.message_id, question.subject, question.body, question.date or datetime.now(UTC))
    port = int(git(work, "config", "sendemail.smtpServerPort").text)
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as server:
        server.sendmail(NEWCOMER.email, [MAINTAINER.email, NET_LIST], demo_mails.answer(sent))


def second_version(work: Path) -> str:
    """Answer the maintainer, make v2 as reviewers and the robot asked, write its changelog; one line of what was done."""
    from patchpilot.commits.repository import Repository
    from patchpilot.services.send.edit_draft import Changes, change
    from patchpilot.services.tags.add_review_trailers import TrailersRequest, add_review_trailers
    from patchpilot.services.track.follow_series import UpdateRequest, default_archive, update
    from patchpilot.threads.track_store import Store

    if ASKED_FOR[1][1] in git(work, "log", "-1", "--format=%B").text:
        return "v2 is already prepared: the preview shows it"
    with Repository.open(work) as repository, Store() as store:
        known = [one.status for one in update(UpdateRequest(fresh=True), store=store, archive_at=default_archive()) if one.status]
        replies = [reply.mail for status in known for reply in status.replies]
        question = next((reply.mail for reply in replies if reply.mail.sender.key == MAINTAINER.key), None)
        if question is None or not any(reply.robot for reply in replies) or not any(status.trailers for status in known):
            return "wait for the replies first: they arrive in a few seconds"
        answer(work, question)
        revise(work)
        # only an unused variable was removed: the review is still valid
        add_review_trailers(repository, TrailersRequest(changed=True), store=store)
        change(repository, Changes(changelog=CHANGES))
    return "Robin answered Maya on the list, fixed what the robot reported, added Sana's tag and the changelog of v2: check the preview, then send it"
