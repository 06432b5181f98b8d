# SPDX-License-Identifier: GPL-2.0-or-later
"""Implements `track forecast`: estimates when a series will get replies and be accepted.

The estimate is based on the usual times on the list to which the series was sent, and states this
basis.
"""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from patchpilot.archive.archive import LORE, received
from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.errors import InputError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.counted import counted
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import Mail
from patchpilot.model.progress import Progress, silent
from patchpilot.projects.detection import is_list_address
from patchpilot.projects.loading import default_project
from patchpilot.reading.mbox import unique, when
from patchpilot.reading.pace import Pace, areas_of, paces
from patchpilot.reading.status import SeriesState, Status, read_thread
from patchpilot.topic.followed.known_series import Tracked, undisclosed_error
from patchpilot.topic.followed.poll_archives import ArchiveAt

_PACKAGE = Path(__file__).parents[2]
_KIND = Kind("pace", (str(_PACKAGE / "reading"), str(Path(__file__))), keep=50)
_STEP, _STEPS = timedelta(days=30), 4
"""An archive is asked for the mails of four times thirty days, the list's most recent ones before
the month in which the series was sent.
"""
_OBSERVED = timedelta(days=60)
"""What became of a series is known so long after it was sent."""
_LEAST = 10
_FRIDAY = 4
_WAITING = (SeriesState.SENT, SeriesState.UNDER_REVIEW, SeriesState.STALLED)
_ON_ITS_WAY = (SeriesState.PARTLY_ACCEPTED, SeriesState.ACCEPTED, SeriesState.IN_NEXT)


@json_form()
@dataclass(frozen=True, slots=True)
class UsualDays:
    """The usual duration of something in days: the median, and the range of eight in ten series."""

    median: float
    low: float
    high: float


@json_form("series=known", "of=count", "days")
@dataclass(frozen=True, slots=True)
class Usual:
    """The usual duration of something: the median, and the range of eight in ten series.

    It is based on the `known` of `count` series in which the event took place.
    """

    known: int
    count: int
    median: timedelta
    low: timedelta
    high: timedelta

    @property
    def days(self) -> UsualDays:
        """The times in days, with two digits."""
        median, low, high = (
            round(time.total_seconds() / 86400, 2)
            for time in (self.median, self.low, self.high)
        )
        return UsualDays(median, low, high)

    @property
    def words(self) -> str:
        """`median 2 days, 8 of 10 within 5 hours to 12 days (47 of 50 series)`."""
        spread = f"8 of 10 within {_length(self.low)} to {_length(self.high)}"
        return (
            f"median {_length(self.median)}, {spread} ({self.known} of"
            f" {counted(self.count, 'series', 'series')})"
        )


@json_form(
    "first_answer=answer",
    "acceptance",
    "reminder_from=ping",
    "list=address",
    "areas",
    "series",
    "from=first",
    "to=last",
)
@dataclass(frozen=True, slots=True)
class Forecast:
    """An estimate for a series: the time to the first reply and to acceptance.

    Either is None if it took place in too few series. `ping` is the day from which a reminder is
    appropriate (None: no reply is awaited).

    The estimate is based on `series` series sent to `address` from `first` to `last`; `areas` are
    the directories that they share with this series, empty for the whole list.
    """

    answer: Usual | None
    acceptance: Usual | None
    ping: date | None
    address: str
    areas: tuple[str, ...]
    series: int
    first: date
    last: date

    @property
    def basis(self) -> str:
        """From what it is estimated."""
        area = f" that change {', '.join(self.areas)}" if self.areas else ""
        number = counted(self.series, "series", "series")
        return (
            f"estimated from {number} sent to {self.address} "
            f"from {self.first} to {self.last}{area}"
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """The estimate in sentences, its basis last."""
        answer = self.answer.words if self.answer else "too few series were answered"
        acceptance = (
            self.acceptance.words if self.acceptance else "too few series were applied"
        )
        ping = (f"send a reminder from {self.ping:%A, %Y-%m-%d}",) if self.ping else ()
        return (f"first answer: {answer}", f"applied: {acceptance}", *ping, self.basis)


def known_forecast(series: Tracked) -> Forecast | None:
    """Return the estimate for a series if `make_forecast` has already read its list.

    Does not query an archive.
    """
    sample = _Sample.of(series)
    known = recall(_KIND, sample.key) if sample else None
    if sample is None or series.status is None or not isinstance(known, list):
        return None
    return _forecast(
        series.status,
        sample,
        [Pace(answered, accepted, tuple(areas)) for answered, accepted, areas in known],
    )


def forecast_lines(series: Tracked) -> tuple[str, ...]:
    """Return the known estimate in sentences.

    The merge window is added while the series is not in mainline.
    """
    forecast = known_forecast(series)
    window = series.window if series.state in (*_WAITING, *_ON_ITS_WAY) else None
    return (*(forecast.lines if forecast else ()), *((window.words,) if window else ()))


def make_forecast(
    series: Tracked,
    *,
    lore: str | None = None,
    archive_at: ArchiveAt,
    progress: Progress = silent,
) -> Forecast:
    """Return the estimate for a series from the messages of its list, which are read once a
    month.

    Raises InputError if the list has too few series.
    """
    if known := known_forecast(series):
        return known
    if series.undisclosed:
        raise undisclosed_error(series.entry.message_id)
    sample = _Sample.of(series)
    if sample is None or series.status is None:
        read = Action("track", ("update",), "read its messages first: `{}`")
        raise InputError(
            f"series {series.entry.id} was sent to no known list", hint=read
        )
    url = lore or series.entry.lore
    if url is None:
        ask = Action(
            "track",
            ("forecast", str(series.entry.id), "--lore", LORE),
            "name the archive with `{}`",
        )
        raise UsageError(
            f"series {series.entry.id} was read from a file, not from an archive",
            hint=ask,
        )
    mails: list[Mail] = []
    with archive_at(url) as archive:
        for at in range(_STEPS):
            begin = sample.end - _STEP * (_STEPS - at)
            progress(f"reading messages of {sample.address}", at, _STEPS)
            mails += archive.search(
                f'{received(begin, begin + _STEP)} AND a:"{sample.address}" AND s:patch',
                threads=True,
            )
    before = [mail for mail in unique(mails) if when(mail) < sample.end]
    found = list(
        paces(
            read_thread(before, now=sample.end, progress=progress),
            sample.first,
            sample.last,
        )
    )
    if len(found) < _LEAST:
        hint = "use --lore to name an archive with all messages of the list"
        raise InputError(
            f"too few series were sent to {sample.address} in that time for an estimate:"
            f" {len(found)}",
            hint=hint,
        )
    remember(_KIND, sample.key, [tuple(pace) for pace in found])
    return _forecast(series.status, sample, found)


@dataclass(frozen=True, slots=True)
class _Sample:
    """The list, and the time before which its mails count: the month in which the latest version
    was sent.
    """

    address: str
    end: datetime

    @classmethod
    def of(cls, series: Tracked) -> "_Sample | None":
        """The list that a series was sent to, other than those that get everything.

        None where there is none.
        """
        newest = series.status.topic.latest if series.status else None
        if newest is None or newest.sent is None:
            return None
        lists = default_project().lists
        passed = {*lists.catch_all, lists.stable, *lists.stable_aliases}
        mail = newest.head.mail.mail
        copy_of = mail.header("List-Id") or ""
        named = [
            it
            for it in (*mail.to, *mail.cc)
            if is_list_address(it.email) and it.email.lower() not in passed
        ]
        # the copy that an archive has names its list; an address with a name may be a maintainer's,
        # such as linux@example.org
        named.sort(
            key=lambda it: (it.email.replace("@", ".") not in copy_of, bool(it.name))
        )
        month = newest.sent.astimezone(UTC).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        return cls(named[0].email.lower(), month) if named else None

    @property
    def first(self) -> datetime:
        """From when on series are in it."""
        return self.end - _STEP * _STEPS

    @property
    def last(self) -> datetime:
        """Until when series are in it."""
        return self.end - _OBSERVED

    @property
    def key(self) -> str:
        """The key under which what was found is kept."""
        return key_of(
            _KIND,
            (
                self.address.encode("utf-8", "surrogateescape"),
                self.end.isoformat().encode(),
            ),
        )


def _forecast(status: Status, sample: _Sample, every: Sequence[Pace]) -> Forecast:
    own = frozenset(areas_of(status))
    near = [pace for pace in every if own.intersection(pace.areas)]
    of_area = len(near) >= _LEAST
    chosen = near if of_area else every
    answer = _usual([pace.answered for pace in chosen])
    shared = Counter(area for pace in near for area in own.intersection(pace.areas))
    return Forecast(
        answer,
        _usual([pace.accepted for pace in chosen]),
        _ping(status, answer),
        sample.address,
        tuple(area for area, _ in shared.most_common(3)) if of_area else (),
        len(chosen),
        sample.first.date(),
        sample.last.date(),
    )


def _usual(seconds: Sequence[float | None]) -> Usual | None:
    known = [value for value in seconds if value is not None]
    if len(known) < _LEAST:
        return None
    deciles = statistics.quantiles(known, n=10, method="inclusive")
    low, median, high = (
        timedelta(seconds=value)
        for value in (deciles[0], statistics.median(known), deciles[-1])
    )
    return Usual(len(known), len(seconds), median, low, high)


def _ping(status: Status, answer: Usual | None) -> date | None:
    """The first working day on which a reminder is in order: after the project's waiting time, and
    when nine of ten series had their answer.
    """
    if status.state not in _WAITING or status.last_activity is None:
        return None
    day = (
        status.last_activity
        + max(status.topic.waiting, answer.high if answer else timedelta())
    ).date()
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > _FRIDAY else day


def _length(time: timedelta) -> str:
    """A time in the unit that fits: `5 hours`, `12 days`."""
    hours = time / timedelta(hours=1)
    if hours < 1:
        return "an hour"
    return counted(round(hours), "hour") if hours < 48 else f"{round(hours / 24)} days"
