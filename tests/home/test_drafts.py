# SPDX-License-Identifier: GPL-2.0-or-later
"""Test listing messages that were written but not sent."""

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.home.drafts import DRAFT, read_draft_topics, settle_draft
from patchpilot.model.mail import parse_mail
from patchpilot.reading.thread_values import Turn
from patchpilot.resources import save_draft_file
from tests.kit.mails import ADA, RITA, build_mail


def test_draft_is_listed_until_it_is_marked_as_sent() -> None:
    save_draft_file("reports", "acme", "Subject: acme: FILL IN\n\nIt hangs.\n")
    file = save_draft_file("requests", "0123", "To: a@example.org\nSubject: backport\n\nPlease.\n")
    report, request = sorted(read_draft_topics(), key=lambda topic: topic.title)
    assert (report.title, report.news) == ("acme: FILL IN", "draft: 1 FILL IN left")
    assert report.step.startswith("replace each FILL IN (1 left); ")
    assert (request.key, request.turn, request.state) == (str(file), Turn.YOURS, DRAFT)
    settle_draft(request, is_sent=True)
    assert [topic.title for topic in read_draft_topics()] == ["acme: FILL IN"]
    assert file.exists()


def test_tracked_draft_was_sent() -> None:
    save_draft_file("reports", "acme", "Subject: acme: hangs on start\n\nIt hangs.\n")
    assert [topic.title for topic in read_draft_topics()] == ["acme: hangs on start"]
    with Store() as store:
        store.add("bug@example.org", "acme: hangs on start", "", None)
    assert read_draft_topics() == []


@pytest.mark.parametrize(("sender", "is_listed"), [(ADA, False), (RITA, True)])
def test_thread_of_another_person_hides_no_draft(
    monkeypatch: pytest.MonkeyPatch, sender: str, is_listed: bool
) -> None:
    for name, value in {"COUNT": "1", "KEY_0": "user.email", "VALUE_0": "ada@example.org"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    save_draft_file("reports", "acme", "Subject: acme: hangs on start\n\nIt hangs.\n")
    mail = parse_mail(build_mail("acme: hangs on start", "It hangs.\n", sender=sender, id="bug"))
    with Store() as store:
        entry = store.add(mail.message_id, "acme: hangs on start", "", None)
        store.store_sent_mail(entry.id, mail)
    assert bool(read_draft_topics()) is is_listed
