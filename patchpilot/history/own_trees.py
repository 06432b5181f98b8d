# SPDX-License-Identifier: GPL-2.0-or-later
"""The stable trees of the project that a repository is of."""

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.history.mainline import mainline
from patchpilot.projects.detection import detect
from patchpilot.projects.loading import default_project, projects
from patchpilot.projects.stable_trees import StableTrees


def own_trees(
    repository: Repository, guessed: StableTrees, profile: str | None
) -> StableTrees | None:
    """The stable trees to name in hints: those of the profile (or of what the tree looks like),
    None when that project has none.

    `guessed` is what the refs suggest; it is used where there are such refs, and where it is the
    project's own.
    """
    if profile:
        project = projects().get(profile)
    elif any(guessed.version_of(ref) for ref in repository.refs):
        return guessed
    else:
        tip = repository.find("HEAD") or mainline(repository)
        project = detect(CommitTree(repository, tip)) if tip else default_project()
    return project.stable if project and project.stable.branch else None
