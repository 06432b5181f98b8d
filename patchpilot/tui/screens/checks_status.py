# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader of the checks stage: its result, and its state in the stage bar."""

from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.model.finding import Severity
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus

if TYPE_CHECKING:
    from collections import Counter

    from patchpilot.checking.check_result import CheckResult


def load(ask: JobRequest) -> "tuple[CheckResult, StageStatus]":
    """Check the topic's commits with the same settings as `patchpilot check`."""
    from patchpilot.services.build.build_request import build_options
    from patchpilot.services.check.check_topic import check_topic

    session = ask.session
    topic = session.checked_topic
    is_built = bool(session.builds) and session.builds == ask.topic.key
    result = check_topic(
        ask.repository,
        session.settings(ask.repository),
        topic,
        strict=session.strict,
        build=build_options() if is_built else None,
        progress=ask.progress,
    )
    if is_built:
        session.changed("built")
    counts = result.counts
    words = ", ".join(
        counted(counts[severity], str(severity))
        for severity in Severity
        if counts[severity]
    )
    words = words or "no findings"
    if result.suppressed:
        words += f", {len(result.suppressed)} waived"
    state = state_of(counts)
    count = str(len(result.all)) if state is not StageState.DONE else ""
    return result, StageStatus(state, words, count)


def state_of(counts: "Counter[Severity]") -> StageState:
    """Return the state of the stage, given the number of findings per severity.

    It is done if there are no errors, warnings or checks.
    """
    if counts[Severity.ERROR]:
        return StageState.BLOCKED
    is_listed = counts[Severity.WARNING] or counts[Severity.CHECK]
    return StageState.TODO if is_listed else StageState.DONE
