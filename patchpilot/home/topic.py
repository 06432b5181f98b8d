# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe a topic on the home screen: its state, latest activity and next step.

A topic is a branch of a repository, or a tracked series that has no branch.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from patchpilot.model.action import Action, Advice, Hint, advice_parts
from patchpilot.reading.thread_values import Turn


class HomeEvent(NamedTuple):
    """An event of a topic.

    `when` is in seconds since the epoch. `kind` is the event's kind in the topic's history.
    """

    when: float
    kind: str
    words: str


class HomeTopic(NamedTuple):
    """A topic as displayed on the home screen.

    `repository` is the key of its repository, or "" for a series whose branch is unknown. `version`
    is the last version sent, or 0 if none was sent. `state` is a state as in `track`, or "" if it
    has not been read yet. `news` is the latest event, and `when` its time in seconds since the
    epoch, or 0 if it is unknown. `tags` maps the names of collected tags to their numbers. `bots`
    summarizes the reports of build and test bots on the latest version, and `failed` is set if one
    of them reports a failure. `series` is the number of the tracked series, and `backported` the
    mainline commit that it is a backport of, or "". `events` contains the last events, latest
    first.
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
    tags: Mapping[str, int] = MappingProxyType({})
    bots: str = ""
    failed: bool = False
    step: Advice = ""
    series: int | None = None
    backported: str = ""
    unread: int = 0
    events: tuple[HomeEvent, ...] = ()


def sort_topics(topics: Iterable[HomeTopic]) -> tuple[HomeTopic, ...]:
    """Sort the topics by whose turn it is (the user's first), then by latest activity."""
    turns = list(Turn)
    return tuple(
        sorted(
            topics,
            key=lambda topic: (turns.index(topic.turn), -topic.when, topic.title),
        )
    )


def hint_to_values(advice: Advice) -> list[object]:
    """Convert a hint to values that can be stored in the cache."""
    return [
        [part.name, list(part.arguments), part.reason, part.is_conditional]
        if isinstance(part, Action)
        else str(part)
        for part in advice_parts(advice)
    ]


def hint_from_values(values: Iterable[object]) -> Advice:
    """Convert the values from `hint_to_values` back to a hint."""
    parts: list[str | Action] = []
    for value in values:
        if isinstance(value, list):
            name, arguments, reason, is_conditional = value
            parts.append(Action(str(name), tuple(arguments), str(reason), bool(is_conditional)))
        else:
            parts.append(str(value))
    return parts[0] if len(parts) == 1 else Hint(tuple(parts))
