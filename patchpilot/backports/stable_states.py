# SPDX-License-Identifier: GPL-2.0-or-later
"""Add to the verdicts for branches what messages report about the fix there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from patchpilot.backports.branch_result import (
    BranchResult,
    find_review_state,
    needs_next_version,
)
from patchpilot.backports.result import BackportResult
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.threads.review_summary import find_unfetched_merge
from patchpilot.threads.stable_requests import find_marked_time, name_patches_mark

if TYPE_CHECKING:
    from patchpilot.reading.thread_values import SentBackport
    from patchpilot.tracking.stable_reports import StableReports


class StableStates:
    """Reads what messages report about fixes on stable branches, once for each fix."""

    def __init__(self, repository: Repository | None) -> None:
        self._repository = repository
        self._reports: dict[str, StableReports] = {}

    def add(
        self, results: Sequence[BackportResult], *, are_needed: bool = False
    ) -> tuple[BackportResult, ...]:
        """Return the results with what messages report about each fix and branch.

        This is the merge that has not been fetched, the "failed to apply" message and the last
        state in a tracked series, when the user sent a backport, which prerequisites are in the
        stable review, and the clone in which the user resolves a conflict. If the reports cannot be
        read, raise the error if they `are_needed`, for example to reply to a message. The verdicts
        do not depend on them.
        """
        from patchpilot.tracking.stable_reports import read_stable_reports

        branches = [branch for result in results for branch in result.branches]
        named = (
            *(it.commit for it in results if it.commit),
            *(need.commit for branch in branches for need in branch.prerequisites),
        )
        commits = [it for it in dict.fromkeys(named) if it not in self._reports]
        try:
            if commits:
                reports = read_stable_reports(commits, self._repository)
                self._reports |= dict.fromkeys(commits, reports)
        except PatchpilotError:
            if are_needed:
                raise
        return tuple(self._add_clones(self._add_reports(result)) for result in results)

    def _add_clones(self, result: BackportResult) -> BackportResult:
        from patchpilot.backports.work_clone import add_resolution

        if (repository := self._repository) is None or not (commit := result.commit):
            return result
        branches = (add_resolution(repository, commit, branch) for branch in result.branches)
        return replace(result, branches=tuple(branches))

    def _add_reports(self, result: BackportResult) -> BackportResult:
        from patchpilot.tracking.stable_reports import sign_stable_reports

        reports = self._reports.get(result.commit or "")
        if reports is None:
            return result
        branches = []
        for branch in result.branches:
            if branch.branch_fix:
                # the messages are about the branch, which has the fix
                branches.append(branch)
                continue
            key = (result.commit or "", branch.version or "")
            failed, reported = reports.failed.get(key, ""), reports.states.get(key)
            if not failed and reported and reported.state == "failed":
                # the answer to a request names the branch, and its patches reply to it
                failed = reported.message_id or ""
            branch = replace(branch, failed=failed, reported=reported)
            if sent := reports.sent.get(key):
                branch = replace(branch, sent=sent.when, sent_from=self._find_branch(sent))
            branches.append(self._add_reviews(result, branch))
        signature = sign_stable_reports(result.commit or "", reports)
        merged = ""
        if self._repository and result.commit and result.upstream is False:
            merged = find_unfetched_merge(self._repository, result.commit)
        return replace(result, branches=tuple(branches), reports=signature, merged=merged)

    def _add_reviews(self, result: BackportResult, branch: BranchResult) -> BranchResult:
        """Return a branch with the states of its prerequisites in the stable review.

        Those that were sent with an earlier version of the backport are in its next version again.
        """
        is_again = needs_next_version(result.short, branch)
        needs = []
        for need in branch.prerequisites:
            key, reports = (need.commit, branch.version or ""), self._reports.get(need.commit)
            reported = reports.states.get(key) if reports else None
            sent = reports.sent.get(key) if reports else None
            when = find_marked_time(name_patches_mark(need.commit, branch.name))
            review = find_review_state(branch.name, reported, when or (sent.when if sent else None))
            if review and not need.review and (review.state == "queued" or not is_again):
                need = replace(need, review=review.words)
            needs.append(need)
        alternative = None if all(need.review for need in needs) else branch.alternative
        return replace(branch, prerequisites=tuple(needs), alternative=alternative)

    def _find_branch(self, sent: "SentBackport") -> str:
        """Return the branch from which a backport was sent if it is in this clone, otherwise ""."""
        is_here = self._repository and self._repository.find(f"refs/heads/{sent.branch}")
        return sent.branch if is_here else ""
