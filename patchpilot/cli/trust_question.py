# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks on the terminal whether commands named by a repository may run."""

import sys
from collections.abc import Callable

from patchpilot.model.own_command import OwnCommand, UntrustedCommandsError
from patchpilot.model.printable import printable


def trusting(work: Callable[[], int | None]) -> int | None:
    """Return the result of `work`.

    If it needs trusted commands, ask for trust on the terminal and run it again.
    """
    while True:
        try:
            return work()
        except UntrustedCommandsError as error:
            if not _agreed(error):
                raise


def shown(commands: tuple[OwnCommand, ...]) -> str:
    """Return the commands as printed: the setting or hook, its file, and its text."""
    heads = (
        f"==> {printable(one.name)} ({printable(one.file)}) <==" for one in commands
    )
    texts = (printable(one.text) for one in commands)
    return "\n".join(
        f"{head}\n{text}\n" for head, text in zip(heads, texts, strict=True)
    )


def _agreed(error: UntrustedCommandsError) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    import click

    from patchpilot.cli.error_exit import notice
    from patchpilot.settings.trusted_packs import trust_commands

    notice("warning", error.message)
    click.echo(shown(error.commands), err=True)
    question = "Type 'trust' to trust and use them"
    try:
        answer = click.prompt(question, default="", show_default=False, err=True)
    except click.Abort:
        return False
    if answer.strip().lower() != "trust":
        return False
    trust_commands(error.commands)
    return True
