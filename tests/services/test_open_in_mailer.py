# SPDX-License-Identifier: GPL-2.0-or-later
"""A thread opened in the user's own mail program."""

import mailbox
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.errors import MissingError, UsageError
from patchpilot.services.track import open_in_mailer as service
from patchpilot.topic.followed.follow_series import add_from_mbox
from patchpilot.topic.followed.known_series import show
from tests.kit import patches

REPLY = (
    "From: Rita <rita@example.org>\nDate: Tue, 06 Jan 2026 11:00:00 +0000\n"
    "Message-ID: <2@example.org>\nIn-Reply-To: <1@example.org>\nStatus: RO\n"
    "Subject: Re: [PATCH] foo: wait\n\nThat is\nStatus: good\n\nfor me\n"
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    patch = patches.mail("[PATCH] foo: wait", headers={"Message-ID": "<1@example.org>"})
    box = mailbox.mbox(tmp_path / "thread.mbox")
    for text in (patch.split("\n", 1)[1], REPLY):
        box.add(text)
    box.close()
    store = Store(tmp_path / "track.sqlite")
    add_from_mbox(tmp_path / "thread.mbox", store=store)
    return store


def test_the_program_gets_all_mails_and_knows_which_are_unread(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "mail program"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = -R ] && [ "$2" = -f ] && cp "$3" "{tmp_path}/seen"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("MAILER", f"'{program}' -R")
    (entry,) = store.entries()
    assert store.unread(entry.id) == {"2@example.org"}
    assert service.open_in_mailer(entry.id, store) == 0
    first, second = mailbox.mbox(tmp_path / "seen")
    assert (first["Status"], second["Status"]) == ("RO", None)
    # only headers are changed
    assert "Status: good" in str(second.get_payload())
    show(entry.id, store=store, mark_read=True)
    service.open_in_mailer(entry.id, store)
    assert [mail["Status"] for mail in mailbox.mbox(tmp_path / "seen")] == ["RO", "RO"]


def test_without_a_program_the_error_names_what_to_install(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAILER", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingError, match="no mail program found"):
        service.open_in_mailer(1, store)
    monkeypatch.setenv("MAILER", "'mutt")
    with pytest.raises(UsageError, match="No closing quotation"):
        service.open_in_mailer(1, store)
