# SPDX-License-Identifier: GPL-2.0-or-later
"""Summarize a tracked series for the cache, so that its messages need not be read again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from patchpilot.model.action import Action, advice_parts, join_hints
from patchpilot.model.bounded import parse_stored_time
from patchpilot.reading.ci_verdict import CiVerdict
from patchpilot.reading.delivery import DeliveryProblem, DeliveryReport
from patchpilot.reading.thread_values import NextStep, SeriesState, Turn

_TIMES = ("sent_at", "began", "last_activity", "answered_at")
_UNKNOWN = NextStep(Turn.WAITING, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSummary:
    """The summary of a series.

    `version` is 0 until a message has been read from an archive. `targets` contains the stable
    versions that a backport is for. `tags` maps the names of tags to
    counts. `ci` is the bots' verdict on the latest version, `sent_at` the date of that version,
    `posts` the Message-IDs of its patches, and `head` the Message-ID of its first message. `titles`
    contains the normalized titles of all versions, `message_ids` the Message-IDs of all messages
    about the series, and `related` the titles of its follow-ups. `approved` is the number of
    patches in the latest version that have a Reviewed-by or Acked-by. `closes` are the messages
    that the tags of its patches name. `is_report` is set for the user's report of a bug, and
    `answered_at` is the date of its last message if another person sent it.
    """

    state: SeriesState = SeriesState.SENT
    proven: SeriesState = SeriesState.SENT
    why: str = ""
    subject: str = ""
    version: int = 0
    targets: tuple[str, ...] = ()
    tags: Mapping[str, int] = field(default_factory=dict)
    ci: CiVerdict | None = None
    step: NextStep = _UNKNOWN
    head: str = ""
    posts: tuple[str, ...] = ()
    change_id: str | None = None
    authors: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    reports: tuple[DeliveryReport, ...] = ()
    approved: int = 0
    closes: tuple[str, ...] = ()
    is_report: bool = False
    answered_at: datetime | None = None
    sent_at: datetime | None = None
    began: datetime | None = None
    last_activity: datetime | None = None

    @property
    def title(self) -> str:
        """Return the subject; for a backport, with its stable branches before it."""
        branches = ", ".join(f"{version}.y" for version in self.targets)
        return f"[{branches}] {self.subject}" if branches else self.subject

    @property
    def reviewed(self) -> str:
        """Return how many patches in the latest version were reviewed or acked, such as `2/4`.
        Return "" if there are none.
        """
        return f"{self.approved}/{len(self.posts)}" if self.approved else ""

    def summary(self) -> dict[str, Any]:
        return {it.name: getattr(self, it.name) for it in fields(SeriesSummary)}

    def as_dict(self) -> dict[str, Any]:
        step = self.step.need, tuple(advice_parts(self.step.advice)), self.step.held_by
        values = self.summary() | {"step": step}
        return {name: _storable(value) for name, value in values.items()}

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        need, cached, held_by = value["step"]
        parts = (it if isinstance(it, str) else Action(*it) for it in cached)
        times = {it: value[it] and parse_stored_time(value[it]) for it in _TIMES}
        reports = (DeliveryReport(DeliveryProblem(it[0]), *it[1:]) for it in value["reports"])  # fmt: skip # noqa: E501
        typed = {
            "state": SeriesState(value["state"]),
            "proven": SeriesState(value["proven"]),
            "ci": value["ci"] and CiVerdict(value["ci"]),
            "step": NextStep(Turn(need), join_hints(*parts), held_by),
            "reports": tuple(reports),
        }
        return cls(**{**value, **times, **typed})


def _storable(value: Any) -> Any:
    """Return a value as plain types, which the cache can store."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return tuple(map(_storable, value))
    return str(value) if isinstance(value, StrEnum) else value
