# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine a topic's project: the named one, or the project of its tree."""

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
    """Return the named project, or the detected one if the name is empty.

    It is adjusted to the rules of the series' subsystem.
    """
    if name:
        return apply_subsystem_rules(find_project(name), series.patches)
    head = repository.find("HEAD")
    return apply_subsystem_rules(
        detect(CommitTree(repository, head) if head else None, series.patches),
        series.patches,
    )
