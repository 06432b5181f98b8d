# SPDX-License-Identifier: GPL-2.0-or-later
"""Check the archives of all tracked series for new messages, with few queries to each archive."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from patchpilot.archive.archive import MailArchive
from patchpilot.archive.poll import PolledSeries, find_new_messages
from patchpilot.archive.track_store import TrackEntry
from patchpilot.errors import NetworkError, PatchpilotError
from patchpilot.model.hosts import split_url, url_host
from patchpilot.model.progress import Progress
from patchpilot.reading.mail_reader import MailReader
from patchpilot.topic.own_archive import ArchiveAt


class UpdateRequest(NamedTuple):
    """The series to update, and how to update them.

    `numbers` selects series. By default, all series that are due are updated; finished series
    become due at growing intervals. With `everything`, each series is read completely. `lore` is
    the archive that the user requested for this update, and `configured` the one in the settings.
    `fresh` ignores cached responses. With `offline`, no server is asked for checks. `whole` also
    reads the messages of series without new messages.
    """

    numbers: Sequence[int] = ()
    everything: bool = False
    fresh: bool = False
    lore: str | None = None
    whole: bool = True
    configured: str = ""
    offline: bool = False

    def find_archive(self, entry: TrackEntry) -> str | None:
        """Return the archive to query about a series, or None if it is read from a file only.

        This is the requested archive; otherwise, the one that the user named when the series was
        added, or the one that is configured now.
        """
        if self.lore or not entry.lore or entry.chosen:
            return self.lore or entry.lore
        return self.configured or entry.lore

    def is_known_archive(self, entry: TrackEntry) -> bool:
        """Return whether the series was last read from the archive to query."""
        return bool(entry.lore) and self.find_archive(entry) == entry.lore


class Archives:
    """Open archives, except on hosts that failed before in this run.

    For such a host, raise the first error again without another query.
    """

    def __init__(self, archive_at: ArchiveAt) -> None:
        self._archive_at = archive_at
        self._failures: dict[str, PatchpilotError] = {}

    def open(self, url: str) -> MailArchive:
        if failure := self._failures.get(split_url(url).netloc or url):
            raise failure
        return self._archive_at(url)

    def note_failure(self, url: str, error: PatchpilotError) -> None:
        self._failures.setdefault(split_url(url).netloc or url, error)


class PollResult(NamedTuple):
    """The result of querying archives for new messages.

    `news` maps each series with new messages to the ids of these messages. `quiet` contains the
    numbers of the series without new messages, and `cached` the numbers of series whose result
    comes from a cached response. `reached` maps each archive to the arrival time of the latest
    message seen in it.
    """

    news: Mapping[int, frozenset[str]]
    quiet: frozenset[int]
    cached: frozenset[int]
    reached: Mapping[str, datetime]


def poll_archives(
    series: Mapping[str, Sequence[PolledSeries]],
    archives: Archives,
    skipped_ids: Container[str],
    reader: MailReader,
    *,
    current_time: datetime,
    fresh: bool,
    progress: Progress,
) -> PollResult:
    """Query each archive about its series.

    `series` maps the URL of an archive to its series. If an archive fails, the result omits its
    series, and opening that archive again raises the error.
    """
    with_news: dict[int, frozenset[str]] = {}
    last_arrivals: dict[str, datetime] = {}
    quiet, cached = set[int](), set[int]()
    for url, archive_series in series.items():
        progress(f"asking {url_host(url) or url} about {len(archive_series)} series")
        try:
            with archives.open(url) as archive:
                archive.parse_mail = reader.parse
                request_count = archive.requests
                result = find_new_messages(
                    archive, archive_series, skipped_ids, now=current_time, fresh=fresh
                )
                is_cached = archive.requests == request_count
        except NetworkError as error:
            archives.note_failure(url, error)
            continue
        with_news |= result.series
        if result.reached:
            last_arrivals[url] = result.reached
        (cached if is_cached else quiet).update(
            {polled.number for polled in archive_series} - result.series.keys()
        )
    return PollResult(with_news, frozenset(quiet), frozenset(cached), last_arrivals)
