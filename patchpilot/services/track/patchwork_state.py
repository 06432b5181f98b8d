# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `track patchwork`: the states and checks of a series' patches in patchwork.

This evidence does not affect the state of a series.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from patchpilot.archive.patchwork import PatchworkCheck, PatchworkPatch, read_patch
from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.errors import MissingError
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, silent
from patchpilot.reading.ci_verdict import CiVerdict, worst
from patchpilot.reading.series_summary import SeriesSummary
from patchpilot.reading.substate import meaning_of
from patchpilot.topic.followed.known_series import Tracked, undisclosed_error

_KIND = Kind(
    "patchwork",
    (str(Path(__file__)), str(Path(__file__).parents[2] / "archive" / "patchwork.py")),
    keep=200,
)
_GOOD = ("success", "pending")
_CHECKS = {
    "fail": CiVerdict.FAILED,
    "warning": CiVerdict.WARNED,
    "success": CiVerdict.PASSED,
}


@json_form("patch=number", "state", "means", "url", "checks")
@dataclass(frozen=True, slots=True)
class PatchInPatchwork:
    """A patch of the latest version: its number and its patchwork record.

    The record is None if patchwork does not have the patch.
    """

    number: int
    record: PatchworkPatch | None

    @property
    def state(self) -> str | None:
        """The patch's state in patchwork."""
        return self.record.state if self.record else None

    @property
    def means(self) -> str | None:
        """Patchpilot's name for the patch's state; None for a state of this server only."""
        return meaning_of(self.record.state) if self.record else None

    @property
    def url(self) -> str | None:
        """The patch's page in patchwork."""
        return self.record.url if self.record else None

    @property
    def checks(self) -> tuple[PatchworkCheck, ...]:
        """The last check of each context."""
        return self.record.checks if self.record else ()

    @property
    def linked(self) -> tuple[PatchworkCheck, ...]:
        """The failed checks and warnings that have a page with the result."""
        return tuple(it for it in self.checks if it.state not in _GOOD and it.url)

    @property
    def words(self) -> str:
        """A summary such as `patch 1: accepted; 12 success, 1 fail: netdev/build_clang`."""
        if self.record is None:
            return f"patch {self.number}: not there"
        is_other = self.means not in (None, self.record.state)
        means = f" ({self.means} here)" if is_other else ""
        count = Counter(check.state for check in self.record.checks)
        summary = ", ".join(
            f"{number} {state}" for state, number in count.most_common()
        )
        bad = ", ".join(
            check.context for check in self.record.checks if check.state not in _GOOD
        )
        return (
            f"patch {self.number}: {self.record.state}{means}"
            + (f"; {summary}" if summary else "")
            + (f": {bad}" if bad else "")
        )


def known_patchwork(series: Tracked) -> tuple[PatchInPatchwork, ...]:
    """Returns the stored patchwork records of the latest version without asking patchwork."""
    if series.summary is None:
        return ()
    known = recall(_KIND, _key(series.summary))
    return tuple(_read(*row) for row in known) if isinstance(known, list) else ()


def ci_of(series: Tracked) -> CiVerdict:
    """Returns the worst CI verdict for the latest version of a series.

    It takes into account the reports that bots sent by email and the stored checks from
    patchwork.
    """
    checks = {
        _CHECKS.get(check.state, CiVerdict.UNKNOWN)
        for it in known_patchwork(series)
        if it.record
        for check in it.record.checks
    }
    return worst({*checks, CiVerdict(series.summary.ci if series.summary else "")})


def read_patchwork(
    series: Tracked, *, offline: bool = False, progress: Progress = silent
) -> tuple[PatchInPatchwork, ...]:
    """Fetches the patchwork record of each patch in the latest version of a series.

    Raises `MissingError` if the project has no patchwork, or if the messages of the series
    are not known.
    """
    if series.undisclosed:
        raise undisclosed_error(series.entry.message_id)
    status = series.status
    place = status.topic.project.mail.patchwork if status else ""
    if status is None or series.summary is None or not place:
        raise MissingError(
            f"no patchwork is known for series {series.entry.id}",
            hint="set patchwork in [mail] of a project file",
        )
    patches = status.topic.latest.patches
    hosts = status.topic.project.mail.check_hosts
    found = []
    for at, post in enumerate(patches):
        progress("asking patchwork", at, len(patches))
        found.append(
            PatchInPatchwork(
                post.number or 1,
                read_patch(place, post.message_id, hosts=hosts, offline=offline),
            )
        )
    remember(_KIND, _key(series.summary), [_plain(it) for it in found])
    return tuple(found)


def _plain(patch: PatchInPatchwork) -> tuple[int, object]:
    record = patch.record
    return patch.number, (
        record.message_id,
        record.state,
        record.url,
        [tuple(check) for check in record.checks],
    ) if record else None


def _read(
    number: int, row: tuple[str, str, str, list[tuple[str, str, str, str]]] | None
) -> PatchInPatchwork:
    record = (
        PatchworkPatch(*row[:3], tuple(PatchworkCheck(*check) for check in row[3]))
        if row
        else None
    )
    return PatchInPatchwork(number, record)


def _key(summary: SeriesSummary) -> str:
    return key_of(
        _KIND,
        [message_id.encode("utf-8", "surrogateescape") for message_id in summary.posts],
    )
