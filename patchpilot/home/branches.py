# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the branches of a repository that may be topics, and their worktrees."""

import time
from pathlib import Path
from typing import NamedTuple

from patchpilot.backports.trial_branch import is_trial_branch
from patchpilot.commits.repository import Repository
from patchpilot.commits.repository_identity import find_repository_path
from patchpilot.errors import MissingError, RefusedError
from patchpilot.topic.base import find_base

NEWEST = 25
"""Maximum number of branches without a draft, latest first."""
RECENT = 180 * 86400
"""Maximum age, in seconds, of a branch without a draft."""
_FORMAT = "%(refname:lstrip=2)%00%(objectname)%00%(committerdate:unix)%00%(committeremail:trim)"


class Branch(NamedTuple):
    """A local branch.

    It has the tip, the tip's time in seconds since the epoch, and whether the user committed the
    tip.
    """

    name: str
    tip: str
    when: float
    is_mine: bool


def open_home_repository(key: str) -> Repository | None:
    """Return the repository with this key, or None if it is gone or unreadable."""
    folder = find_repository_path(key)
    if not (key and folder.is_dir()):
        return None
    try:
        return Repository.open(folder)
    except MissingError:
        return None


def list_branches(repository: Repository) -> tuple[Branch, ...]:
    """Return the local branches, latest first."""
    result = repository.git(
        "for-each-ref", "--sort=-committerdate", f"--format={_FORMAT}", "refs/heads"
    )
    own_email = repository.identity.email.lower() if repository.identity else ""
    rows = [row for line in result.text.splitlines() if len(row := line.split("\0")) == 4]
    return tuple(
        Branch(name, tip, float(committed_at or 0), email.lower() == own_email)
        for name, tip, committed_at, email in rows
    )


def find_candidate_branches(
    branches: tuple[Branch, ...], drafted: frozenset[str]
) -> tuple[Branch, ...]:
    """Return the user's branches that may contain a topic but have no draft.

    These are the latest branches with a tip that the user committed recently.
    """
    since = time.time() - RECENT
    return tuple(
        branch
        for branch in branches
        if branch.is_mine
        and branch.name not in drafted
        and branch.when > since
        and not is_trial_branch(branch.name)
    )[:NEWEST]


class Checkout(NamedTuple):
    """A directory for working on a topic, and whether it has the topic's branch checked out."""

    directory: Path
    is_on_branch: bool


def find_checkout(key: str, branch: str | None) -> Checkout:
    """Return the worktree of a branch, or the repository's main worktree.

    Raise MissingError if the repository is gone.
    """
    repository = open_home_repository(key)
    if repository is None:
        raise MissingError(
            f"{find_repository_path(key)} is no longer a git repository",
            hint="clone it again, or open another topic",
        )
    with repository:
        entries = (
            repository.git("worktree", "list", "--porcelain", "-z")
            .out.decode("utf-8", "surrogateescape")
            .split("\0\0")
        )
        trees = [
            entry.split("\0")
            for entry in entries
            if entry.startswith("worktree ") and "\0prunable" not in entry
        ]
        paths = {
            tree[0].removeprefix("worktree "): f"branch refs/heads/{branch}" in tree
            for tree in trees
        }
        checkout = next((path for path, has_branch in paths.items() if has_branch and branch), None)
        if checkout:
            return Checkout(Path(checkout), True)
        return Checkout(Path(next(iter(paths), str(repository.top))), False)


def switch_branch(directory: Path, branch: str) -> None:
    """Check out a branch.

    Raise RefusedError if git refuses, usually because of uncommitted changes.
    """
    with Repository.open(directory) as repository:
        result = repository.git("switch", "--quiet", "--no-guess", "--", branch, ok=())
        if result.code:
            reason = next(
                (
                    line.removeprefix("error: ")
                    for line in result.error_text.splitlines()
                    if line.startswith(("error: ", "fatal: "))
                ),
                "git refused",
            )
            raise RefusedError(
                f"cannot switch to {branch}: {reason.rstrip(':')}",
                hint=f"commit or stash the uncommitted changes in {directory} first",
            )


def find_branch_range(directory: Path, branch: str) -> str:
    """Return a branch's commits since its base as a range.

    Raise UsageError if no base is found.
    """
    with Repository.open(directory) as repository:
        tip = repository.resolve(f"refs/heads/{branch}")
        return f"{find_base(repository, None, tip).start}..{branch}"
