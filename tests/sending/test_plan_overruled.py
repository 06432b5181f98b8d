# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a version sent against a request not to send one quotes the request."""

from pathlib import Path

import pytest

from tests.kit.life import LIST, create_life
from tests.kit.mails import MATT

REASON = "the fixed line breaks the build on arm"
SEND = ("send", "--to", LIST, "--yes", "--version-note", "x")


def read_mails(folder: Path) -> list[str]:
    return [file.read_text() for file in sorted(folder.iterdir())]


@pytest.mark.parametrize(
    ("patches", "answer", "quote"),
    [
        (
            1,
            "No need to resend, I will fix up the subject while applying.",
            "> Matt Maintainer: “No need to resend, I will fix up the subject while\n> applying.”",
        ),
        (2, f"No. We do not want this.\n\nNacked-by: {MATT}", "> "),
        (1, "I'll pick this up. Diff below:\ndiff --git a/x b/x", "> Matt Maintainer: "),
    ],
    ids=["no resend", "nack", "promise"],
)
def test_overruled_request_is_quoted(patches: int, answer: str, quote: str, tmp_path: Path) -> None:
    with create_life(tmp_path, patches) as life:
        if patches > 1:
            life.run("draft", "--cover", "widget: two\n\nTwo changes.\n").expect(0)
        first = life.send()
        life.add_reply(first, answer, MATT)
        life.amend_patch()
        outbox = tmp_path / "out"
        again = ("--reroll", "--outbox", outbox, "--to", LIST, "--yes")
        blocked = life.run("send", *again)
        assert blocked.code == 1, blocked.err
        assert not any("Sent again" in mail for mail in read_mails(outbox))
        life.run("send", *again, "--force", REASON).expect(0)
        head, *others = read_mails(outbox)
    assert f"Sent again, because: {REASON}\n{quote}" in head
    assert "<reply1@example.net>" in head
    assert not any(REASON in other for other in others)
    if patches == 1:
        assert head.index("\n---\n") < head.index(REASON) < head.index("\ndiff --git ")


def test_nothing_is_quoted_if_nothing_was_asked(tmp_path: Path) -> None:
    with create_life(tmp_path) as life:
        first = life.send()
        life.add_reply(first, "Please rename the variable.", MATT)
        life.amend_patch()
        outbox = tmp_path / "out"
        life.run("send --reroll --outbox", outbox, "--to", LIST, "--yes", "--force", REASON).expect(
            0
        )
        assert REASON not in read_mails(outbox)[0]
