# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the requests to the stable maintainers: the branches, and who tried the fix on which
release, such as "6.1.76 by NAME".
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from patchpilot.resources import (
    list_draft_names,
    list_recent_drafts,
    read_draft_file,
)
from patchpilot.threads.sent_marks import REQUESTS, find_marked_time

_SENTENCE = re.compile(r"^Tested on (.+) by (.+)\.$", re.MULTILINE)

_SUBJECT = re.compile(r"^Subject: .*\"\) to (.+)$", re.MULTILINE)
_STABLE_BRANCH = re.compile(r"/linux-[\d.]+\.y$")
_BRANCH = re.compile(r"try-[0-9a-f]{12}(?:-[\w.-]+)?")
_VERSION = re.compile(r"(?:v|linux-)?(\d+\.\d[\d.]*?(?:-rc\d+)?)(?:\.y)?")


def name_trial_branch(commit: str, base: str) -> str:
    """Return the name of the branch on which a commit is tried on a release or branch.

    It is part of a kernel's release, which has at most 64 characters.
    """
    name = base.rpartition("/")[2]
    version = _VERSION.fullmatch(name)
    place = version[1] if version else re.sub(r"[^0-9A-Za-z.]+", "-", name)[:12].strip("-.")
    return f"{name_trials(commit)}-{place}"


def name_trials(commit: str) -> str:
    """Return the start of the names of all branches on which a commit is tried."""
    return f"try-{commit[:12]}"


def is_trial_branch(name: str) -> bool:
    """Return whether a branch was created to try a commit; it has no work of the user."""
    return bool(_BRANCH.fullmatch(name))


class TrialReport(NamedTuple):
    """The release or branch on which a fix was tried, and by whom ("" if this is not named)."""

    place: str
    tester: str = ""

    def is_about(self, version: str | None, branch: str) -> bool:
        """Return whether the fix was tried on this branch or one of its releases."""
        is_place = self.place == branch or f"/{branch}".endswith(f"/{self.place}")
        return is_place or bool(version and self._match_release(version))

    def find_missing_release(self, version: str, latest: int) -> str:
        """Return the release of a stable version on which the fix was tried, if none up to the
        `latest` point release is meant, otherwise "".

        The release candidate after the latest release is no missing one.
        """
        release = self._match_release(version)
        number = int(release["number"] or 0) if release else 0
        is_candidate = bool(release and release["rest"].startswith("-rc"))
        return f"{version}.{number}" if number > latest + is_candidate else ""

    def _match_release(self, version: str) -> re.Match[str] | None:
        """Return the parts of a release of a stable version; `rest` is the name of a build."""
        pattern = rf"v?{re.escape(version)}(?:\.(?:y|(?P<number>\d{{1,4}})))?(?P<rest>(?![\w.]).*)"
        return re.fullmatch(pattern, self.place)

    def sentence(self, user: str, branch: str) -> str:
        """Return the sentence for a request; `user` is the tester if none is named.

        The name of the user's remote before a branch of the stable tree is left out: nobody else
        knows it.
        """
        is_stable_branch = self.place == branch and _STABLE_BRANCH.search(self.place)
        place = self.place.rpartition("/")[2] if is_stable_branch else self.place
        return f"Tested on {place} by {self.tester or user}."

    def reason(self, user: str) -> str:
        """Return why the branch has the bug: who tries a fix there has seen the bug."""
        tester = "you" if self.tester in ("", user) else self.tester
        return f"{tester} tried it there ({self.place})"


def parse_trial_report(text: str) -> TrialReport:
    place, _, tester = text.partition(" by ")
    return TrialReport(place.strip().removeprefix("on ").strip(), tester.strip())


class StableRequest(NamedTuple):
    """A request that was written for the stable maintainers.

    `name` is the name of its draft, `is_draft` is set if it is still to be sent, and `sent` is when
    it was marked as sent.
    """

    name: str
    text: str
    is_draft: bool = False
    sent: datetime | None = None

    def is_for(self, version: str | None, branch: str) -> bool:
        """Return whether the request names this branch; without names, it is for all."""
        subject = _SUBJECT.search(self.text)
        places = re.split(r",?\s+and\s+|[,\s]+", subject[1].strip()) if subject else ()
        return not places or any(TrialReport(it).is_about(version, branch) for it in places)


def read_requests(commit: str) -> tuple[StableRequest, ...]:
    """Return the requests for a commit: the last one, and earlier ones that were kept."""
    recent = {file.stem for file in list_recent_drafts(REQUESTS)}
    first, *kept = list_draft_names(REQUESTS, commit[:12])
    return tuple(
        StableRequest(
            name,
            read_draft_file(REQUESTS, name),
            name == first and name in recent,
            find_marked_time(name),
        )
        for name in (first, *kept)
    )


def find_trial_reports(commit: str, tested: Iterable[str]) -> tuple[TrialReport, ...]:
    """Return the reports in `tested` or, if there are none, those in the requests."""
    reports = tuple(map(parse_trial_report, filter(None, tested)))
    if reports:
        return reports
    drafted = [row for it in read_requests(commit) for row in _SENTENCE.findall(it.text)]
    return tuple(TrialReport(place, tester) for place, tester in drafted)
