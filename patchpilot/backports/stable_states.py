# SPDX-License-Identifier: GPL-2.0-or-later
"""Add to the verdicts for branches what messages report about the fix there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from patchpilot.backports.result import BackportResult
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError

if TYPE_CHECKING:
    from patchpilot.tracking.stable_reports import SentBackport, StableReports


class StableStates:
    """Reads what messages report about fixes on stable branches, once for each fix."""

    def __init__(self, repository: Repository | None) -> None:
        self._repository = repository
        self._reports: dict[str, StableReports] = {}

    def add(
        self, results: Sequence[BackportResult], *, are_needed: bool = False
    ) -> tuple[BackportResult, ...]:
        """Return the results with what messages report about each fix and branch.

        This is the "failed to apply" message and the last state in a tracked series, and when the
        user sent a backport. If the reports cannot be read, raise the error if they `are_needed`,
        for example to reply to a message. The verdicts do not depend on them.
        """
        from patchpilot.tracking.stable_reports import read_stable_reports

        commits = [it.commit for it in results if it.commit and it.commit not in self._reports]
        try:
            if commits:
                reports = read_stable_reports(commits, self._repository)
                self._reports |= dict.fromkeys(commits, reports)
        except PatchpilotError:
            if are_needed:
                raise
        return tuple(map(self._add_reports, results))

    def _add_reports(self, result: BackportResult) -> BackportResult:
        from patchpilot.tracking.stable_reports import sign_stable_reports

        reports = self._reports.get(result.commit or "")
        if reports is None:
            return result
        branches = []
        for branch in result.branches:
            key = (result.commit or "", branch.version or "")
            failed, reported = reports.failed.get(key, ""), reports.states.get(key)
            branch = replace(branch, failed=failed, reported=reported)
            if sent := reports.sent.get(key):
                branch = replace(branch, sent=sent.when, sent_from=self._find_branch(sent))
            branches.append(branch)
        signature = sign_stable_reports(result.commit or "", reports)
        return replace(result, branches=tuple(branches), reports=signature)

    def _find_branch(self, sent: "SentBackport") -> str:
        """Return the branch from which a backport was sent if it is in this clone, otherwise ""."""
        is_here = self._repository and self._repository.find(f"refs/heads/{sent.branch}")
        return sent.branch if is_here else ""
