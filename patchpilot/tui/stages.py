# SPDX-License-Identifier: GPL-2.0-or-later
"""The stages of the TUI and their states, without widgets."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A stage, in the order of the workflow."""

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
        """Its place in the order, from 1: the key that goes there."""
        return list(Stage).index(self) + 1

    @property
    def label(self) -> str:
        """Its name as it is shown."""
        return self.value.capitalize()


AHEAD = (Stage.COMMIT, Stage.CHECKS, Stage.RECIPIENTS, Stage.TAGS, Stage.FOLLOW, Stage.PREVIEW, Stage.SEND)
"""The stages that run in the background before a visit: quick ones, which do not use the network then. What Follow reads, those after it use."""

RECORDED = (Stage.PREVIEW, Stage.SEND)
"""Of these only the record is read before a visit."""


class StageState(StrEnum):
    """The state of a stage; the words are shown as they are."""

    DONE = "done"
    TODO = "to do"
    BLOCKED = "blocked"
    BUSY = "busy"
    STALE = "stale"
    WAITING = "waiting"
    NOTHING = "nothing to do"


@dataclass(frozen=True, slots=True)
class StageStatus:
    """A stage's state, a one-line note (its result or the next action), and a number for the stage bar (`3`, `5/6`)."""

    state: StageState
    note: str = ""
    count: str = ""
