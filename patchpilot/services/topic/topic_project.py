# SPDX-License-Identifier: GPL-2.0-or-later
"""The project of a topic: the one that is named, else that of its tree."""

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.model.patch import Series
from patchpilot.projects.detection import detect
from patchpilot.projects.loading import find_project, projects
from patchpilot.projects.project import Project


def project_names() -> tuple[str, ...]:
    """The names of all projects, the shipped and the user's own."""
    return tuple(projects())


def profile_of(repository: Repository, name: str, series: Series) -> Project:
    """The profile of this name, or the detected one when the name is empty."""
    if name:
        return find_project(name)
    head = repository.find("HEAD")
    return detect(CommitTree(repository, head) if head else None, series.patches)
