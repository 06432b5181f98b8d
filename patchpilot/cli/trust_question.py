# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask on the terminal whether commands named by a repository may run."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from patchpilot.cli.output.stream import tell
from patchpilot.errors import PatchpilotError

if TYPE_CHECKING:
    from patchpilot.model.own_command import OwnCommand, UntrustedCommandsError


def trusting(work: Callable[[], int | None]) -> int | None:
    """Return the result of `work`.

    If it needs trusted commands, ask for trust on the terminal and run it again.
    """
    while True:
        try:
            return work()
        except PatchpilotError as error:
            # imported late: most calls do not need it
            from patchpilot.model.own_command import UntrustedCommandsError

            if not isinstance(error, UntrustedCommandsError) or not _agreed(error):
                raise


def shown(commands: "tuple[OwnCommand, ...]") -> str:
    """Return the commands as printed: the setting or hook, its file, and its text."""
    from patchpilot.model.printable import printable

    heads = (
        f"==> {printable(command.name)} ({printable(command.file)}) <=="
        for command in commands
    )
    texts = (printable(command.text) for command in commands)
    return "\n".join(
        f"{head}\n{text}\n" for head, text in zip(heads, texts, strict=True)
    )


def _agreed(error: "UntrustedCommandsError") -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    from patchpilot.cli import ask
    from patchpilot.cli.error_exit import notice
    from patchpilot.settings.trusted_packs import trust_commands

    notice("warning", error.message)
    tell(shown(error.commands))
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
