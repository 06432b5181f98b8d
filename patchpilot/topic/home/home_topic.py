# SPDX-License-Identifier: GPL-2.0-or-later
"""A topic on Home: its repository and branch, or a tracked series without one.

Its state, the last news and the next step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from patchpilot.model.action import Action, Advice, Hint, parts_of
from patchpilot.reading.thread_values import NextStepNeed


class Turn(StrEnum):
    """Whose turn it is, in the order of Home's groups."""

    YOURS = "your turn"
    WAITING = "waiting"
    FINISHED = "finished"


TURNS = {
    NextStepNeed.ACTION: Turn.YOURS,
    NextStepNeed.PATIENCE: Turn.WAITING,
    NextStepNeed.NOTHING: Turn.FINISHED,
}


@dataclass(frozen=True, slots=True)
class HomeEvent:
    """Something that happened to a topic, at `when` (seconds since the epoch).

    `kind` is that of its story.
    """

    when: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class HomeTopic:
    """A topic as Home shows it.

    `repository` is the key of its repository ("" for a series of which no branch is known).

    `version` is the last one that was sent, 0 where none was; `state` is named as `track` names it,
    "" while it was not read yet; `news` is what happened last, at `when` (seconds since the epoch,
    0 where unknown); `tags` counts the collected tags by name; `bots` is what build and test bots
    reported of the latest version, which `failed` where one reported a failure; `series` is the
    number of the followed series; `area` is where the subject says that the change is; `events` are
    the last ones, the latest first.
    """

    key: str
    title: str
    repository: str = ""
    branch: str | None = None
    version: int = 0
    patches: int = 0
    turn: Turn = Turn.WAITING
    state: str = ""
    news: str = ""
    when: float = 0.0
    tags: Mapping[str, int] = field(default_factory=dict)
    bots: str = ""
    failed: bool = False
    step: Advice = ""
    series: int | None = None
    unread: int = 0
    events: tuple[HomeEvent, ...] = ()

    @property
    def area(self) -> str:
        """The first word of the subject's area: `net` of `net/acme: allow old cards`."""
        area, found, _ = self.title.partition(":")
        return (
            area.split("/")[0].strip()
            if found and len(area) < 40 and " " not in area.strip()
            else ""
        )


def in_order(topics: Iterable[HomeTopic]) -> tuple[HomeTopic, ...]:
    """By whose turn it is, yours first; then by the last news, the latest first."""
    turns = list(Turn)
    return tuple(
        sorted(
            topics,
            key=lambda topic: (turns.index(topic.turn), -topic.when, topic.title),
        )
    )


def as_values(advice: Advice) -> list[object]:
    """A hint as values that a cache can keep."""
    return [
        [part.verb, list(part.arguments), part.reason]
        if isinstance(part, Action)
        else str(part)
        for part in parts_of(advice)
    ]


def from_values(values: Iterable[object]) -> Advice:
    """The hint that `as_values` made these of."""
    parts: list[str | Action] = []
    for value in values:
        if isinstance(value, list):
            verb, arguments, reason = value
            parts.append(Action(str(verb), tuple(arguments), str(reason)))
        else:
            parts.append(str(value))
    return parts[0] if len(parts) == 1 else Hint(tuple(parts))
