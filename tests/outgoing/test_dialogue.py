# SPDX-License-Identifier: GPL-2.0-or-later
"""What an SMTP dialogue proves about a mail."""

import pytest

from patchpilot.outgoing.send_email.send_email_log import Dialogue

ENVELOPE = [
    "<<< 220 hello",
    ">>> EHLO x",
    "<<< 250-x",
    "<<< 250 HELP",
    ">>> MAIL FROM:<a@x>",
    "<<< 250 OK",
    ">>> RCPT TO:<b@x>",
]
TAKEN = [
    *ENVELOPE,
    "<<< 250 OK",
    ">>> DATA",
    "<<< 354 go on",
    ">>> Subject: x",
    ">>> 550 is text here",
]


@pytest.mark.parametrize(
    ("lines", "state", "words"),
    [
        (
            [*TAKEN, ">>> .", "<<< 250 kept", ">>> QUIT", "<<< 221 bye"],
            "accepted",
            "250 kept",
        ),
        ([*TAKEN, ">>> .", "<<< 554-no", "<<< 554 thanks"], "rejected", "554 thanks"),
        ([*TAKEN, ">>> .", "<<< 451 later"], "rejected", "451"),
        ([*TAKEN, ">>> ."], "unknown", "before the server answered"),
        (TAKEN, "pending", "before the mail was complete"),
        ([*ENVELOPE, "<<< 550 no such user"], "rejected", "b@x: 550 no such user"),
        ([*ENVELOPE, "<<< 450 greylisted"], "rejected", "450"),
        (ENVELOPE, "pending", "lost"),
        ([], "pending", "cannot reach the server"),
        (
            ["<<< 220 x", ">>> AUTH PLAIN c2VjcmV0", "<<< 535 bad password"],
            "rejected",
            "the login: 535",
        ),
    ],
)
def test_the_outcome_is_what_is_certain(
    lines: list[str], state: str, words: str
) -> None:
    dialogue = Dialogue()
    dialogue.begin()
    for line in lines:
        dialogue.feed(f"Net::SMTP=GLOB(0x5581){line}")
    outcome = dialogue.outcome()
    assert (str(outcome.state), words in outcome.detail) == (state, True), outcome


def test_no_password_is_kept() -> None:
    dialogue = Dialogue()
    for line in ("AUTH PLAIN AHVzZXIAcGFzcw==", "AHVzZXIAcGFzcw=="):
        dialogue.feed(f"Net::SMTP=GLOB(0x5581)>>> {line}")
    assert "AHVz" not in repr(vars(dialogue))


def test_a_reply_cut_off_or_of_two_codes_proves_nothing() -> None:
    for answer in (
        ["<<< 25"],
        ["<<< 250-kept"],
        ["<<< 250-kept", "<<< 550 no"],
        ["<<< 2500 ok"],
        ["<<< 650 ok"],
        ["<<< 221 bye"],
        ["<<< 354 go on"],
    ):
        dialogue = Dialogue()
        dialogue.begin()
        for line in [*TAKEN, ">>> .", *answer]:
            dialogue.feed(f"Net::SMTP=GLOB(0x5581){line}")
        assert str(dialogue.outcome().state) == "unknown", answer


def test_a_reply_without_end_is_noticed() -> None:
    dialogue = Dialogue()
    for _ in range(1001):
        dialogue.feed("Net::SMTP=GLOB(0x5581)<<< 250-and more")
    assert dialogue.endless
    dialogue.feed("Net::SMTP=GLOB(0x5581)<<< 250 done")
    assert not dialogue.endless
