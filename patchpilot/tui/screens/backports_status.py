# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader of the backports stage: its result, and its state in the stage bar."""

from typing import TYPE_CHECKING

from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        BackportResult,
    )


def load(ask: JobRequest) -> "tuple[BackportResult, StageStatus]":
    """Return the result of `patchpilot backport` for the selected commit.

    Without a Fixes: tag, the introducing commit is the certain candidate of the tags stage.
    """
    from patchpilot.services.backport.topic_backports import topic_backports

    settings = ask.session.settings(ask.repository)
    likely = ask.session.likely
    result = topic_backports(
        ask.repository,
        settings,
        ask.commit,
        likely,
        ask.progress,
    )
    if result.unfetched:
        words = f"no stable branch has been fetched; press {Stage.BACKPORTS.number}"
        return result, StageStatus(StageState.TODO, words)
    if not result.branches:
        return result, StageStatus(StageState.DONE, result.rules[0])
    needing = [branch for branch in result.branches if branch.wants_fix]
    conflicts = sum(
        branch.verdict == "conflict" and not branch.resolved for branch in needing
    )
    words = f"{len(needing)} of {len(result.branches)} branches need the fix" + (
        f", {conflicts} with conflicts" if conflicts else ""
    )
    if result.asked and result.commit:
        words = f"using mainline commit {result.commit[:12]}: {words}"
    if not result.culprits:
        return result, StageStatus(
            StageState.TODO,
            f"unknown introducing commit; press {Stage.TAGS.number} to choose it",
        )
    if likely:
        # which commit that is stands above the ruler
        return result, StageStatus(
            StageState.OFFERED, f"likely: {words}; press {Stage.TAGS.number} to confirm"
        )
    return result, StageStatus(StageState.DONE, words)
