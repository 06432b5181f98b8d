# SPDX-License-Identifier: GPL-2.0-or-later
"""Find out what a sendmail program does with the messages that it accepts.

A program accepts messages before it tries to deliver them, so its exit code proves nothing.
"""

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from patchpilot.model.action import Action
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.mail_account import Account

LOCAL_ONLY, UNVERIFIED = "local-delivery", "unverified-delivery"
ETC = Path("/etc")


class _MailSystem(NamedTuple):
    """A mail system whose settings are known.

    `program` matches the name of its program without links, and `file` is below /etc. `local` and
    `relay` match the settings for local delivery only, and for a relay.
    """

    name: str
    program: str
    file: str
    local: str
    relay: str


_MAIL_SYSTEMS = (
    _MailSystem(
        "exim4",
        r"exim4?",
        "exim4/update-exim4.conf.conf",
        r"^dc_eximconfig_configtype=[\"']?(?:local|none)\b.*",
        r"^dc_smarthost=[\"']?([^\s\"';:]+)",
    ),
    _MailSystem(
        "Postfix",
        r"sendmail(?:\.postfix)?",
        "postfix/main.cf",
        r"^default_transport[ \t]*=[ \t]*(?:error|discard|local)\b.*",
        r"^relayhost[ \t]*=[ \t]*\[?([^\s\]:]+)",
    ),
)


def find_sendmail_program(command: str) -> str | None:
    """Return the path of the program that a sendmail command runs, or None if there is none."""
    names = [command]
    with suppress(ValueError):
        names += shlex.split(command)[:1]
    return next(filter(None, map(shutil.which, names)), None)


def find_delivery_problem(account: Account) -> SendProblem | None:
    """Return what is known about the delivery of messages that are handed to a program.

    Return None if patchpilot connects to a server itself. The name of the problem is LOCAL_ONLY if
    no message leaves the machine, otherwise UNVERIFIED.
    """
    if not account.sendmail or account.destination:
        return None
    program = find_sendmail_program(account.sendmail) or account.program
    known = ""
    for system, file, text in _read_mail_settings(program):
        if setting := re.search(system.local, text, re.MULTILINE):
            return SendProblem(
                LOCAL_ONLY,
                f"{system.name} delivers mail on this machine only: {file} has"
                f" {setting[0].strip()}",
                Action("setup", ("mail",), "run `{}` to use a mail server"),
            )
        relay = re.search(system.relay, text, re.MULTILINE)
        route = f"through {relay[1]}" if relay else "without a relay"
        known = f" ({system.name}, {route})"
    return SendProblem(
        UNVERIFIED,
        f"messages are handed to {program}{known}; its connection to a server is not checked",
        Action("send", ("--to-self",), "check that a message to yourself arrives: {}"),
    )


def _read_mail_settings(program: str) -> Iterator[tuple[_MailSystem, Path, str]]:
    """Yield the mail system of a program with its settings file, if the file can be read."""
    name = Path(program).resolve().name
    for system in _MAIL_SYSTEMS:
        file = ETC / system.file
        with suppress(OSError):
            if re.fullmatch(system.program, name):
                yield system, file, file.read_text(errors="replace")
