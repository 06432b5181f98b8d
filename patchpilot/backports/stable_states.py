# SPDX-License-Identifier: GPL-2.0-or-later
"""Add to the verdicts for branches what messages report about the fix there."""

from collections.abc import Sequence
from dataclasses import replace

from patchpilot.backports.result import BackportResult
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError


def add_stable_states(
    results: Sequence[BackportResult],
    repository: Repository | None,
    *,
    are_needed: bool = False,
) -> tuple[BackportResult, ...]:
    """Return the results with what messages report about each fix and branch.

    This is the "failed to apply" message and the last state in a tracked series, and when the user
    sent a backport. If the reports cannot be read, raise the error if they `are_needed`, for
    example to reply to a message. The verdicts do not depend on them.
    """
    from patchpilot.tracking.stable_reports import read_stable_reports

    commits = [result.commit for result in results if result.commit]
    if not commits:
        return tuple(results)
    try:
        reports = read_stable_reports(commits, repository)
    except PatchpilotError:
        if are_needed:
            raise
        return tuple(results)

    def add(result: BackportResult) -> BackportResult:
        branches = []
        for branch in result.branches:
            key = (result.commit or "", branch.version or "")
            failed, reported = reports.failed.get(key, ""), reports.states.get(key)
            sent = reports.sent.get(key)
            branches.append(replace(branch, failed=failed, reported=reported, sent=sent))
        return replace(result, branches=tuple(branches))

    return tuple(map(add, results))
