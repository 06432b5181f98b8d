# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask on the terminal whether to run the commands that a repository configures."""

import sys

from patchpilot.cli.output.stream import print_message
from patchpilot.errors import PatchpilotError
from patchpilot.model.action import OwnCommand, UntrustedCommandsError


def format_untrusted_commands(commands: tuple[OwnCommand, ...]) -> str:
    """Format each command: the setting or hook, its file, and its text."""
    from patchpilot.model.printable import make_printable

    headings = (
        f"==> {make_printable(command.name)} ({make_printable(command.file)}) <=="
        for command in commands
    )
    command_texts = (make_printable(command.text) for command in commands)
    return "\n".join(
        f"{heading}\n{text}\n" for heading, text in zip(headings, command_texts, strict=True)
    )


def ask_for_trust(error: PatchpilotError) -> bool:
    """Ask whether to trust the commands that caused the error, and return the answer."""
    if not isinstance(error, UntrustedCommandsError):
        return False
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    from patchpilot.cli import ask
    from patchpilot.cli.error_exit import print_notice
    from patchpilot.settings.trusted_packs import trust_commands

    print_notice("warning", error.message)
    print_message(format_untrusted_commands(error.commands))
    print_message("Files that these commands call are not pinned: they may change later.")
    question = "Type 'trust' to trust and use them"
    try:
        answer = ask.ask_question(question, "")
    except KeyboardInterrupt:
        return False
    if answer.strip().lower() != "trust":
        return False
    trust_commands(error.commands)
    return True
