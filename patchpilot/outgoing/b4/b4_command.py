# SPDX-License-Identifier: GPL-2.0-or-later
"""Run b4 as a separate process, because it uses global state, calls exit() and prompts."""

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.git_command import git_environment
from patchpilot.commits.pinned_git import make_config_variable
from patchpilot.commits.private_config import (
    Use,
    copy_branch_settings,
    refuse_untrusted,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import Completed
from patchpilot.commits.run import run as run_program
from patchpilot.commits.submodules import list_submodule_settings
from patchpilot.errors import MissingError, PatchpilotError
from patchpilot.extras import install_command

KNOWN_VERSION = "0.16"
"""Version of b4 that patchpilot is tested with."""
_SAFE_SETTINGS = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    # without this setting, git runs gpg.program for every signed commit
    ("log.showSignature", "false"),
)
"""Settings that keep b4's git calls from running hooks and other programs."""
_VERSION_TIMEOUT = 20.0
"""Time limit of `b4 --version` in seconds."""


class InstalledB4(NamedTuple):
    """An installation of b4.

    It has a version, and a path, which is "" for the Python package that is installed with
    patchpilot.
    """

    version: str
    path: str = ""

    @property
    def is_tested(self) -> bool:
        return self.version == KNOWN_VERSION or self.version.startswith(f"{KNOWN_VERSION}.")

    @property
    def name(self) -> str:
        """Return the version and location for messages."""
        return f"b4 {self.version} ({self.path or 'of the same Python environment'})"


@cache
def find_user_b4() -> InstalledB4 | None:
    """Return the b4 in the user's PATH, or None."""
    path = shutil.which("b4")
    if not path or not Path(path).is_absolute():
        return None
    try:
        result = run_program([path, "--version"], timeout=_VERSION_TIMEOUT, name="b4")
    except PatchpilotError:
        return None
    return InstalledB4(result.text.strip()[:40] or "of unknown version", path)


def find_packaged_b4() -> InstalledB4 | None:
    """Return the b4 in patchpilot's Python environment, or None."""
    if importlib.util.find_spec("b4") is None:
        return None
    from importlib.metadata import version

    return InstalledB4(version("b4"))


def choose_b4() -> InstalledB4 | None:
    """Return the b4 to run.

    This is the user's b4 if its version is tested, otherwise the one installed with patchpilot.
    """
    user_b4 = find_user_b4()
    return user_b4 if user_b4 and user_b4.is_tested else find_packaged_b4()


def make_b4_argv(*arguments: str) -> list[str]:
    """Return the command line of the b4 that is installed with patchpilot.

    Raise MissingError if there is none.
    """
    program = choose_b4()
    if program and program.path:
        return [program.path, "-n", *arguments]
    if program is None:
        raise MissingError(
            "b4 is not installed",
            hint=f"run `{install_command('send')}`, or use --via git-send-email",
        )
    # with -P, Python does not run a package named b4 in the current directory
    return [
        sys.executable,
        "-P",
        "-c",
        "import sys; sys.argv[0] = 'b4'; from b4.command import cmd; cmd()",
        "-n",
        *arguments,
    ]


def run_b4(
    repository: Repository,
    *arguments: str,
    settings: Sequence[tuple[str, str]] = (),
    stdin: bytes = b"\n",
    timeout: float = 120.0,
) -> Completed:
    """Run b4 with additional git settings.

    By default, standard input is a single newline, so that a prompt cannot hang.
    """
    try:
        return run_program(
            make_b4_argv(*arguments),
            stdin=stdin,
            env=make_b4_environment(repository, settings),
            cwd=repository.top,
            timeout=timeout,
            name="b4",
        )
    finally:
        copy_branch_settings(repository.top)


def make_b4_environment(
    repository: Repository, settings: Sequence[tuple[str, str]] = ()
) -> dict[str, str]:
    """Return a clean environment for b4, with a marker for patchpilot's own hooks.

    Remove variables that would affect b4's git calls or make them run drivers from the repository.
    Raise UntrustedCommandsError if the repository configures commands for b4.
    """
    refuse_untrusted(repository.top, Use.B4)
    env = git_environment(
        make_config_variable(
            (*_SAFE_SETTINGS, *list_submodule_settings(repository.top), *settings)
        ),
        repo=repository.top,
    )
    for name in ("GIT_LITERAL_PATHSPECS", "GIT_OPTIONAL_LOCKS"):
        env.pop(name, None)
    return env | {"PATCHPILOT_SENDING": "1"}
