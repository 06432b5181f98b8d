# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track add --mine`: finds the series of an author in the archives.

The series are found by the author's addresses, including series sent from other machines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from patchpilot.archive.archive import MailArchive
from patchpilot.archive.authored_series import authored, originals
from patchpilot.archive.open_archive import archive_address
from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.errors import NetworkError, RefusedError, UsageError
from patchpilot.model.bounded_date import moment, read_iso
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, silent
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.posted_series import PostedTopic
from patchpilot.topic.followed.follow_series import add, numbered
from patchpilot.topic.followed.known_series import Tracked, listed
from patchpilot.topic.followed.poll_archives import ArchiveAt
from patchpilot.urls import public_url

_AGO = re.compile(r"(?P<count>[1-9]\d{0,3})\s*(?P<unit>d|w|m|y)[a-z]*", re.IGNORECASE)
_DAY = 86_400
_DAYS = {"d": 1, "w": 7, "m": 30.4375, "y": 365.25}


@json_form()
@dataclass(frozen=True, slots=True)
class StableMail:
    """A message from the stable maintainers, with or without a known original series."""

    message_id: str
    subject: str
    kind: str


@json_form(
    "message_id",
    "subject",
    "version",
    "patches",
    "sent",
    "archive",
    "id=number",
    "new=is_new",
    "stable",
)
@dataclass(frozen=True, slots=True)
class DiscoveredSeries:
    """A series found in an archive.

    Contains the Message-IDs of all its messages, the title, version and date of its latest
    version, and its number if it is tracked. `stable` are the stable maintainers' messages
    about the series; `is_new` is set if the current call started to track it.
    """

    message_id: str
    message_ids: frozenset[str]
    subject: str
    version: int
    patches: int
    sent: datetime | None
    archive: str
    number: int | None = None
    stable: tuple[StableMail, ...] = ()
    is_new: bool = False


@json_form(
    "authors", "since=second", "archives", "series", "without_original", "troubles"
)
@dataclass(frozen=True, slots=True)
class Discovered:
    """The result of `track add --mine`: the series found, latest first.

    It also contains messages from the stable maintainers whose original series is in no
    archive, and the errors of archives that failed.
    """

    authors: tuple[str, ...]
    since: datetime
    archives: tuple[str, ...]
    series: tuple[DiscoveredSeries, ...]
    without_original: tuple[StableMail, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def second(self) -> datetime:
        """The start of the searched period, rounded down to seconds."""
        return self.since.replace(microsecond=0)


def moment_since(text: str, now: datetime | None = None) -> datetime:
    """Parses the value of `--since`: `6 months`, `90d`, `2w`, `1y` ago, or a date.

    Raises `UsageError` if the value cannot be parsed.
    """
    now = now or datetime.now(UTC)
    if ago := _AGO.fullmatch(text.strip()):
        return moment(
            now.timestamp() - int(ago["count"]) * _DAYS[ago["unit"].lower()] * _DAY
        )
    since = read_iso(text.strip(), UTC)
    if since is None:
        raise UsageError(
            f"--since: cannot parse {text!r}",
            hint="use a time span or a date, for example 90d, 2w, 6m, 1y or 2026-01-31",
        )
    return since


def discover(
    authors: Sequence[str],
    since: datetime,
    archives: Sequence[str],
    *,
    store: Store,
    archive_at: ArchiveAt,
    progress: Progress = silent,
) -> Discovered:
    """Returns the series of the authors that the archives received since a date, each once.

    If an archive fails, the error is part of the result and the other archives are still
    read. Raises `UsageError` if no address is given.
    """
    if not authors:
        raise UsageError(
            "no address to search for",
            hint="run `git config --global user.email you@example.org`, or pass --author ADDRESS",
        )
    followed = listed(store=store, whole=False)
    found: dict[str, DiscoveredSeries] = {}
    lost: dict[str, StableMail] = {}
    troubles = []
    places = tuple(dict.fromkeys(map(archive_address, archives)))
    for url in places:
        progress(f"searching {public_url(url)}")
        try:
            with archive_at(url) as archive:
                series, without = _in_archive(archive, authors, since, store, followed)
        except NetworkError as error:
            troubles.append(error.message)
            continue
        for one in series:
            if not any(one.message_ids & other.message_ids for other in found.values()):
                found[one.message_id] = one
        lost |= {mail.message_id: mail for mail in without}
    every = sorted(found.values(), key=lambda one: one.sent or since, reverse=True)
    return Discovered(
        tuple(authors),
        since,
        tuple(map(public_url, places)),
        tuple(every),
        tuple(lost.values()),
        tuple(dict.fromkeys(troubles)),
    )


def _in_archive(
    archive: MailArchive,
    authors: Sequence[str],
    since: datetime,
    store: Store,
    followed: Sequence[Tracked],
) -> tuple[list[DiscoveredSeries], list[StableMail]]:
    result = authored(archive, authors, since, reader=store.reader)
    led = originals(archive, result.stable, reader=store.reader, known=result.topics)
    topics = list(result.topics)
    for topic in led.values():
        if not any(topic.message_ids & other.message_ids for other in topics):
            topics.append(topic)
    series = []
    for topic in topics:
        about_it = [
            mail
            for mail in result.stable
            if (its := led.get(mail.message_id)) and its.message_ids & topic.message_ids
        ]
        series.append(_series(topic, archive.url, about_it, followed))
    return series, [
        _stable(mail) for mail in result.stable if mail.message_id not in led
    ]


def _series(
    topic: PostedTopic,
    url: str,
    stable: Sequence[Classified],
    followed: Sequence[Tracked],
) -> DiscoveredSeries:
    latest = topic.latest
    return DiscoveredSeries(
        topic.key,
        topic.message_ids,
        topic.subject,
        latest.version,
        len(latest.patches),
        latest.sent,
        url,
        next(
            (tracked.entry.id for tracked in followed if _is_same(topic, tracked)), None
        ),
        tuple(map(_stable, stable)),
    )


def _is_same(topic: PostedTopic, tracked: Tracked) -> bool:
    """Whether a series is one that is followed, maybe as a version that is not known of it yet."""
    ids = topic.message_ids | topic.missing.keys()
    summary = tracked.summary
    if tracked.entry.message_id in ids or (summary and ids & set(summary.message_ids)):
        return True
    if summary is None or topic.author.key not in summary.authors:
        return False
    return topic.latest.version > summary.version and bool(
        topic.titles & set(summary.titles)
    )


def _stable(mail: Classified) -> StableMail:
    return StableMail(mail.message_id, mail.mail.subject, str(mail.kind))


def picked_places(text: str, count: int) -> Sequence[int]:
    """Parses a selection from a numbered list: `1 3-5`, `all`, or an empty string.

    Returns the indexes of the selected entries, starting at 0. Raises `UsageError` if the
    selection is invalid.
    """
    if text.strip().lower() == "all":
        return range(count)
    places: dict[int, None] = {}
    for word in text.replace(",", " ").split():
        span = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", word)
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last <= count:
            raise UsageError(
                f"{word!r} is not a valid choice",
                hint=f"use numbers from 1 to {count} or all, for example 1 3-5",
            )
        places.update(dict.fromkeys(range(first - 1, last)))
    return tuple(places)


def follow_discovered(
    found: Discovered,
    series: Sequence[DiscoveredSeries],
    *,
    store: Store,
    archive_at: ArchiveAt,
    repository: Repository | None = None,
    progress: Progress = silent,
) -> Discovered:
    """Starts to track the chosen series and returns the updated result of `discover`.

    Series that are already tracked are skipped. The result contains the numbers of the series
    and the errors of archives that failed.
    """
    new = [one for one in series if one.number is None]
    numbers: dict[str, int] = {}
    troubles = list(found.troubles)
    for at, one in enumerate(new, 1):
        try:
            (tracked,) = add(
                one.message_id,
                lore=one.archive,
                store=store,
                archive_at=archive_at,
                repository=repository,
                progress=numbered(progress, at, len(new)),
            )
        except (NetworkError, RefusedError) as error:
            troubles.append(error.message)
            continue
        numbers[one.message_id] = tracked.entry.id
        troubles += tracked.troubles
    every = tuple(
        replace(one, number=numbers[one.message_id], is_new=True)
        if one.message_id in numbers
        else one
        for one in found.series
    )
    return replace(found, series=every, troubles=tuple(dict.fromkeys(troubles)))
