# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader of the follow stage: its result, and its state in the stage bar."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.model.hosts import LOOPBACK, host_of
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.services.track.follow_topic import FollowedSeries
    from patchpilot.topic.followed.known_series import Tracked
    from patchpilot.topic.topic_state import TopicState


def load(ask: JobRequest) -> "tuple[tuple[Tracked, ...], StageStatus]":
    """Return the tracked series.

    Before the stage is visited, they come from the local store only. On a visit these are shown
    first and then updated from their archives.
    """
    from patchpilot.services.track.follow_topic import followed, updated

    session = ask.session
    topic = (ask.repository, session.target, session.topic_base)
    if not ask.visited:
        shown = followed(*topic, first=session.series, progress=ask.progress)
        return shown.series, status_of(shown.topic, shown.series)

    def known(shown: "FollowedSeries") -> None:
        session.remember(
            Stage.FOLLOW, shown.series, status_of(shown.topic, shown.series)
        )
        ask.progress(
            "checking the archive for new messages"
            if shown.topic or len(shown.series) > 1
            else "reading the tracked series"
        )

    shown = updated(
        *topic,
        fresh=ask.again
        or host_of(session.settings(ask.repository).get("lore")) in LOOPBACK,
        known=known if session.fresh(Stage.FOLLOW) is None else None,
        first=session.series,
        progress=ask.progress,
    )
    return shown.series, status_of(shown.topic, shown.series)


def status_of(topic: "TopicState | None", series: "Sequence[Tracked]") -> StageStatus:
    """Return the stage's state: the state of the current topic.

    Other tracked series are only counted.
    """
    from patchpilot.services.track.follow_topic import NextStepNeed

    unread = sum(len(followed.unread) for followed in series)
    # new mails wait to be read, also where the topic itself was not sent yet
    waits, count = (
        (StageState.TODO, str(unread)) if unread else (StageState.UNOPENED, "")
    )
    others = [
        followed
        for followed in series
        if topic is None
        or topic.series is None
        or followed.entry.id != topic.series.entry.id
    ]
    kind = "other series" if topic else "series"
    numbers = [
        counted(len(others), kind, kind) * bool(others),
        counted(unread, "unread message") * bool(unread),
    ]
    more = ", ".join(filter(None, numbers))
    more = more and f" ({more})"
    if topic is None:
        return StageStatus(
            waits,
            (
                f"no topic{more}"
                if series
                else "no series is tracked yet; the series that you send appear here"
            ),
            count,
        )
    if not topic.is_sent:
        return StageStatus(waits, f"{topic.summary}{more}", count)
    if topic.needs_changes:
        return StageStatus(
            StageState.BLOCKED, f"{topic.summary}{more}", open_points(topic.series)
        )
    state = {
        NextStepNeed.ACTION: StageState.TODO,
        NextStepNeed.PATIENCE: StageState.WAITING,
        NextStepNeed.NOTHING: StageState.DONE,
    }[topic.step.need]
    return StageStatus(state, f"{topic.summary}{more}")


def open_points(series: "Tracked | None") -> str:
    """Return the number of open review comments on the latest version as text, or "" for none."""
    from patchpilot.topic.followed.review_ledger import checklist

    return str(sum(item.open for item in checklist(series)) if series else 0).lstrip(
        "0"
    )
