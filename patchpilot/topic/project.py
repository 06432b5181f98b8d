# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the project of a topic.

This is the project that the user named, or the one that is detected from the tree.
"""

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.model.patch import Series
from patchpilot.projects.loading import (
    apply_subsystem_rules,
    detect,
    find_project,
    projects,
)
from patchpilot.projects.project import Project


def list_projects() -> tuple[str, ...]:
    """Return the names of all projects, built-in and user-defined."""
    return tuple(projects())


def project_of(repository: Repository, name: str, series: Series) -> Project:
    """Return the project with this name or, if it is empty, the detected project.

    The rules of the subsystem to which the series belongs are applied to the project.
    """
    if name:
        return apply_subsystem_rules(find_project(name), series.patches)
    head = repository.find("HEAD")
    return apply_subsystem_rules(
        detect(CommitTree(repository, head) if head else None, series.patches),
        series.patches,
    )
