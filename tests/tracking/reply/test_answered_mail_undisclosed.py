# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that replies in the matter of an undisclosed fix do not reach a list.

Mail programs drop, change and add headers. The forms of a message are combined: with or without
references, with several subjects, recipients and texts.
"""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.outgoing.outbox import Outbox
from patchpilot.tracking.reply.answered_mail import find_answered_mail, is_undisclosed_mail
from patchpilot.tracking.reply.plan import open_reply_draft, plan_reply
from tests.kit.outbox import ADA, build_message, build_send
from tests.kit.repos import Repo

TEAM = "security@kernel.org"
LIST = "widget@lists.example.org"
TITLE = "widget: change 1"
PRIVATE, PUBLIC = "private-v1-1@example.org", "public-v1-1@example.org"

THREADS = {
    "both headers": f"In-Reply-To: <{PRIVATE}>\nReferences: <{PRIVATE}>\n",
    "no header": "",
    "another message": "In-Reply-To: <unknown@example.net>\n",
}
SUBJECTS = {
    "reply": f"Re: [PATCH 1/9] {TITLE}",
    "localized": f"AW: AW: [PATCH 1/9]  {TITLE}",
    "forwarded": f"Fwd: {TITLE.upper()}",
    "list prefix": f"[widget] Re: {TITLE}",
    "renamed": f"Embargo until Friday (was: [PATCH 1/9] {TITLE})",
    "other": "Embargo until Friday",
}
COPIES = {"list": LIST, "team and list": f"{TEAM}, {LIST}"}
BODIES = {
    "new": "When can this go public?\n",
    "quoted": f"Max wrote:\n> > {TITLE.replace(' ', chr(10) + '> > ', 1)}\n>\nWhy?\n",
    "change-id": "> change-id: 20261120-private-0123456789ab\n\nWhy?\n",
    "link": f"> Message-ID: <{PRIVATE}>\n\nWhy?\n",
}
FORMS = [*itertools.product(THREADS, SUBJECTS, COPIES, BODIES)]
UNRECOGNIZABLE = {
    (thread, "other", "list", "new") for thread in THREADS if thread != "both headers"
}
"""These have nothing in common with the fix but their sender."""


def record_sends(folder: Path) -> Repo:
    """Record an undisclosed fix, and a public one that has the same maintainer."""
    private = replace(
        build_message(1, change_id="20261120-private-0123456789ab"), message_id=PRIVATE
    )
    public = replace(build_message(2), message_id=PUBLIC)
    with Outbox() as outbox:
        for send in (
            replace(
                build_send(private),
                change_id="20261120-private-0123456789ab",
                undisclosed=True,
            ),
            build_send(public),
        ):
            outbox.add(send)
    repo = Repo(folder / "r")
    repo.commit("widget: start", {"widget.c": "int a;\n"})
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    return repo


def write_mail(folder: Path, headers: str, subject: str, copies: str, body: str) -> Path:
    file = folder / "mail"
    file.write_text(
        f"From: Max Keeper <max@keeper.example>\nTo: {ADA.header()}\nCc: {copies}\n"
        f"Subject: {subject}\nMessage-ID: <answer@example.org>\n{headers}"
        f"Date: Tue, 03 Mar 2026 12:00:00 +0000\n\n{body}"
    )
    return file


def is_recognized(file: Path) -> bool:
    with Store() as store:
        return is_undisclosed_mail(find_answered_mail(str(file), "reply", store))


def test_message_about_an_undisclosed_fix_is_recognized(tmp_path: Path) -> None:
    record_sends(tmp_path)
    wrong = {
        form
        for form in FORMS
        if not is_recognized(
            write_mail(
                tmp_path,
                THREADS[form[0]],
                SUBJECTS[form[1]],
                COPIES[form[2]],
                BODIES[form[3]],
            )
        )
    }
    assert wrong == UNRECOGNIZABLE


@pytest.mark.parametrize(
    ("headers", "subject"),
    [
        (f"In-Reply-To: <{PUBLIC}>\n", "Re: [PATCH 2/9] widget: change 2"),
        (f"In-Reply-To: <{PUBLIC}>\n", f"Re: {TITLE}"),
        ("", "[PATCH] widget: another change"),
    ],
)
def test_public_message_is_not_held_back(tmp_path: Path, headers: str, subject: str) -> None:
    record_sends(tmp_path)
    assert not is_recognized(write_mail(tmp_path, headers, subject, LIST, "Why?\n"))


def test_title_is_public_after_disclosure(tmp_path: Path) -> None:
    record_sends(tmp_path)
    file = write_mail(tmp_path, "", f"Re: {TITLE}", LIST, "Why?\n")
    assert is_recognized(file)
    with Outbox() as outbox:
        outbox.add(
            replace(build_send(build_message(1, 2)), change_id="20261120-private-0123456789ab")
        )
    assert not is_recognized(file)


def test_reply_without_references_is_not_sent_to_a_list(tmp_path: Path) -> None:
    repo = record_sends(tmp_path)
    file = write_mail(tmp_path, "", f"Re: [PATCH 1/9] {TITLE}", COPIES["team and list"], "Why?\n")
    with Repository.open(repo.path) as repository, Store() as store:
        answered = find_answered_mail(str(file), "reply", store)
        draft = open_reply_draft(answered, "reply", archive="http://127.0.0.1:9/all", sender=ADA)
        plan = plan_reply(repository, answered, draft._replace(message_id="x@y"), "git-send-email")
    assert LIST not in plan.mail.recipients
    assert "security-on-list" in {warning.name for warning in plan.warnings}
