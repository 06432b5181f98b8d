# SPDX-License-Identifier: GPL-2.0-or-later
"""Read what the user marked as sent to the stable maintainers with another program."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from patchpilot.model.bounded import clamp_time
from patchpilot.resources import find_sent_time

if TYPE_CHECKING:
    from patchpilot.reading.posted_series import PostedSeries

REQUESTS = "requests"
"""The folder of the requests to the stable maintainers, and of the marks that they, or patches for
a branch, were sent.
"""


def name_patches_mark(commit: str, version: str) -> str:
    """Return the name of the mark that the patches of a commit for a stable version were sent."""
    return f"{commit[:12]} {version}"


def find_marked_time(name: str) -> datetime | None:
    """Return when a request, or patches with this name, were marked as sent, or None."""
    seconds = find_sent_time(REQUESTS, name)
    return None if seconds is None else clamp_time(seconds)


def add_sent_marks(posted: "PostedSeries") -> "PostedSeries":
    """Return a series with the branches for which patches were marked as sent.

    Only a branch that needs a backport according to the last message about it has such a mark.
    """
    from patchpilot.reading.series_state import decide_state

    marks = tuple(
        (branch.version, when)
        for branch in posted.reported_branches
        if (commit := branch.commit or posted.commit)
        and (when := find_marked_time(name_patches_mark(commit, branch.version)))
    )
    return decide_state(replace(posted, sent_marks=marks)) if marks else posted
