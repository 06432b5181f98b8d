# SPDX-License-Identifier: GPL-2.0-or-later
"""Calling b4: as a command, so that its globals, exits and prompts stay in a process of its own."""

import importlib.util
import sys
from contextvars import ContextVar

from patchpilot.commits.own_commands import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import Completed, environment
from patchpilot.commits.run import run as run_program
from patchpilot.errors import MissingError
from patchpilot.extras import install_command

INHERITED: ContextVar[tuple[int, ...]] = ContextVar("INHERITED", default=())
"""Descriptors that every b4 is given: what they hold is held until it ends, even when patchpilot is
killed.
"""


def command(*words: str) -> list[str]:
    """The argv of b4: the one installed with us. MissingError when there is none."""
    if importlib.util.find_spec("b4") is None:
        raise MissingError(
            "b4 is not installed",
            hint=f"run `{install_command('send')}`, or use --via git-send-email",
        )
    # -P: the current directory may have a b4/ of its own, which must not be run
    return [
        sys.executable,
        "-P",
        "-c",
        "import sys; sys.argv[0] = 'b4'; from b4.command import cmd; cmd()",
        "-n",
        *words,
    ]


def run(
    repository: Repository, *words: str, stdin: bytes = b"\n", timeout: float = 120.0
) -> Completed:
    """Run b4 to its end with one newline to read: its prompts take that or stop, they cannot hang."""  # noqa: E501
    return run_program(
        command(*words),
        stdin=stdin,
        env=b4_environment(repository),
        cwd=repository.top,
        timeout=timeout,
        pass_fds=INHERITED.get(),
        name="b4",
    )


def b4_environment(repository: Repository) -> dict[str, str]:
    """git's clean environment, without what would change how b4 calls git or make that run the
    repository's drivers; a mark for our own hooks.

    UntrustedCommandsError where the repository names commands of b4's itself.
    """
    refuse_untrusted(repository.top, Use.B4)
    env = environment(repository.programs_off())
    for name in ("GIT_LITERAL_PATHSPECS", "GIT_OPTIONAL_LOCKS"):
        env.pop(name, None)
    return env | {"PATCHPILOT_SENDING": "1"}
