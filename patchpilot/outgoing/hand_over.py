# SPDX-License-Identifier: GPL-2.0-or-later
"""Find out what happens to messages that are handed to a program or server on this machine.

It accepts messages before it tries to deliver them, so its answer proves nothing. A message sent
through it that was seen in an archive, or that the user received, does.
"""

import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.run import base_environment, run
from patchpilot.errors import GitError, MissingError
from patchpilot.model.action import Action, Hint
from patchpilot.model.hosts import LOOPBACK
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing import mail_account
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.outbox import Outbox

LOCAL_ONLY, UNVERIFIED, FAILING = "local-delivery", "unverified-delivery", "failing-program"
ETC = Path("/etc")
_LOCAL_PORTS = (25, 587)
"""Ports at which the mail system of this machine listens."""
_TIMEOUT = 15.0


class HandOver(NamedTuple):
    """What is known about a program or local server that takes the messages.

    `text` describes it. `problem` is None if it reports the answer of the mail server, or if a
    message that was sent through it is known to have arrived.
    """

    text: str
    problem: SendProblem | None


class _Route(NamedTuple):
    """The route of the messages of a mail system, as far as its settings are known.

    `undelivered` states why no message leaves the machine, and `words` describes the route.
    """

    undelivered: str = ""
    words: str = ""


class _MailSystem(NamedTuple):
    """A mail system whose settings are known.

    `program` matches the name of its program without links. If it is `sendmail`, `companion` is the
    name of another program in the same directory. `file` is below /etc, and is not read if there is
    a file named `replaced_by`.
    """

    name: str
    program: str
    companion: str
    file: str
    read: Callable[[str], _Route]
    replaced_by: str = ""


def _read_exim(text: str) -> _Route:
    lines = {match[1]: match for match in re.finditer(r"(?m)^(\w+)=[\"']?([^\"'\n]*).*", text)}
    kind, relay = lines.get("dc_eximconfig_configtype"), lines.get("dc_smarthost")
    if kind and kind[2].strip() in ("local", "none"):
        return _Route(f"delivers mail on this machine only: {{}} has {kind[0].strip()}")
    hosts = re.match(r"[^\s;:]+", relay[2].strip()) if relay else None
    if kind and kind[2].strip() in ("smarthost", "satellite") and not hosts:
        return _Route(f"has no relay: {{}} has {relay[0].strip() if relay else kind[0].strip()}")
    return _Route(words=_describe_relay(hosts[0] if hosts else ""))


def _read_postfix(text: str) -> _Route:
    lines = re.sub(r"\n[ \t]+(?!#)", " ", re.sub(r"(?m)^\s*#.*\n?", "", text))
    settings = {
        match[1]: match[2].strip() for match in re.finditer(r"(?m)^(\w+)[ \t]*=(.*)$", lines)
    }

    def value(name: str) -> str:
        text = settings.get(name, "")
        return re.sub(r"\$[({]?(\w+)[)}]?", lambda name: settings.get(name[1], name[0]), text)

    if value("transport_maps") or value("sender_dependent_relayhost_maps"):
        return _Route(words="with its own table of routes")
    transport, _, next_hop = value("default_transport").partition(":")
    if transport in ("error", "discard", "local", "retry"):
        setting = f"default_transport = {settings['default_transport']}"
        return _Route(f"delivers mail on this machine only: {{}} has {setting}")
    host = re.match(r"\[?([^\s\]:,]+)", next_hop or value("relayhost"))
    route = _describe_relay(host[1] if host else "")
    is_local = value("inet_interfaces") in ("loopback-only", "localhost", "127.0.0.1")
    return _Route(words=f"{route}, for this machine only" if is_local else route)


def _read_nullmailer(text: str) -> _Route:
    servers = [line.split()[0] for line in text.splitlines() if re.match(r"\s*[^#\s]", line)]
    if servers:
        return _Route(words=_describe_relay(servers[0]))
    return _Route("keeps messages in its queue: {} names no server")


def _read_relay_setting(pattern: str) -> Callable[[str], _Route]:
    """Return a reader for a file in which one setting names the relay."""

    def read(text: str) -> _Route:
        host = re.search(pattern, text, re.MULTILINE)
        return _Route(words=_describe_relay(host[1] if host else ""))

    return read


def _describe_relay(host: str) -> str:
    return f"through {host}" if host else "without a relay"


_MAIL_SYSTEMS = (
    _MailSystem(
        "exim4", r"exim4?", "exim4", "exim4/update-exim4.conf.conf", _read_exim, "exim4/exim4.conf"
    ),
    _MailSystem("Postfix", r"sendmail(?:\.postfix)?", "postfix", "postfix/main.cf", _read_postfix),
    _MailSystem(
        "nullmailer", r"sendmail", "nullmailer-send", "nullmailer/remotes", _read_nullmailer
    ),
    _MailSystem(
        "dma", r"dma", "", "dma/dma.conf", _read_relay_setting(r"^[ \t]*SMARTHOST[ \t]+(\S+)")
    ),
    _MailSystem(
        "ssmtp",
        r"ssmtp",
        "",
        "ssmtp/ssmtp.conf",
        _read_relay_setting(r"^[ \t]*mailhub[ \t]*=[ \t]*\[?([^\s\]:]+)"),
    ),
    _MailSystem(
        "sendmail",
        r"sendmail\.sendmail|sendmail-mta",
        "",
        "mail/sendmail.cf",
        _read_relay_setting(r"^DS\[?(?:\w+:)?\[?([^\s\]:]+)"),
    ),
)


_SHELL_WORDS = (".", "[", "cd", "command", "eval", "exec", "if", "set", "test", "umask", "unset")
"""Words of the shell at which a command may start."""


def find_sendmail_program(command: str) -> str | None:
    """Return the path of the program that a sendmail command runs, or None if there is none.

    Return the first word for a command that only a shell can read.
    """
    names = [command]
    with suppress(ValueError):
        names += shlex.split(command)[:1]
    if path := next(filter(None, map(shutil.which, names)), None):
        return path
    is_plain = command.startswith("/") or re.fullmatch(r"[\w@%+=:,./ \"'-]+", command)
    word = names[-1]
    return None if is_plain and "=" not in word and word not in _SHELL_WORDS else word


def find_missing_program(account: Account) -> SendProblem | None:
    """Return the problem of an account whose sendmail program is missing, or None."""
    if not account.sendmail or account.destination or find_sendmail_program(account.sendmail):
        return None
    return SendProblem(
        FAILING,
        f"program not found: {account.program}",
        "set sendemail.sendmailcmd or sendemail.smtpserver with git config",
    )


def find_delivery_problem(account: Account) -> SendProblem | None:
    """Return what is known against the delivery of messages sent with an account, or None.

    The name of the problem is FAILING if the program will fail, LOCAL_ONLY if no message leaves
    the machine, otherwise UNVERIFIED.
    """
    hand_over = find_hand_over(account)
    return hand_over.problem if hand_over else None


def find_hand_over(account: Account) -> HandOver | None:
    """Return what is known about the program or local server that takes the messages.

    Return None if patchpilot connects to a mail server elsewhere itself, or logs in. The caller
    must have checked that the program is trusted, because msmtp is run to read its settings.
    """
    if missing := find_missing_program(account):
        return HandOver(missing.message, missing)
    if account.destination or not (account.sendmail or _is_local_server(account)):
        return None
    if account.sendmail:
        program = find_sendmail_program(account.sendmail) or account.program
        taker = program
    else:
        program = next(filter(None, map(shutil.which, mail_account.LOCAL_PROGRAMS)), "")
        taker = account.label
    if Path(program).resolve().name == "msmtp" and (msmtp := _ask_msmtp(account, program)):
        return msmtp
    known = ""
    for system, file, text in _read_mail_settings(program):
        route = system.read(text)
        if route.undelivered:
            reason = f"{system.name} {route.undelivered.format(file)}"
            advice = Action("setup", ("mail",), "run `{}` to use a mail server")
            return HandOver(reason, SendProblem(LOCAL_ONLY, reason, advice))
        known = f" ({system.name}, {route.words})"
    handed = f"messages are handed to {taker}{known}"
    if proof := _find_proof(account):
        return HandOver(f"{handed}; {proof}", None)
    message = f"{handed}; its connection to a server is not checked"
    return HandOver(message, SendProblem(UNVERIFIED, message, _VERIFY))


ARRIVED = Action("doctor", ("--arrived",), "once it has arrived: {}")
_VERIFY = Hint(
    (Action("send", ("--to-self",), "check that a message to yourself arrives: {}"), "; ", ARRIVED)
)
PROOFS: Mapping[str, str] = {
    "archive": "a message sent this way was seen in an archive",
    "user": "you received a message sent this way",
}
"""Descriptions of the evidence that messages arrive, by its name in the outbox."""


def _find_proof(account: Account) -> str:
    with Outbox() as outbox:
        return PROOFS.get(outbox.find_delivery_proof(account.label), "")


def _is_local_server(account: Account) -> bool:
    return (
        account.configured
        and account.server in LOOPBACK
        and account.port in _LOCAL_PORTS
        and not account.needs_login
    )


def _ask_msmtp(account: Account, program: str) -> HandOver | None:
    """Return the server that msmtp would use, or its error.

    msmtp connects while it runs, so its exit code is the answer of the server. Return None if its
    answer cannot be read.
    """
    try:
        words = shlex.split(account.sendmail or program)[1:]
        sender = ("-f", account.envelope) if account.envelope else ()
        # without --auth=off, msmtp runs the user's command for the password
        options = (*account.options, *sender, "--auth=off", "--pretend", "--", "nobody@localhost")
        result = run(
            [program, *words, *options],
            env=base_environment(parsed=False),
            timeout=_TIMEOUT,
            name=account.program,
        )
    except (ValueError, OSError, GitError, MissingError):
        return None
    errors = result.error_text.splitlines()
    if result.code and errors and errors[-1].startswith("msmtp:"):
        message = f"{account.program} would fail: {errors[-1]}"
        advice = Action("setup", ("mail",), "set up an account in ~/.msmtprc, or run `{}`")
        return HandOver(message, SendProblem(FAILING, message, advice))
    settings = dict(re.findall(r"(?m)^(host|port) = (.*)$", result.out.decode("utf-8", "replace")))
    if result.code or not settings.get("host"):
        return None
    server = f"{settings['host']}:{settings.get('port', 25)}"
    text = f"messages are handed to {program}, which connects to {server}"
    proof = _find_proof(account) or "its login is not tested"
    return HandOver(f"{text}; {proof}", None)


def _read_mail_settings(program: str) -> Iterator[tuple[_MailSystem, Path, str]]:
    """Yield the mail system of a program with its settings file, if the file can be read."""
    path = Path(program).resolve()
    for system in _MAIL_SYSTEMS:
        file = ETC / system.file
        is_program = re.fullmatch(system.program, path.name) and (
            path.name != "sendmail" or (path.parent / system.companion).exists()
        )
        with suppress(OSError):
            if is_program and not (system.replaced_by and (ETC / system.replaced_by).exists()):
                yield system, file, file.read_text(errors="replace")
