# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands that doctor names, run after the user agreed."""

import re
import shlex

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import interactive
from patchpilot.services.setup.diagnose import Diagnosis

_RUNS = ("git config ", "git fetch ", "git commit-graph ")
"""The commands that are offered: those that install something are left to the user."""
_PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b|\.\.\.|…|Your Name|you@example|, | or |`")


_OPTIONS = {
    *("--global", "--unset", "--unshallow", "--refetch", "--no-filter"),
    *("--reachable", "--changed-paths"),
}
"""The options that doctor's hints have: a remote may be named like another one."""


def commands_of(found: Diagnosis) -> tuple[str, ...]:
    """The commands that fix a finding; none where its hint is not made of complete commands."""
    parts = tuple(part.strip() for part in str(found.hint).split(";"))
    complete = all(
        part.startswith(_RUNS)
        and not _PLACEHOLDER.search(part)
        and {word for word in part.split() if word.startswith("-")} <= _OPTIONS
        for part in parts
    )
    return parts if complete else ()


def run_fix(repository: Repository | None, command: str) -> bool:
    """Run a command in the repository, on the user's terminal; whether it went well."""
    done = interactive(shlex.split(command), cwd=repository.top if repository else None)
    if repository:
        repository.changed()
    return done == 0
