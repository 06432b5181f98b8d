# SPDX-License-Identifier: GPL-2.0-or-later
"""Caches the contents of the home screen, so that it can be shown immediately at the next start."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.topic.home.home_topic import (
    HomeEvent,
    HomeTopic,
    Turn,
    as_values,
    from_values,
)

_PACKAGES = Path(__file__).parents[2]
_CODE = ("topic/home", "topic/followed", "archive", "reading")
_KIND = Kind("home", tuple(str(_PACKAGES / name) for name in _CODE), keep=2)

Kept = dict[str, tuple[str, HomeTopic]]
"""A topic's key → the state of what it was computed from, and the topic."""


def recall_home(store: Path) -> Kept:
    """Return the cached topics for this store of tracked series; empty if there are none."""
    values = recall(_KIND, _key(store))
    return (
        {
            str(key): (str(state), _topic(fields))
            for key, (state, fields) in values.items()
        }
        if isinstance(values, dict)
        else {}
    )


def keep_home(store: Path, kept: Mapping[str, tuple[str, HomeTopic]]) -> None:
    """Cache these topics for this store of tracked series."""
    remember(
        _KIND,
        _key(store),
        {key: [state, _fields(topic)] for key, (state, topic) in kept.items()},
    )


def _key(store: Path) -> str:
    return key_of(_KIND, (str(store).encode("utf-8", "surrogateescape"),))


def _fields(topic: HomeTopic) -> dict[str, Any]:
    return {
        **asdict(topic),
        "turn": str(topic.turn),
        "step": as_values(topic.step),
        "tags": dict(topic.tags),
    }


def _topic(fields: dict[str, Any]) -> HomeTopic:
    events = tuple(HomeEvent(**event) for event in fields["events"])
    return HomeTopic(
        **{
            **fields,
            "turn": Turn(fields["turn"]),
            "step": from_values(fields["step"]),
            "events": events,
        }
    )
