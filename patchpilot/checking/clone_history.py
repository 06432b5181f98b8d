# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the history of the clone around patch files, to compare backports with their commits."""

from typing import TYPE_CHECKING

from patchpilot.errors import MissingError
from patchpilot.model.patch import Patch
from patchpilot.projects.commit_marks import list_named_commits
from patchpilot.topic.workplace import Workplace

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import HistoryFacts


class CloneHistory:
    """The history of the clone around patch files, which is read only for backports.

    Other patches, and the settings, are read without it.
    """

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def find_facts(self, patch: Patch) -> "HistoryFacts | None":
        """Return the facts for a patch that names an upstream commit of the clone, or None."""
        if not list_named_commits(patch):
            return None
        try:
            repository = self._workplace.repository
        except MissingError:
            return None
        from patchpilot.checking.history_facts import OriginFacts

        facts: OriginFacts = repository.cached_values.setdefault("origins", OriginFacts(repository))
        return facts if facts.compare_with_origin(patch) else None

    def leave_process(self) -> None:
        """Stop using the process of git, which a forked process must not share."""
        self._workplace.forget()
