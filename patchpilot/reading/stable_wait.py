# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide how long to wait for the stable trees to take a merged fix with a Cc: stable tag."""

from datetime import date, timedelta
from typing import NamedTuple

from patchpilot.model.json_form import json_form


@json_form("release~ until~")
class StableWait(NamedTuple):
    """The wait for the stable trees after the merge of a tagged fix.

    `release` is the first mainline release with the fix, and `until` the date after which the user
    asks the stable maintainers. Both are empty if no release has the fix, or the project names no
    waiting time.
    """

    release: str = ""
    until: date | None = None

    def is_over(self, today: date) -> bool:
        """Return whether the stable trees had enough time to take the fix."""
        return self.until is not None and today > self.until

    @property
    def reason(self) -> str:
        """Explain the wait, and until when it lasts."""
        taken = "the stable maintainers take it by its Cc: stable tag, usually within weeks of"
        if self.until is None:
            return f"{taken} the release candidate that has it"
        return f"{taken} {self.release}; ask them if a branch lacks it after {self.until}"

    @property
    def over_reason(self) -> str:
        """Explain why the user asks the stable maintainers."""
        return f"it has a Cc: stable tag and is in {self.release}, but no answer by {self.until}"


def make_stable_wait(release: str | None, released: date | None, waiting_days: int) -> StableWait:
    """Return the wait for a fix in a release of this date; 0 days mean that no time is known."""
    if not (release and released and waiting_days):
        return StableWait(release or "")
    return StableWait(release, released + timedelta(days=waiting_days))
