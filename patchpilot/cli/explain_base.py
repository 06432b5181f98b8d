# SPDX-License-Identifier: GPL-2.0-or-later
"""`--explain-base`, and what to say where the base is unclear."""

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.cli.output.safe_text import printable

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.errors import UnclearBaseError


def explain(repository: "Repository | None", named: str | None, targets: Sequence[str]) -> None:
    """Say on stderr what the topic's base is and why, and what else it may be."""
    if targets or repository is None:
        print(f"base: not looked for: {' '.join(targets) or 'no repository'} says what to work on", file=sys.stderr)
        return
    from patchpilot.services.topic.topic_base import find_base, likeliest

    base = find_base(repository, named)
    lines = [*base.explained()]
    lines += [
        f"  also possible: {one.name}, {one.counted}: {one.reason}" for one in likeliest(repository, named) if one.start != base.start
    ]
    print(printable("\n".join(lines)), file=sys.stderr)


def ready_commands(error: "UnclearBaseError", argv: Sequence[str]) -> str:
    """The hint of such an error, with a command for each of the likeliest bases: the call as it was, and --base."""
    call = shlex.join(["patchpilot", *(argv or ("tui",))])
    pairs = [
        (f"{call} --base {shlex.quote(name)}", f"{commits} commit{'' if commits == 1 else 's'}: {why}")
        for name, commits, why in error.choices
    ]
    wide = max((len(command) for command, _ in pairs), default=0)
    return "\n".join([error.hint or "", *(f"    {command:<{wide}}  # {what}" for command, what in pairs)])
