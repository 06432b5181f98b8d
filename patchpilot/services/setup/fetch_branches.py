# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetching the maintained stable branches that a clone lacks."""

from patchpilot.commits.own_commands import refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import interactive
from patchpilot.errors import MissingError
from patchpilot.history.missing_branches import MissingBranches, missing_branches
from patchpilot.topic.edit_commits import FETCHING

__all__ = ["MissingBranches", "fetch_branches", "missing_branches"]


def fetch_branches(repository: Repository, wanted: MissingBranches) -> None:
    """Fetch branches with their tags on the terminal: git shows its progress and may ask for a
    password.

    MissingError where git fails; a remote that was added for it is removed then.
    """
    refuse_untrusted(repository.top, *FETCHING)
    here = ["git", "-C", str(repository.top), "-c", "core.hooksPath=/dev/null"]
    if wanted.url:
        repository.git("remote", "add", wanted.remote, wanted.url)
    fetch = ["fetch", "--no-recurse-submodules", "--no-auto-maintenance", "--"]
    done = False
    try:
        done = not interactive([*here, *fetch, wanted.remote, *wanted.branches])
    finally:
        if wanted.url and not done:
            repository.git("remote", "remove", wanted.remote)
    if not done:
        raise MissingError(
            f"git fetch failed: {wanted.summary}", hint="see its message above"
        )
