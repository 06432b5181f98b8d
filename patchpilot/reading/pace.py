# SPDX-License-Identifier: GPL-2.0-or-later
"""The time from a series' first version to the first answer and until it was applied."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from patchpilot.reading.mail_kinds import STABLE
from patchpilot.reading.status import Status


class Pace(NamedTuple):
    """The progress of a series.

    Contains the seconds from its first version until a reviewer or maintainer answered and until
    it was applied (None if that has not happened), and the areas it changes.
    """

    answered: float | None
    accepted: float | None
    areas: tuple[str, ...]


def areas_of(status: Status) -> tuple[str, ...]:
    """Returns the directories that the latest version changes, to two levels (`drivers/usb`).

    Documentation counts only if nothing else is changed.
    """
    parts = {tuple(path.split("/")[:-1][:2]) for path in status.topic.latest.files} - {
        ()
    }
    code = {part for part in parts if part[0] != "Documentation"}
    return tuple(sorted("/".join(part) for part in code or parts))


def paces(
    statuses: Iterable[Status], first: datetime, last: datetime
) -> Iterator[Pace]:
    """Yields the pace of each series whose version 1 was sent between two times.

    Backports and pull requests are not counted.
    """
    for status in statuses:
        begin = status.topic.revisions[0]
        if (
            begin.version != 1
            or begin.backport_to
            or begin.pull_request
            or not begin.sent
            or not first <= begin.sent < last
        ):
            continue
        answers = (
            reply.mail.mail.date
            for reply in status.replies
            if not (reply.mail.by_author or reply.mail.bot or reply.mail.semi)
            and reply.mail.kind not in STABLE
        )
        applied = (
            event.date
            for event in status.events
            if event.what in ("applied", "merged") and event.counts
        )
        yield Pace(
            _after(begin.sent, answers), _after(begin.sent, applied), areas_of(status)
        )


def _after(sent: datetime, dates: Iterable[datetime | None]) -> float | None:
    """The seconds until the first of these dates; a clock that is wrong makes no time negative."""
    known = [(date - sent).total_seconds() for date in dates if date]
    return max(0.0, min(known)) if known else None
