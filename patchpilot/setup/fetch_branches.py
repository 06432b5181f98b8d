# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetch the maintained stable branches that a repository lacks."""

from patchpilot.commits.git_command import git_environment
from patchpilot.commits.private_config import refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import run_on_terminal
from patchpilot.errors import MissingError
from patchpilot.history.missing_branches import COMMAND, MissingBranches, find_missing_branches
from patchpilot.topic.edit_commits import FETCHING

__all__ = ["COMMAND", "MissingBranches", "fetch_branches", "find_missing_branches"]


def fetch_branches(repository: Repository, missing: MissingBranches) -> None:
    """Fetch branches and their tags, showing git's progress on the terminal.

    git may prompt for a password. If git fails, remove the remote that was added for the branches,
    and raise `MissingError`.
    """
    refuse_untrusted(repository.top, *FETCHING)
    git_command = ["git", "-C", str(repository.top), "-c", "core.hooksPath=/dev/null"]
    if missing.url:
        repository.git("remote", "add", missing.remote, missing.url)
    fetch_arguments = [
        "fetch",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        "--",
    ]
    is_fetched = False
    try:
        # git only fetches the tags of branches that it stores under a name
        branches = [
            f"+refs/heads/{name}:refs/remotes/{missing.remote}/{name}" for name in missing.branches
        ]
        argv = [*git_command, *fetch_arguments, missing.remote, *branches]
        is_fetched = not run_on_terminal(
            argv, env=git_environment(parsed=False, repo=repository.top)
        )
    finally:
        if missing.url and not is_fetched:
            repository.git("remote", "remove", missing.remote)
    if not is_fetched:
        raise MissingError(f"git fetch failed: {missing.summary}", hint="see git's message above")
