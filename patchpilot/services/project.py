# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose ways a topic follows: the profile the person names, else that of its tree."""

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree import CommitTree
from patchpilot.lint.profiles import Profile, detect, find_profile
from patchpilot.model.patch import Series

KERNEL = ("linux", "netdev")


def profile_of(repository: Repository, name: str, series: Series) -> Profile:
    """The profile of this name, or the detected one when the name is empty."""
    if name:
        return find_profile(name)
    head = repository.find("HEAD")
    return detect(CommitTree(repository, head) if head else None, series.patches)
