# SPDX-License-Identifier: GPL-2.0-or-later
"""Parses the SMTP dialogue that git send-email prints on stderr, to find the outcome of a
message.

Credentials in the dialogue are discarded without being parsed.
"""

import re
from enum import IntEnum

from patchpilot.model.message import MailState
from patchpilot.outgoing.mail_state import Outcome, Retry
from patchpilot.outgoing.reply_codes import NO_ANSWER, after_mail, before_mail, lost

_LINE = re.compile(
    r"^Net::SMTP(?:::\w+)*(?:=GLOB\(0x[0-9a-f]+\))?(?P<way><<<|>>>) (?P<text>.*)$"
)
_REPLY = re.compile(r"^(?P<code>[2-5]\d\d)(?P<more>[ -]|$)(?P<text>.*)$")

_ENCRYPTION = re.compile(r"STARTTLS|\bSSL\b|\bTLS\b")
_FOR_GOOD = re.compile(
    r"does not support STARTTLS|certificate|CA path|Can't locate", re.IGNORECASE
)

_LONGEST = 1000
"""Lines of one reply."""


class Phase(IntEnum):
    """The stage that the SMTP dialogue for one message has reached."""

    QUIET = 0
    CONNECTED = 1
    ENVELOPE = 2
    DATA = 3
    BODY = 4
    COMPLETE = 5
    ANSWERED = 6


class Dialogue:
    """A parser for the SMTP dialogue, one message at a time.

    `feed` takes the lines of stderr; `outcome` returns what they prove.
    """

    def __init__(self) -> None:
        self.phase = Phase.QUIET
        self.codes: set[str] = set()
        self.lines = 0
        self.reply = ""
        self.asked = ""
        self.login = ""
        self.other: list[str] = []

    def begin(self) -> None:
        """A new mail: forget the last one's dialogue."""
        self.phase, self.reply, self.asked, self.other, self.codes = (
            Phase.QUIET,
            "",
            "",
            [],
            set(),
        )
        self.lines = 0

    @property
    def endless(self) -> bool:
        """Whether a reply of the server has too many lines."""
        return self.lines > _LONGEST

    def feed(self, line: str) -> None:
        """One line of stderr. What is sent after AUTH is never kept."""
        match = _LINE.match(line)
        if not match:
            if (
                line.strip()
                and not line.startswith("DEBUG: ")
                and not re.search(r"Net::|Exporter|IO::|Socket", line)
            ):
                self.other = [*self.other[-8:], line.strip()]
            return
        if match["way"] == ">>>":
            self._sent(match["text"].rstrip())
        else:
            self._answered(match["text"].rstrip())

    def _sent(self, text: str) -> None:
        if self.phase >= Phase.BODY:
            # a lone dot may also be a line of the body: taking it for the end errs towards
            # "unknown"
            if text == "." and self.phase == Phase.BODY:
                self.phase = Phase.COMPLETE
            return
        verb = text.split(" ", 1)[0].upper()
        if verb == "MAIL":
            self.phase, self.asked = Phase.ENVELOPE, "the sender"
        elif verb == "RCPT":
            self.asked = text.partition("<")[2].partition(">")[0]
        elif verb == "DATA":
            self.phase, self.asked = Phase.DATA, "the mail"
        elif verb == "AUTH":
            self.asked = "the login"
        elif verb in ("EHLO", "HELO", "STARTTLS"):
            self.phase, self.asked = max(self.phase, Phase.CONNECTED), verb

    def _answered(self, text: str) -> None:
        reply = _REPLY.match(text)
        if not reply:
            return
        if reply["code"] == "235":
            self.login = "accepted"
        elif self.asked == "the login" and reply["code"][0] in "45":
            self.login = "refused"
        if self.phase == Phase.ANSWERED:
            return
        self.codes.add(reply["code"])
        self.lines += 1
        if reply["more"] == "-":
            return
        self.lines = 0
        self.reply = text
        garbled, self.codes = len(self.codes) > 1, set()
        if garbled and self.phase >= Phase.BODY:
            return
        if self.phase == Phase.DATA and reply["code"] == "354":
            self.phase = Phase.BODY
        elif self.phase in (Phase.BODY, Phase.COMPLETE):
            self.phase = Phase.ANSWERED

    def outcome(self, *, reused: bool = False, ever: bool = False) -> Outcome:
        """What is certain about the mail, its sender having ended or gone on.

        `reused`: its connection had carried a mail before; `ever`: another one had.
        """
        if self.phase == Phase.ANSWERED:
            return after_mail(int(self.reply[:3]), self.reply)
        if self.phase == Phase.COMPLETE:
            return Outcome(MailState.UNKNOWN, NO_ANSWER)
        last_line = self.other[-1] if self.other else ""
        if self.reply[:1] in ("4", "5"):
            text = f"{self.asked}: {self.reply}" if self.asked else self.reply
            return before_mail(int(self.reply[:3]), text, reused=reused)
        if self.phase == Phase.QUIET and not self.reply:
            # nobody was reached: worth another try when somebody was there for the mail before
            return Outcome(
                MailState.PENDING,
                f"cannot reach the server: {last_line or 'no connection'}",
                Retry.LATER if reused or ever else Retry.NO,
            )
        if _ENCRYPTION.search(last_line):
            return Outcome(
                MailState.PENDING,
                last_line,
                Retry.NO if _FOR_GOOD.search(last_line) else Retry.LATER,
            )
        return lost(last_line or "connection closed by the server", reused=reused)
