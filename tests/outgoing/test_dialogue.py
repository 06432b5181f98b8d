# SPDX-License-Identifier: GPL-2.0-or-later
"""What an SMTP dialogue proves about a mail."""

import pytest

from patchpilot.outgoing.dialogue import Dialogue

ENVELOPE = ["<<< 220 hello", ">>> EHLO x", "<<< 250-x", "<<< 250 HELP", ">>> MAIL FROM:<a@x>", "<<< 250 OK", ">>> RCPT TO:<b@x>"]
TAKEN = [*ENVELOPE, "<<< 250 OK", ">>> DATA", "<<< 354 go on", ">>> Subject: x", ">>> 550 is text here"]


@pytest.mark.parametrize(
    ("lines", "state", "words"),
    [
        ([*TAKEN, ">>> .", "<<< 250 kept", ">>> QUIT", "<<< 221 bye"], "accepted", "250 kept"),
        ([*TAKEN, ">>> .", "<<< 554-no", "<<< 554 thanks"], "rejected", "554 thanks"),
        ([*TAKEN, ">>> .", "<<< 451 later"], "rejected", "451"),
        ([*TAKEN, ">>> ."], "unknown", "before the server answered"),
        (TAKEN, "pending", "before the mail was complete"),
        ([*ENVELOPE, "<<< 550 no such user"], "rejected", "b@x: 550 no such user"),
        ([*ENVELOPE, "<<< 450 greylisted"], "rejected", "450"),
        (ENVELOPE, "pending", "lost"),
        ([], "pending", "never reached the server"),
        (["<<< 220 x", ">>> AUTH PLAIN c2VjcmV0", "<<< 535 bad password"], "rejected", "the login: 535"),
    ],
)
def test_the_outcome_is_what_is_certain(lines: list[str], state: str, words: str) -> None:
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
