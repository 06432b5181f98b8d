# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the hint for a topic's unclear base: one command for each possible base."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.printable import counted

if TYPE_CHECKING:
    from patchpilot.errors import UnclearBaseError


def ready_commands(error: "UnclearBaseError", argv: Sequence[str]) -> str:
    """Return the error's hint with a command for each likely base, which repeats the call with
    --base.
    """
    call = shlex.join(["patchpilot", *(argv or ("tui",))])
    pairs = [
        (f"{call} --base {shlex.quote(name)}", f"{counted(commits, 'commit')}: {why}")
        for name, commits, why in error.choices
    ]
    wide = max((len(command) for command, _ in pairs), default=0)
    return "\n".join(
        [
            error.hint or "",
            *(
                f"    {command:<{wide}}  # {description}"
                for command, description in pairs
            ),
        ]
    )
