# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the commands recommended by `doctor`, after the user confirmed them."""

import re
import shlex
import sys

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import interactive
from patchpilot.services.setup.diagnose import Diagnosis

_RUNS = ("git config ", "git fetch ", "git commit-graph ", "patchpilot setup stable ")
"""Commands that are offered; installing software is left to the user."""
_PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b|\.\.\.|…|Your Name|you@example|, | or |`")


_OPTIONS = {
    *("--global", "--unset", "--unshallow", "--refetch", "--no-filter", "--fetch"),
    *("--reachable", "--changed-paths"),
}
"""Options in doctor's hints; anything else could be the name of a remote."""


def commands_of(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return the commands that fix a problem found by `doctor`.

    Return () if the hint does not consist of complete commands.
    """
    parts = tuple(part.strip() for part in str(diagnosis.hint).split(";"))
    complete = all(
        part.startswith(_RUNS)
        and not _PLACEHOLDER.search(part)
        and {word for word in part.split() if word.startswith("-")} <= _OPTIONS
        for part in parts
    )
    return parts if complete else ()


def run_fix(repository: Repository | None, command: str) -> bool:
    """Run a command on the user's terminal and return whether it succeeded.

    The command runs in the repository's top-level directory, if there is one.
    """
    words = shlex.split(command)
    if words[0] == "patchpilot":
        words[:1] = [sys.executable, "-P", "-m", "patchpilot"]
    result = interactive(words, cwd=repository.top if repository else None)
    if repository:
        repository.changed()
    return result == 0
