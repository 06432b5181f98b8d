# SPDX-License-Identifier: GPL-2.0-or-later
"""The result of the checks stage, and its state in the stage bar."""

from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.model.finding import Severity
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult


def load(ask: JobRequest) -> "tuple[CheckResult, StageStatus]":
    """Check the topic's commits, as `patchpilot check` does with the same settings."""
    from patchpilot.services.check.check_topic import check_topic

    session = ask.session
    topic = session.checked_topic
    result = check_topic(
        ask.repository,
        session.settings(ask.repository),
        topic,
        strict=session.strict,
        progress=ask.progress,
    )
    counts = result.counts
    words = ", ".join(
        counted(counts[severity], str(severity))
        for severity in Severity
        if counts[severity]
    )
    if result.suppressed:
        words = (
            f"{words}, {len(result.suppressed)} waived"
            if words
            else f"no findings, {len(result.suppressed)} waived"
        )
    serious = counts[Severity.ERROR] + counts[Severity.WARNING]
    state = (
        StageState.BLOCKED
        if counts[Severity.ERROR]
        else StageState.TODO
        if serious
        else StageState.DONE
    )
    return result, StageStatus(
        state, words or "no findings", str(len(result.all)) if serious else ""
    )
