# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetch maintained stable branches missing from a repository."""

from patchpilot.commits.private_config import refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import interactive
from patchpilot.errors import MissingError
from patchpilot.history.missing_branches import MissingBranches, missing_branches
from patchpilot.topic.edit_commits import FETCHING

__all__ = ["MissingBranches", "fetch_branches", "missing_branches"]


def fetch_branches(repository: Repository, missing: MissingBranches) -> None:
    """Fetch branches and their tags, showing git's progress on the terminal.

    git may prompt for a password. Raise `MissingError` if git fails, after removing a remote added
    for the branches.
    """
    refuse_untrusted(repository.top, *FETCHING)
    git_words = ["git", "-C", str(repository.top), "-c", "core.hooksPath=/dev/null"]
    if missing.url:
        repository.git("remote", "add", missing.remote, missing.url)
    fetch = ["fetch", "--no-recurse-submodules", "--no-auto-maintenance", "--"]
    done = False
    try:
        words = [*git_words, *fetch, missing.remote, *missing.branches]
        done = not interactive(words, repo=repository.top)
    finally:
        if missing.url and not done:
            repository.git("remote", "remove", missing.remote)
    if not done:
        raise MissingError(
            f"git fetch failed: {missing.summary}", hint="see git's message above"
        )
