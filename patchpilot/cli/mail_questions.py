# SPDX-License-Identifier: GPL-2.0-or-later
"""The interactive questions of `setup mail`."""

import sys
from collections.abc import Sequence
from dataclasses import replace

import click

from patchpilot.errors import UsageError
from patchpilot.model.printable import printable
from patchpilot.services.setup.set_up_mail import (
    OWN,
    PORTS,
    MailPlan,
    MailRequest,
    password_places,
    proposed_provider,
    provider_names,
)


def asks() -> bool:
    """Whether there is a terminal for asking questions."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def complete(request: MailRequest, identity: str) -> MailRequest:
    """Return the request with missing values filled in by asking the user, if possible."""
    if not asks():
        if not request.address and not identity:
            raise UsageError(
                "the address is missing", hint="pass --address YOU@EXAMPLE.ORG"
            )
        return replace(request, address=request.address or identity)
    if not request.address:
        address = click.prompt("Your address", default=identity or None, err=True)
        request = replace(request, address=address.strip())
    if not request.provider and not request.server:
        names = provider_names()
        _list(names)
        chosen = _choice("Provider", names, proposed_provider(request.address))
        request = replace(request, provider=chosen)
    if request.provider == OWN or (request.server and not request.provider):
        request = _own_server(request)
    return request


def _own_server(request: MailRequest) -> MailRequest:
    server = (
        request.server
        or click.prompt("Mail server (HOST or HOST:PORT)", err=True).strip()
    )
    encryption = request.encryption
    if encryption is None:
        kinds = (
            ("tls", "STARTTLS, usually port 587"),
            ("ssl", "TLS, usually port 465"),
            ("none", "not encrypted, usually port 25"),
        )
        _list(kinds)
        encryption = _choice("Encryption", kinds, "tls")
    port = request.port
    if not (request.server or port or server.rpartition(":")[2].isdigit()):
        port = click.prompt(
            "Port",
            type=click.IntRange(1, 65535),
            default=PORTS[encryption],
            err=True,
        )
    user = request.user or click.prompt(
        "User name (none: no login)", default=request.address, err=True
    )
    return replace(
        request,
        provider=OWN,
        server=server,
        port=port,
        encryption=encryption,
        user=user,
    )


def place_for_password(request: MailRequest, plan: MailPlan) -> MailRequest:
    """Return the request with the place where the password is to be stored."""
    if request.keep or not plan.needs_password or not asks():
        return request
    places = [(one.name, one.what) for one in password_places()]
    _list(places)
    return replace(
        request, keep=_choice("Keep the password in", places, plan.keeper.name)
    )


def password_of(plan: MailPlan, *, from_stdin: bool) -> str:
    """Return the password, read without echo.

    It is "" if no password is needed or it cannot be asked for.
    """
    if not plan.needs_password:
        return ""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not asks():
        return ""
    click.echo(printable(f"The login is {plan.login}."), err=True)
    word: str = click.prompt(
        "Password", hide_input=True, default="", show_default=False, err=True
    )
    return word


def agreed(question: str, *, yes: bool, default: bool = False) -> bool:
    """Return the user's answer to a question.

    Raises UsageError if there is no terminal and --yes is missing.
    """
    if yes:
        return True
    if not asks():
        raise UsageError(
            "nothing was written: stdin is not a terminal", hint="pass --yes"
        )
    return click.confirm(question, default=default, err=True)


def _list(rows: Sequence[tuple[str, str]]) -> None:
    broad = max(len(name) for name, _ in rows)
    for name, what in rows:
        click.echo(f"  {name:<{broad}}  {printable(what)}", err=True)


def _choice(question: str, rows: Sequence[tuple[str, str]], default: str) -> str:
    names = [name for name, _ in rows]
    answer: str = click.prompt(
        question,
        type=click.Choice(names),
        default=default,
        show_choices=False,
        err=True,
    )
    return answer
