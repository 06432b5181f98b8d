# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe typical patches to a directory or file for `explain --path`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchpilot.lint.habits import (
    LEAST_COMMITS,
    OF,
    Habits,
    count_habits,
    load_shipped_habits,
)
from patchpilot.model.path_fact import PathFact
from patchpilot.projects.conventions import LABELS, WORDS, conventions
from patchpilot.projects.loading import subsystem_of_path

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


def path_facts(path: str, repository: "Repository | None") -> tuple[PathFact, ...]:
    """Return the conventions that recent commits to a path follow, then its documented conventions.

    Without a repository, the former are taken from patches on mailing lists.
    """
    path = path.rstrip("/")
    folder, _, name = path.rpartition("/")
    of_file = "." in name
    habits = load_shipped_habits(folder if of_file else path)
    if repository:
        from patchpilot.checking.history_facts import facts_of

        forms = facts_of(repository).list_commit_forms(path)
        counted = count_habits(path, forms, of_file=of_file)
        habits = counted if counted.total >= LEAST_COMMITS else habits
    subsystem = subsystem_of_path(path) or subsystem_of_path(f"{path}/")
    return (
        *(_describe_habits(habits) if habits else ()),
        *(conventions(subsystem) if subsystem else ()),
    )


def _describe_habits(habits: Habits) -> Iterator[PathFact]:
    total = habits.total
    rows = [("subject", f"`{habits.prefix}`", habits.full_prefix_share, total)]
    for case, share in habits.cases[:1]:
        rows.append((LABELS["after_prefix"], WORDS[case], share, total))
    for mark, _ in habits.marks:
        rows.append(("fixes" if mark in OF else "message", mark, *habits.mark_share(mark)))
    for name, share in habits.applied:
        rows.append(("signed off last", name, share, total))
    for label, value, share, of in rows:
        yield PathFact(label, value, f"{share} % of {habits.describe_basis(of)}", share, of)
