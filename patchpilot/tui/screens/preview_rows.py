# SPDX-License-Identifier: GPL-2.0-or-later
"""Load the result of the preview stage and its state in the stage bar."""

from typing import TYPE_CHECKING

from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.model.send_problem import CheckLine
    from patchpilot.outgoing.transport import Sending


CHECK_SIGNS = {"problem": "blocked", "overridden": "warning", "note": "warning", "ok": "done"}
"""Maps the state of a check to its sign."""
TREELESS = ("missing-target-tree", "tree-for-the-rest")
"""Warnings about a subject that does not name its target tree."""
NO_SERVER = "no-server"
"""The check whose help lists commands for the sender's mail provider."""


def is_blocking(check: "CheckLine") -> bool:
    return check.state == "problem" or check.name == NO_SERVER


def load_stage(request: JobRequest) -> "tuple[Sending | None, StageStatus]":
    """Return the plan of `patchpilot send --dry-run`, without sending anything.

    Before the user visits the stage, read only the send record and return None.
    """
    from patchpilot.sending.state import plan_topic_send

    if not request.visited:
        return None, read_recorded_status(request, Stage.PREVIEW)
    sending = plan_topic_send(
        request.repository,
        request.session.make_send_request(request.repository),
        request.progress,
    )
    return sending, plan_status(sending)


def read_recorded_status(request: JobRequest, stage: Stage) -> StageStatus:
    """Return the stage's state according to the send record.

    If these commits were not sent, return the stage's saved state.
    """
    from patchpilot.sending.state import read_topic_state

    topic = read_topic_state(
        request.repository,
        request.session.target,
        request.topic.base,
        request.session.fresh_result(Stage.FOLLOW) or (),
    )
    if topic and topic.is_unfinished and stage is Stage.SEND:
        return StageStatus(StageState.BLOCKED, f"{topic.summary}; press s to resume")
    if topic and topic.last and not topic.is_unfinished and not topic.is_begun:
        return StageStatus(StageState.DONE, f"v{topic.last.version} was sent")
    # the error is shown when the user visits the stage
    status = request.session.restored_status(stage)
    if topic and topic.is_begun and status.note.startswith(f"v{topic.version} was"):
        note = f"v{topic.version} was sent, v{topic.next_version} is started"
        return StageStatus(StageState.STALE, note)
    return status


def plan_status(sending: "Sending") -> StageStatus:
    from patchpilot.sending.state import was_version_sent

    state, note = StageState.DONE, sending.readiness
    if was_version_sent(sending):
        sent_note = f"v{sending.send.version} was sent"
        messages = (
            problem.message for problem in sending.blockers if problem.name == "already-sent"
        )
        # the same patches may have been sent from another topic
        other_messages = (text for text in messages if f" v{sending.send.version} " not in text)
        note = next(other_messages, sent_note)
    elif note.startswith("not ready"):
        state = StageState.BLOCKED if sending.refused else StageState.TODO
        note += f"; press {Stage.SEND.number} to fix"
    elif tree_warnings := [problem for problem in sending.warnings if problem.name in TREELESS]:
        state = StageState.TODO
        note = f"{tree_warnings[0].message}; o sets the target tree"
    return StageStatus(state, note)
