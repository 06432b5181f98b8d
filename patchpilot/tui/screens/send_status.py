# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader of the send stage: its result, and its state in the stage bar."""

from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.tui.screens.mail_rows import headline, open_questions
from patchpilot.tui.screens.preview_status import load as load_plan
from patchpilot.tui.screens.preview_status import recorded
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.services.send.sending import Sending


def load(ask: JobRequest) -> "tuple[Sending | None, StageStatus]":
    """Return the plan and the state of the topic's last send.

    None before the stage is visited, when only the send record is read.
    """
    from patchpilot.services.send.send_state import is_outdated, topic_send

    if not ask.visited:
        return None, recorded(ask, Stage.SEND)
    # reuse the plan that the preview showed, unless something changed
    planned: Sending | None = ask.session.fresh(Stage.PREVIEW)
    if planned is None or is_outdated(ask.repository, planned):
        planned, seen = load_plan(ask)
        assert planned is not None
        ask.session.remember(Stage.PREVIEW, planned, seen)
    result = topic_send(ask.repository, planned)
    return result, status_of(result)


def status_of(sending: "Sending") -> StageStatus:
    """Return the state of the stage in the terms of the pre-flight card."""
    if sending.unfinished and sending.last:
        left = sum(entry.state != "accepted" for entry in sending.last.entries)
        return StageStatus(
            StageState.BLOCKED,
            f"v{sending.last.version} was interrupted: {counted(left, 'message')} not accepted;"
            " press R to resume",
            str(left),
        )
    if sending.is_sent:
        version = sending.last.version if sending.last else sending.send.version
        return StageStatus(
            StageState.DONE, f"v{version} was sent; press n to read the replies"
        )
    blocked = sending.blocked
    if sending.refused or blocked:
        return StageStatus(
            StageState.BLOCKED,
            headline(sending),
            str(len(sending.blockers) + bool(blocked)),
        )
    if count := len(open_questions(sending)):
        return StageStatus(StageState.TODO, headline(sending), str(count))
    return StageStatus(StageState.TODO, 'press s, then type "send" to confirm')
