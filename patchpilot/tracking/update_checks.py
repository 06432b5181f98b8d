# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the configured patchwork server for the checks of the tracked series under review.

The answer is stored with the series. Nothing is asked about an undisclosed fix, about a series that
is only in a file, or about one that was applied.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from patchpilot.archive.archive import CACHE_SECONDS
from patchpilot.archive.patchwork import MAX_PATCHES, PatchworkServer
from patchpilot.archive.track_store import Store, StoredChecks
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.reading.patchwork_checks import dump_answer
from patchpilot.reading.thread_values import SeriesState
from patchpilot.threads.known_series import read_stored_series
from patchpilot.threads.tracked import Tracked
from patchpilot.tracking.poll_archives import UpdateRequest

_REUSED = timedelta(seconds=CACHE_SECONDS)
_IN_REVIEW = (
    SeriesState.SENT,
    SeriesState.UNDER_REVIEW,
    SeriesState.CHANGES_REQUESTED,
    SeriesState.PARTLY_ACCEPTED,
    SeriesState.STALLED,
)


def update_server_checks(
    updated: Sequence[Tracked],
    address: str,
    request: UpdateRequest,
    store: Store,
    repository: Repository | None,
    progress: Progress,
) -> tuple[list[Tracked], str]:
    """Return the series with their checks on the server, and why they could not be read, or "".

    Without an address, forget earlier answers. After the first error, ask for no other series; what
    is stored does not change.
    """
    result: list[Tracked] = []
    problem = ""
    is_reachable = True
    for series in updated:
        stored = store.server_checks(series.entry.id)
        new = stored if address else None
        if address and is_reachable and _is_asked(series, address, stored, request):
            try:
                new, left_out = _ask_server(series, address, progress)
                problem = problem or left_out
            except PatchpilotError as error:
                is_reachable, problem = False, error.message
        if new == stored:
            result.append(series)
            continue
        store.keep_server_checks(series.entry.id, new)
        fresh = read_stored_series(store.entry(series.entry.id), store, repository, progress)
        result.append(
            replace(
                fresh,
                new=series.new,
                update_notes=series.update_notes,
                unreachable=series.unreachable,
                cached=series.cached,
            )
        )
    return result, problem and f"patchpilot.patchwork: {problem}"


def _is_asked(
    series: Tracked,
    address: str,
    stored: StoredChecks | None,
    request: UpdateRequest,
) -> bool:
    if series.undisclosed or series.proven not in _IN_REVIEW or not series.posts:
        return False
    if request.offline or not request.find_archive(series.entry):
        return False
    if not stored or stored.server != address or request.fresh or request.everything:
        return True
    age = datetime.now(UTC) - parse_stored_time(stored.asked)
    return stored.head != series.head or not timedelta() <= age < _REUSED


def _ask_server(series: Tracked, address: str, progress: Progress) -> tuple[StoredChecks, str]:
    """Return the answer of the server, and a note on patches that were not asked for, or ""."""
    with PatchworkServer(address) as server:
        patches = server.fetch(series.posts[:MAX_PATCHES], progress)
    asked = datetime.now(UTC).isoformat(timespec="seconds")
    problem = ""
    if (more := len(series.posts) - MAX_PATCHES) > 0:
        problem = f"the checks of {format_count(more, 'patch', 'patches')} were not asked for"
    return StoredChecks(address, asked, series.head, dump_answer(patches)), problem
