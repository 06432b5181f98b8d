# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask on the terminal whether a repository's commands may run."""

import sys

from patchpilot.cli.output.stream import tell
from patchpilot.errors import PatchpilotError
from patchpilot.model.action import OwnCommand, UntrustedCommandsError


def commands_text(commands: tuple[OwnCommand, ...]) -> str:
    """Format the commands: the setting or hook, its file, and its text."""
    from patchpilot.model.printable import printable

    heads = (
        f"==> {printable(command.name)} ({printable(command.file)}) <=="
        for command in commands
    )
    texts = (printable(command.text) for command in commands)
    return "\n".join(
        f"{head}\n{text}\n" for head, text in zip(heads, texts, strict=True)
    )


def is_trusted(error: PatchpilotError) -> bool:
    """Ask whether to trust the commands in an error, and return the answer."""
    if not isinstance(error, UntrustedCommandsError):
        return False
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    from patchpilot.cli import ask
    from patchpilot.cli.error_exit import notice
    from patchpilot.settings.trusted_packs import trust_commands

    notice("warning", error.message)
    tell(commands_text(error.commands))
    tell("Files that these commands call are not pinned: they may change later.")
    question = "Type 'trust' to trust and use them"
    try:
        answer = ask.prompt(question, "")
    except KeyboardInterrupt:
        return False
    if answer.strip().lower() != "trust":
        return False
    trust_commands(error.commands)
    return True
