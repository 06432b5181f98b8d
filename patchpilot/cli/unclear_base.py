# SPDX-License-Identifier: GPL-2.0-or-later
"""The hint where the base of a topic is unclear: a command for each that it may be."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.counted import counted

if TYPE_CHECKING:
    from patchpilot.errors import UnclearBaseError


def ready_commands(error: "UnclearBaseError", argv: Sequence[str]) -> str:
    """The hint of such an error, with a command for each of the likeliest bases: the call as it
    was, and --base.
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
            *(f"    {command:<{wide}}  # {what}" for command, what in pairs),
        ]
    )
