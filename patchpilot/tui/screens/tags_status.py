# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader of the tags stage: its result, and its state in the stage bar."""

from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.services.tags.find_culprits import FixesResult


def load(ask: JobRequest) -> "tuple[FixesResult, StageStatus]":
    """The result of `patchpilot fixes` for the selected commit."""
    from patchpilot.services.tags.topic_culprits import topic_culprits

    settings = ask.session.settings(ask.repository)
    result = topic_culprits(
        ask.repository, settings, ask.commit, ask.topic.base, ask.progress
    )
    if not result.is_fix:
        return result, StageStatus(
            StageState.DONE, f"{result.reason}; press Enter if it is a fix"
        )
    if result.present and not result.troubled:
        return result, StageStatus(
            StageState.DONE, counted(len(result.present), "valid Fixes: tag")
        )
    if result.troubled:
        return result, StageStatus(
            StageState.TODO, "invalid Fixes: tag; press w to fix its format"
        )
    if best := result.offered:
        likely = "likely, " if result.sure else ""
        return result, StageStatus(
            StageState.OFFERED,
            f"press w to add Fixes: {best.commit[:12]} ({likely}{best.confidence:.0%})",
        )
    return result, StageStatus(StageState.TODO, result.reason or "no candidates")
