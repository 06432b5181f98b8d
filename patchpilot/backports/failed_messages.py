# SPDX-License-Identifier: GPL-2.0-or-later
"""Add the stable maintainers' FAILED messages to the verdicts for branches."""

from collections.abc import Sequence
from dataclasses import replace

from patchpilot.backports.result import BackportResult
from patchpilot.errors import PatchpilotError


def add_failed_messages(
    results: Sequence[BackportResult], *, are_needed: bool = False
) -> tuple[BackportResult, ...]:
    """Return the results with the "failed to apply" message about each fix and branch.

    Only commits of tracked series have such a message. If the tracked series cannot be read, raise
    the error if the messages `are_needed`, for example to reply to them. The verdicts do not depend
    on them.
    """
    from patchpilot.archive.track_store import Store, default_store_file
    from patchpilot.tracking.follow_series import find_failure_mails

    commits = [result.commit for result in results if result.commit]
    if not commits or not default_store_file().exists():
        return tuple(results)
    try:
        with Store() as store:
            messages = find_failure_mails(commits, store=store)
    except PatchpilotError:
        if are_needed:
            raise
        return tuple(results)
    return tuple(
        replace(
            result,
            branches=tuple(
                replace(
                    branch,
                    failed=messages.get((result.commit or "", branch.version or ""), ""),
                )
                for branch in result.branches
            ),
        )
        for result in results
    )
