# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the questions of `setup mail`."""

import sys
from collections.abc import Sequence
from dataclasses import replace

from patchpilot.cli import ask
from patchpilot.cli.command import NUMBER, Argument, convert_argument
from patchpilot.cli.output.stream import print_message
from patchpilot.errors import UsageError
from patchpilot.model.printable import make_printable
from patchpilot.setup.mail import (
    OWN,
    PORTS,
    MailPlan,
    MailRequest,
    guess_provider,
    list_password_stores,
    list_providers,
    validate_sender_address,
)


def can_ask_user() -> bool:
    """Return whether stdin and stderr are terminals, so that questions can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_missing_values(request: MailRequest, identity: str) -> MailRequest:
    """Ask for missing values if there is a terminal, and return the complete request."""
    if not can_ask_user():
        if not request.address and not identity:
            raise UsageError("the address is missing", hint="pass --address YOU@EXAMPLE.ORG")
        return replace(request, address=request.address or identity)
    if not request.address or not (request.provider or request.server):
        print_message("Press Ctrl-C to cancel; nothing has been written yet.")
    if not request.address:
        address = ask.prompt_value("Your address", validate_sender_address, identity or None)
        request = replace(request, address=address)
    if not request.provider and not request.server:
        providers = list_providers()
        _print_choices(providers)
        chosen = _ask_choice("Provider", providers, guess_provider(request.address))
        request = replace(request, provider=chosen)
    if request.provider == OWN or (request.server and not request.provider):
        request = ask_server(request)
    return request


def ask_server(
    request: MailRequest, default_encryption: str = "tls", default_server: str | None = None
) -> MailRequest:
    """Ask for the missing server settings."""
    question = "Mail server (HOST or HOST:PORT)"
    server = request.server or ask.ask_question(question, default_server).strip()
    encryption = request.encryption
    if encryption is None:
        kinds = (
            ("tls", "STARTTLS, usually port 587"),
            ("ssl", "TLS, usually port 465"),
            ("none", "not encrypted, usually port 25"),
        )
        _print_choices(kinds)
        encryption = _ask_choice("Encryption", kinds, default_encryption)
    port = request.port
    if not (request.server or port or server.rpartition(":")[2].isdigit()):
        port = ask.prompt_value("Port", _parse_port, str(PORTS[encryption]))
    user = request.user or ask_user(request.propose_user(encryption))
    return replace(
        request,
        provider=OWN,
        server=server,
        port=port,
        encryption=encryption,
        user=user,
    )


def ask_user(default: str) -> str:
    """Ask for the user name of the account; "none" means no login."""
    return ask.ask_question("User name (none: no login)", default)


def ask_password_store(request: MailRequest, plan: MailPlan) -> MailRequest:
    """Ask where to store the password."""
    if request.keep or not plan.needs_password or not can_ask_user():
        return request
    stores = [(store.name, store.description) for store in list_password_stores()]
    _print_choices(stores)
    return replace(request, keep=_ask_choice("Keep the password in", stores, plan.keeper.name))


def read_password(plan: MailPlan, *, from_stdin: bool) -> str:
    """Read the password without echoing it.

    Return "" if none is needed or there is no terminal.
    """
    if not plan.needs_password:
        return ""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not can_ask_user():
        return ""
    print_message(make_printable(f"The login is {plan.login}."))
    return ask.ask_password("Password")


def confirm_question(question: str, *, yes: bool, default: bool = False) -> bool:
    """Ask the user to confirm, unless --yes was given.

    Raise UsageError if there is no terminal and no --yes.
    """
    if yes:
        return True
    if not can_ask_user():
        raise UsageError("nothing was written: stdin is not a terminal", hint="pass --yes")
    return ask.ask_yes_or_no(question, default=default)


def _print_choices(rows: Sequence[tuple[str, str]]) -> None:
    name_width = max(len(name) for name, _ in rows)
    for name, label in rows:
        print_message(f"  {name:<{name_width}}  {make_printable(label)}")


def _ask_choice(question: str, rows: Sequence[tuple[str, str]], default: str) -> str:
    return ask.ask_choice(question, [name for name, _ in rows], default)


def _parse_port(text: str) -> int:
    argument = Argument("port", kind=NUMBER, limits=(1, 65535))
    return int(convert_argument(argument, text))
