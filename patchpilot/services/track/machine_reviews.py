# SPDX-License-Identifier: GPL-2.0-or-later
"""Published machine reviews of tracked series, which may never have been sent by email.

They are shown as the opinion of a machine with a link; they do not affect the state of a
series or count as reviews by a reviewer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from patchpilot.archive.sashiko import page_of, read_reviews
from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.errors import NetworkError, PatchpilotError, UsageError
from patchpilot.model.bounded_date import stored_time
from patchpilot.model.counted import counted
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, silent
from patchpilot.reading.thread_values import FINAL
from patchpilot.services.track.patchwork_state import read_patchwork
from patchpilot.settings.read_settings import user_settings
from patchpilot.topic.followed.known_series import Tracked, undisclosed_error

SETTING = "machine-reviews"
PATCHWORK = "patchwork"
"""The word of the setting for the patchwork of each project."""
AGAIN = timedelta(hours=1)
"""How long what was fetched is not fetched again by an update."""
_ARCHIVE = Path(__file__).parents[2] / "archive"
_KIND = Kind(
    "machine-reviews", (str(Path(__file__)), str(_ARCHIVE / "sashiko.py")), keep=200
)
_Row = tuple[int, str, dict[str, int] | None, str]


@json_form("machine", "patch=number", "state", "findings", "url")
@dataclass(frozen=True, slots=True)
class MachineReview:
    """A machine's review of a patch in the latest version of a series.

    Contains the machine's name, the patch's number, the state of the review, the number of
    findings by severity (None: no result yet), and the URL of the review.
    """

    machine: str
    number: int
    state: str
    findings: Mapping[str, int] | None
    url: str

    @property
    def words(self) -> str:
        """A summary such as `sashiko, patch 1: 3 findings (1 high, 2 low)`."""
        result = self.state
        if self.findings is not None:
            total = sum(self.findings.values())
            each = ", ".join(f"{count} {word}" for word, count in self.findings.items())
            result = f"{counted(total, 'finding')} ({each})" if total else "no findings"
        return f"{self.machine}, patch {self.number}: {result}"


def known_machine_reviews(series: Tracked) -> tuple[MachineReview, ...]:
    """Returns the stored machine reviews of a series' latest version, without asking a server."""
    known = _known(series)
    return tuple(MachineReview("sashiko", *row) for row in known[1]) if known else ()


def servers(where: Path | None = None) -> tuple[str, ...]:
    """Returns the review servers from the user's settings.

    A server is `patchwork` or the URL of a Sashiko server.
    """
    return user_settings(where, problems=[]).list_value(SETTING)


def read_machine_reviews(
    series: Tracked, places: Sequence[str], *, offline: bool = False
) -> tuple[MachineReview, ...]:
    """Fetches the machine reviews of a series' latest version from Sashiko servers.

    The reviews replace those fetched earlier. Raises `NetworkError` if a server does not
    answer, and `RefusedError` if the fix is not public yet.
    """
    if series.undisclosed:
        raise undisclosed_error(series.entry.message_id)
    status = series.status
    rows: list[_Row] = []
    if status is None:
        return ()
    latest = status.topic.latest
    numbers = {post.message_id: post.number or 1 for post in latest.patches}
    for place in places:
        found = read_reviews(place, latest.message_id, offline=offline)
        rows += (
            (
                numbers[it.message_id],
                it.state,
                it.findings,
                page_of(place, it.message_id),
            )
            for it in found
            if it.message_id in numbers
        )
    if (key := _key(series)) is not None:
        remember(
            _KIND,
            key,
            (datetime.now(UTC).isoformat(), sorted(rows, key=lambda row: row[0])),
        )
    return known_machine_reviews(series)


def update_machine_reviews(
    series: Sequence[Tracked],
    *,
    where: Path | None = None,
    offline: bool = False,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Fetches the machine reviews of active series.

    Returns the errors, one line per server. The servers are taken from the user's settings.
    Each series is updated at most once an hour.
    """
    named = servers(where)
    if not named or offline:
        return ()
    due = [one for one in series if _is_due(one)]
    places = [place for place in named if place != PATCHWORK]
    failed: dict[str, None] = {}
    for at, one in enumerate(due):
        progress("fetching reviews by machines", at, len(due))
        try:
            if (
                PATCHWORK in named
                and one.status
                and one.status.topic.project.mail.patchwork
            ):
                read_patchwork(one, progress=progress)
            read_machine_reviews(one, places)
        except (NetworkError, UsageError) as error:
            failed[_line(error)] = None
    return tuple(failed)


def _line(error: PatchpilotError) -> str:
    return f"{error}; {error.hint}" if error.hint else str(error)


def _is_due(series: Tracked) -> bool:
    """Whether a series is public, not at its end, and was not asked about within the hour."""
    if series.undisclosed or series.summary is None or series.state in FINAL:
        return False
    known = _known(series)
    asked = stored_time(known[0]) if known else None
    return asked is None or datetime.now(UTC) - asked > AGAIN


def _known(series: Tracked) -> tuple[str, list[_Row]] | None:
    key = _key(series)
    known = recall(_KIND, key) if key is not None else None
    return known if isinstance(known, tuple) else None


def _key(series: Tracked) -> str | None:
    """The key of the latest version's patches; None while the archive does not have them."""
    if series.summary is None:
        return None
    posts = series.summary.posts
    return key_of(_KIND, [it.encode("utf-8", "surrogateescape") for it in posts])
