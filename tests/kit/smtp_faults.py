# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the faults that a mail server can have at each step of an SMTP session, with the expected
result of `send`.
"""

from dataclasses import dataclass

from tests.kit.raw_smtp import Fault

SENT, UNKNOWN, STOPPED = "sent", "unknown", "stopped"
"""The results: everything sent; one message uncertain; rejected, temporarily or permanently."""
ANY = "any"


@dataclass(frozen=True, slots=True)
class ServerCase:
    """A fault and the expected result."""

    name: str
    fault: Fault
    first: str = SENT
    tls: str = ""
    login: bool = False
    stripped: bool = False
    trusted: bool = True


def _build_step_cases(step: str, *rows: tuple[object, ...]) -> tuple[ServerCase, ...]:
    """Return the cases of a step.

    The rows contain the name, the bytes, the action after sending them, and the expected result.
    """
    cases = []
    for name, sent_bytes, following_action, first_result in rows:
        assert isinstance(sent_bytes, bytes)
        index = 1 if step in ("greeting", "EHLO") else 2
        cases.append(
            ServerCase(
                f"{step}: {name}",
                Fault(step, sent_bytes, str(following_action), index),
                str(first_result),
            )
        )
    return tuple(cases)


BEFORE = (
    *_build_step_cases(
        "greeting",
        ("421", b"421 busy\r\n", "close", SENT),
        ("554", b"554 no\r\n", "close", STOPPED),
        ("closed", b"", "close", SENT),
        ("cut to '22'", b"22", "close", SENT),
        ("half of two lines", b"220-hello\r\n", "close", SENT),
        ("not SMTP", b"HTTP/1.1 400 Bad Request\r\n", "close", STOPPED),
        ("silent", b"", "stall", STOPPED),
        ("late", b"220 hello\r\n", "late", SENT),
    ),
    *_build_step_cases(
        "EHLO",
        ("421", b"421 busy\r\n", "close", SENT),
        ("500, then HELO", b"500 what\r\n", "on", SENT),
        ("closed", b"", "close", SENT),
        ("half of two lines", b"250-raw\r\n", "close", SENT),
        ("reset", b"", "reset", SENT),
    ),
    *_build_step_cases(
        "MAIL",
        ("451", b"451 later\r\n", "on", SENT),
        ("421", b"421 bye\r\n", "close", SENT),
        ("221", b"221 bye\r\n", "close", SENT),
        ("530 (login expired)", b"530 log in first\r\n", "on", SENT),
        ("550", b"550 no\r\n", "on", STOPPED),
        ("closed", b"", "close", SENT),
        ("reset", b"", "reset", SENT),
        ("cut to '25'", b"25", "close", SENT),
        ("half of two lines", b"250-ok\r\n", "close", SENT),
        ("no SMTP reply", b"hello\r\n", "on", SENT),
        ("code 650", b"650 ok\r\n", "on", SENT),
        ("answered twice", b"250 ok\r\n250 ok\r\n", "on", SENT),
        ("silent", b"", "stall", SENT),
        ("late", b"250 ok\r\n", "late", SENT),
    ),
    *_build_step_cases(
        "RCPT",
        ("450 greylisted", b"450 greylisted\r\n", "on", SENT),
        ("452 too many", b"452 too many recipients\r\n", "on", SENT),
        ("421", b"421 bye\r\n", "close", SENT),
        ("550", b"550 no such user\r\n", "on", STOPPED),
        ("550 cut after its first line", b"550-no\r\n", "close", SENT),
        ("closed", b"", "close", SENT),
        ("reset", b"", "reset", SENT),
        ("cut to '2'", b"2", "close", SENT),
        ("answered twice", b"250 ok\r\n250 ok\r\n", "on", SENT),
        ("silent past the time-out", b"", "stall", SENT),
        ("late", b"250 ok\r\n", "late", SENT),
    ),
    *_build_step_cases(
        "DATA",
        ("451", b"451 later\r\n", "on", SENT),
        ("421", b"421 bye\r\n", "close", SENT),
        ("554", b"554 no\r\n", "on", STOPPED),
        ("250 instead of 354", b"250 ok\r\n", "on", SENT),
        ("closed", b"", "close", SENT),
        ("reset", b"", "reset", SENT),
        ("cut to '35'", b"35", "close", SENT),
        ("silent", b"", "stall", SENT),
    ),
    *_build_step_cases(
        "body",
        ("closed", b"", "close", SENT),
        ("421", b"421 bye\r\n", "close", SENT),
        ("552", b"552 too big\r\n", "close", ANY),
    ),
)

_AFTER = (
    ("closed", b"", "close", UNKNOWN),
    ("reset", b"", "reset", UNKNOWN),
    ("silent", b"", "stall", UNKNOWN),
    ("cut to '2'", b"2", "close", UNKNOWN),
    ("cut to '25'", b"25", "close", UNKNOWN),
    ("cut to '250 o'", b"250 o", "close", UNKNOWN),
    ("cut to '55'", b"55", "close", UNKNOWN),
    ("cut to '550 no'", b"550 no", "close", UNKNOWN),
    ("half of two lines 250", b"250-ok\r\n", "close", UNKNOWN),
    ("half of two lines 550", b"550-no\r\n", "close", UNKNOWN),
    ("two codes", b"250-ok\r\n550 no\r\n", "close", UNKNOWN),
    ("'25 ok'", b"25 ok\r\n", "close", UNKNOWN),
    ("'2500 ok'", b"2500 ok\r\n", "on", UNKNOWN),
    ("'ok'", b"ok\r\n", "close", UNKNOWN),
    ("150", b"150 wait\r\n", "close", UNKNOWN),
    ("354 again", b"354 go on\r\n", "close", UNKNOWN),
    ("650", b"650 ok\r\n", "close", UNKNOWN),
    ("221", b"221 bye\r\n", "close", UNKNOWN),
    ("empty line", b"\r\n", "close", UNKNOWN),
)

AFTER = tuple(
    ServerCase(
        f"end: {name}, {'kept' if kept else 'lost'}",
        Fault("end", send, then, kept=kept),
        first,
    )
    for name, send, then, first in _AFTER
    for kept in (True, False)
) + tuple(
    ServerCase(f"end: {name}", Fault("end", send, then, kept=send.startswith(b"2")), first)
    for name, send, then, first in (
        ("451", b"451 later\r\n", "on", SENT),
        ("421", b"421 bye\r\n", "close", SENT),
        ("452 in two lines", b"452-full\r\n452 later\r\n", "on", SENT),
        ("554", b"554 no\r\n", "on", STOPPED),
        ("554 in two lines", b"554-no\r\n554 no\r\n", "on", STOPPED),
        ("250 late", b"250 ok\r\n", "late", SENT),
        ("250 without a text", b"250\r\n", "on", SENT),
        ("250 in two lines", b"250-ok\r\n250 kept\r\n", "on", SENT),
        ("250 with a bare LF", b"250 ok\n", "on", SENT),
        ("250 of 600 bytes", b"250 " + b"k" * 600 + b"\r\n", "on", SENT),
        ("250 with escapes and 8 bits", b"250 \x1b[31m\xff ok\r\n", "on", SENT),
        ("200", b"200 ok\r\n", "on", SENT),
        ("250, then closed", b"250 ok\r\n", "close", SENT),
    )
)

ENDLESS = tuple(
    ServerCase(f"{step}: {name}", Fault(step, send, "again", kept=kept, pause=pause), first)
    for step, kept, first in (
        ("MAIL", False, SENT),
        ("end", True, UNKNOWN),
        ("end", False, UNKNOWN),
    )
    for name, send, pause in (
        (f"a byte now and then{', kept' * kept}", b"2", 0.3),
        (f"a reply without end{', kept' * kept}", b"250-and more\r\n" * 50, 0.001),
    )
)

BETWEEN = (
    ServerCase("closes after each mail", Fault("between", b"", "close", 0, 99)),
    ServerCase(
        "421 and closes after each mail",
        Fault("between", b"421 idle\r\n", "close", 0, 99),
    ),
    ServerCase("resets after each mail", Fault("between", b"", "reset", 0, 99)),
    ServerCase("451 at every first try", Fault("MAIL", b"451 greylisted\r\n", "on", 2, 2)),
    ServerCase("451 for ever", Fault("MAIL", b"451 later\r\n", "on", 2, 99), STOPPED),
    ServerCase("closed before DATA for ever", Fault("RCPT", b"", "close", 2, 99), STOPPED),
    ServerCase(
        "all recipients 450 for ever",
        Fault("RCPT", b"450 later\r\n", "on", 0, 99),
        STOPPED,
    ),
    ServerCase("QUIT silent", Fault("QUIT", b"", "stall", 0)),
    ServerCase("QUIT reset", Fault("QUIT", b"", "reset", 0)),
)

SECURE = (
    ServerCase(
        "STARTTLS stripped",
        Fault("none"),
        STOPPED,
        tls="starttls",
        login=True,
        stripped=True,
    ),
    ServerCase(
        "STARTTLS 454",
        Fault("STARTTLS", b"454 later\r\n", "on", 1),
        SENT,
        tls="starttls",
        login=True,
    ),
    ServerCase(
        "STARTTLS closed",
        Fault("STARTTLS", b"", "close", 1),
        SENT,
        tls="starttls",
        login=True,
    ),
    ServerCase(
        "handshake closed",
        Fault("handshake", b"", "close", 1),
        SENT,
        tls="starttls",
        login=True,
    ),
    ServerCase(
        "reply put in before the handshake",
        Fault("STARTTLS", b"220 ready\r\n250 in\r\n", "close", 1),
        ANY,
        tls="starttls",
        login=True,
    ),
    ServerCase(
        "certificate not trusted",
        Fault("none"),
        STOPPED,
        tls="starttls",
        login=True,
        trusted=False,
    ),
    ServerCase(
        "TLS: certificate not trusted",
        Fault("none"),
        STOPPED,
        tls="ssl",
        login=True,
        trusted=False,
    ),
    ServerCase("TLS closed at MAIL", Fault("MAIL", b"", "close"), SENT, tls="ssl", login=True),
    ServerCase(
        "TLS reset after the mail, kept",
        Fault("end", b"", "reset", kept=True),
        UNKNOWN,
        tls="ssl",
        login=True,
    ),
    ServerCase(
        "TLS reset after the mail, lost",
        Fault("end", b"", "reset"),
        UNKNOWN,
        tls="starttls",
        login=True,
    ),
    ServerCase(
        "TLS: closes after each mail",
        Fault("between", b"", "reset", 0, 99),
        SENT,
        tls="starttls",
        login=True,
    ),
    ServerCase(
        "AUTH 454",
        Fault("AUTH", b"454 later\r\n", "on", 1),
        SENT,
        tls="starttls",
        login=True,
    ),
    ServerCase(
        "AUTH 535",
        Fault("AUTH", b"535 wrong\r\n", "on", 1, 9),
        STOPPED,
        tls="starttls",
        login=True,
    ),
    ServerCase("AUTH closed", Fault("AUTH", b"", "reset", 1), SENT, tls="starttls", login=True),
    ServerCase(
        "login expires in the series",
        Fault("MAIL", b"530 5.7.0 log in first\r\n", "on"),
        SENT,
        tls="starttls",
        login=True,
    ),
)

CASES = (*BEFORE, *AFTER, *ENDLESS, *BETWEEN, *SECURE)
