# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the stable trees of a repository's project."""

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.history.stable_branches import find_mainline_tip
from patchpilot.projects.loading import default_project, detect, projects
from patchpilot.projects.project import StableTrees


def find_own_trees(
    repository: Repository, guessed: StableTrees, profile: str | None
) -> StableTrees | None:
    """Return the stable trees to name in hints, or None if the project has none.

    If a profile is given, return its stable trees. Otherwise, return `guessed` if any ref matches
    it. If none does, detect the project from the files in the tree.
    """
    if profile:
        project = projects().get(profile)
    elif any(guessed.version_of(ref) for ref in repository.refs):
        return guessed
    else:
        tip = repository.find("HEAD") or find_mainline_tip(repository)
        project = detect(CommitTree(repository, tip)) if tip else default_project()
    return project.stable if project and project.stable.branch else None
