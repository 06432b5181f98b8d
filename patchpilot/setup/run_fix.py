# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the commands that `doctor` recommends, after the user has confirmed them."""

import re
import shlex
import sys

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import run_on_terminal
from patchpilot.setup.diagnose import Diagnosis

_ALLOWED_PREFIXES = (
    "git config ",
    "git fetch ",
    "git commit-graph ",
    "patchpilot setup stable ",
)
"""Commands that may be run; installing software is left to the user."""
_PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b|\.\.\.|…|Your Name|you@example|, | or |`")


_OPTIONS = {
    *("--global", "--unset", "--unshallow", "--refetch", "--no-filter", "--fetch", "--tags"),
    *("--reachable", "--changed-paths"),
}
"""Options in doctor's hints; any other option might come from the name of a remote."""


def list_fix_commands(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return the commands that fix a problem found by `doctor`.

    Return none if the hint does not consist of complete commands.
    """
    commands = tuple(command.strip() for command in str(diagnosis.hint).split(";"))
    is_complete = all(
        command.startswith(_ALLOWED_PREFIXES)
        and not _PLACEHOLDER.search(command)
        and {argument for argument in command.split() if argument.startswith("-")} <= _OPTIONS
        for command in commands
    )
    return commands if is_complete else ()


def run_fix_command(repository: Repository | None, command: str) -> bool:
    """Run a command on the user's terminal, and return whether it succeeded.

    It runs in the repository's top directory, if there is one.
    """
    argv = shlex.split(command)
    if argv[0] == "patchpilot":
        argv[:1] = [sys.executable, "-P", "-m", "patchpilot"]
    exit_code = run_on_terminal(argv, cwd=repository.top if repository else None)
    if repository:
        repository.changed()
    return exit_code == 0
