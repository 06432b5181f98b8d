# SPDX-License-Identifier: GPL-2.0-or-later
"""The project of a topic: the one that is named, otherwise that of its tree."""

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.model.patch import Series
from patchpilot.projects.detection import detect
from patchpilot.projects.loading import find_project, projects
from patchpilot.projects.project import Project
from patchpilot.projects.subsystems import as_subsystem_wants


def project_names() -> tuple[str, ...]:
    """The names of all projects, the shipped and the user's own."""
    return tuple(projects())


def project_of(repository: Repository, name: str, series: Series) -> Project:
    """The profile of this name, or the detected one when the name is empty, with what the subsystem
    of the series wants.
    """
    if name:
        return as_subsystem_wants(find_project(name), series.patches)
    head = repository.find("HEAD")
    return as_subsystem_wants(
        detect(CommitTree(repository, head) if head else None, series.patches),
        series.patches,
    )
