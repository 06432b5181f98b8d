# SPDX-License-Identifier: GPL-2.0-or-later
"""Find maintained stable branches missing from a clone, and a remote to fetch them from."""

from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.history.own_trees import find_own_trees
from patchpilot.history.releases import Releases
from patchpilot.history.stable_branches import (
    MissingSeries,
    find_stable_branches,
    find_stable_remote,
)
from patchpilot.model.action import Action
from patchpilot.projects.project import version_key

COMMAND = Action("setup", ("stable", "--fetch"))
"""The command that fetches them."""


class MissingBranches(NamedTuple):
    """The branches to fetch. `url` is the URL of the remote to add, or "" if the remote exists."""

    remote: str
    url: str
    branches: tuple[str, ...]

    @property
    def summary(self) -> str:
        """Return the names of the branches, and the remote that has them."""
        source = f"{self.remote} ({self.url}, a new remote)" if self.url else self.remote
        return f"{', '.join(self.branches)} from {source}"


def omit_later_series(
    repository: Repository, series: Sequence[MissingSeries], commit: str | None
) -> tuple[MissingSeries, ...]:
    """Return the series that began before the release with a mainline commit, so may lack it."""
    release = Releases(repository).first(commit) if commit and series else None
    return tuple(it for it in series if not release or version_key(it.version) < release.numbers)


def find_missing_branches(
    repository: Repository, profile: str | None = None
) -> MissingBranches | None:
    """Return the maintained stable branches that were not fetched.

    Return None if there are none, or if the project has no stable branches.
    """
    branches = find_stable_branches(repository, profile=profile)
    stable = find_own_trees(repository, branches.stable, profile)
    if stable is None:
        return None
    if stable != branches.stable:
        branches = find_stable_branches(repository, profile=stable.project)
    if not branches.missing:
        return None
    remote, is_new = find_stable_remote(repository, stable)
    names = tuple(
        stable.branch_name.format(version=missing.version) for missing in branches.missing
    )
    return MissingBranches(remote, stable.remote if is_new else "", names)
