# SPDX-License-Identifier: GPL-2.0-or-later
"""The stages of the TUI, and the state of each; words only, no widgets."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A stage, in the order a fix travels."""

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
        """Its place in the order, from 1: the key that jumps there."""
        return list(Stage).index(self) + 1


AHEAD = (Stage.COMMIT, Stage.CHECKS, Stage.RECIPIENTS, Stage.TAGS, Stage.PREVIEW, Stage.SEND, Stage.FOLLOW)
"""The stages done in the background without being visited: quick ones, none of which asks the network then."""

RECORDED = (Stage.PREVIEW, Stage.SEND)
"""Of these only the record is looked at ahead of a visit."""


class StageState(StrEnum):
    """The state of a stage; the words are shown as they are."""

    DONE = "done"
    TODO = "to do"
    BLOCKED = "blocked"
    BUSY = "busy"
    STALE = "stale"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class StageStanding:
    """A stage's state, and one line of what it found or what is to be done next."""

    state: StageState
    note: str = ""


def columns(stage: Stage) -> int:
    """Columns of a stage in the bar: its label or the longest state, and a blank."""
    return max(len(f"{stage.number} {stage}"), max(len(state) for state in StageState)) + 1
