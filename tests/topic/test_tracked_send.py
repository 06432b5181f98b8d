# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the next version follows a series that another program sent."""

from pathlib import Path

import pytest

from tests.kit.life import LIST, Life, create_life
from tests.kit.mails import MATT, OTTO


def publish(life: Life, sender: str = "", subject: str = "[PATCH v3]") -> None:
    """Add the topic to the archive as another program would have sent it, and track it."""
    _, _, text = life.repo.git("format-patch --stdout -1").partition("\n")
    text = text.replace("[PATCH]", subject)
    if sender:
        text = text.replace("From: Ada Fixer <ada@example.org>", f"From: {sender}", 1)
    life.archive.add(f"Message-ID: <s1@example.org>\nTo: {LIST}\n{text}".encode())
    life.track("add s1@example.org").expect(0)


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_next_version_follows_a_tracked_series(tmp_path: Path, outbox: Path) -> None:
    with create_life(tmp_path) as life:
        publish(life)
        life.add_reply("s1@example.org", "Please rename the variable.", MATT)
        life.amend_patch()
        send = ("send", "--reroll", "--outbox", outbox, "--to", LIST, "--yes")
        life.run(*send).expect(1, "the changelog is not filled in: - EDITME changed: ")
        life.run("draft --changelog '- renamed the variable'").expect(0)
        life.run(*send).expect(0)
        (mail,) = [file.read_text() for file in outbox.iterdir()]
    assert "Subject: [PATCH v4] widget: change line 1" in mail
    assert "- Link to v3: " in mail
    assert "s1@example.org" in mail


def test_request_not_to_send_stops_the_next_version(tmp_path: Path, outbox: Path) -> None:
    with create_life(tmp_path) as life:
        publish(life)
        life.add_reply("s1@example.org", "No need to resend, I will fix it up.", MATT)
        life.amend_patch()
        outcome = life.run("send --reroll --outbox", outbox, "--to", LIST, "--yes")
        outcome.expect(1, "v3 should not be followed by another version now")


def test_series_of_somebody_else_is_not_followed(tmp_path: Path, outbox: Path) -> None:
    with create_life(tmp_path) as life:
        publish(life, OTTO)
        outcome = life.run("send --reroll --outbox", outbox, "--to", LIST, "--yes")
        outcome.expect(2, "nothing from this topic has been sent yet")
