# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the stages of the TUI and their states, independent of widgets."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A stage of the TUI, in the order of the workflow."""

    COMMIT = "commit"
    CHECKS = "checks"
    RECIPIENTS = "recipients"
    TAGS = "tags"
    BACKPORTS = "backports"
    PREVIEW = "preview"
    SEND = "send"
    FOLLOW = "follow"

    @property
    def number(self) -> int:
        return list(Stage).index(self) + 1

    @property
    def label(self) -> str:
        return LABELS.get(self.value, self.value.capitalize())


LABELS = {"recipients": "To/Cc", "backports": "LTS", "preview": "Mail"}
"""The names of stages whose names in the code are longer."""

AHEAD = (
    Stage.COMMIT,
    Stage.CHECKS,
    Stage.RECIPIENTS,
    Stage.TAGS,
    Stage.FOLLOW,
    Stage.PREVIEW,
    Stage.SEND,
)
"""Stages that run in the background before a visit: they are quick, and do not use the network
then. Later stages use the data that Follow reads.
"""

RECORDED = (Stage.PREVIEW, Stage.SEND)
"""Stages in AHEAD for which only the send record is read before a visit."""


class StageState(StrEnum):
    """The state of a stage; the values are shown to the user unchanged."""

    DONE = "done"
    TODO = "to do"
    OFFERED = "proposal"
    BLOCKED = "blocked"
    STALE = "stale"
    BUSY = "busy"
    WAITING = "waiting"
    UNOPENED = "not opened yet"
    NOTHING = "nothing to do"

    @property
    def sign(self) -> str:
        return self.name.lower()


OPEN = (
    StageState.UNOPENED,
    StageState.OFFERED,
    StageState.TODO,
    StageState.BLOCKED,
    StageState.STALE,
)
"""The states of a stage in which the author must act."""

NEEDS_YOU = "bold bright_magenta"
"""The style of anything that needs the user, a color used only here: warnings are yellow."""
STYLES = {
    StageState.DONE: "green",
    StageState.UNOPENED: "dim",
    StageState.OFFERED: "cyan",
    StageState.TODO: NEEDS_YOU,
    StageState.BLOCKED: "bold red",
    StageState.BUSY: "cyan",
    StageState.STALE: "yellow",
    StageState.WAITING: "blue",
    StageState.NOTHING: "dim",
}
"""Maps the state of a stage to its style in the stage bar and on Home."""

MEANINGS = {
    StageState.TODO: "needs you",
    StageState.STALE: "out of date: open it",
    StageState.BUSY: "working",
    StageState.WAITING: "waits for others",
}
"""The meaning of a state's symbol in the stage bar, if it is not its value."""


@dataclass(frozen=True, slots=True)
class StageStatus:
    """A stage's state, a one-line note, and a count for the stage bar (`3`, `5/6`).

    The note is the result or the next action.
    """

    state: StageState
    note: str = ""
    count: str = ""


def first_open_stage(status: Callable[[Stage], StageStatus]) -> Stage | None:
    """Return the first unfinished stage, or None.

    After the version has been sent, only Follow can be unfinished.
    """
    is_sent = status(Stage.SEND).state is StageState.DONE
    return next(
        (
            stage
            for stage in Stage
            if status(stage).state in OPEN and (not is_sent or stage is Stage.FOLLOW)
        ),
        None,
    )
