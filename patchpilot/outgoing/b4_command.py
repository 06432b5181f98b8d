# SPDX-License-Identifier: GPL-2.0-or-later
"""Calling b4: as a command, so that its globals, exits and prompts stay in a process of its own."""

import subprocess
import sys

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import environment


def command(*words: str) -> list[str]:
    """The argv of b4: the one installed with us."""
    return [sys.executable, "-c", "import sys; sys.argv[0] = 'b4'; from b4.command import cmd; cmd()", "-n", *words]


def run(repository: Repository, *words: str, stdin: bytes = b"\n", timeout: float = 120.0) -> "subprocess.CompletedProcess[bytes]":
    """Run b4 to its end with one newline to read: its prompts take that or stop, they cannot hang."""
    return subprocess.run(
        command(*words),
        input=stdin,
        capture_output=True,
        env=b4_environment(),
        cwd=repository.top,
        timeout=timeout,
        check=False,
        start_new_session=True,
    )


def b4_environment() -> dict[str, str]:
    """git's clean environment, without what would change how b4 calls git; a mark for our own hooks."""
    env = environment()
    for name in ("GIT_LITERAL_PATHSPECS", "GIT_OPTIONAL_LOCKS"):
        env.pop(name, None)
    return env | {"PATCHPILOT_SENDING": "1"}
