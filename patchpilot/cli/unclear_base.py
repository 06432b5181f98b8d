# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the hint for an unclear base: one command per possible base."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.printable import format_count

if TYPE_CHECKING:
    from patchpilot.errors import UnclearBaseError


def format_base_commands(error: "UnclearBaseError", argv: Sequence[str]) -> str:
    """Return the error's hint, followed by the same command with --base for each likely base."""
    command_line = shlex.join(["patchpilot", *(argv or ("tui",))])
    commands = [
        (
            f"{command_line} --base {shlex.quote(name)}",
            f"{format_count(commits, 'commit')}: {reason}",
        )
        for name, commits, reason in error.choices
    ]
    width = max((len(command) for command, _ in commands), default=0)
    return "\n".join(
        [
            error.hint or "",
            *(
                f"    {command:<{width}}  # {description}"
                for command, description in commands
            ),
        ]
    )
