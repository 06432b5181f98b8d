# SPDX-License-Identifier: GPL-2.0-or-later
"""Read what was written for the stable maintainers, and what the user marked as sent.

This is the requests to apply a fix, with their branches and who tried the fix on which release,
such as "6.1.76 by NAME", and the patches for a branch.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.model.bounded import clamp_time
from patchpilot.reading.stable_subject import parse_request_subject
from patchpilot.reading.thread_values import NO_BACKPORTS, SentBackport, SentBackports
from patchpilot.resources import (
    find_sent_time,
    list_draft_names,
    list_recent_drafts,
    list_sent_marks,
    read_draft_file,
)
from patchpilot.threads.conflict_clones import list_conflict_clones

if TYPE_CHECKING:
    from patchpilot.archive.track_store import Store
    from patchpilot.reading.posted_series import PostedSeries

REQUESTS = "requests"
"""The folder of the requests to the stable maintainers, and of the marks that they, or patches for
a branch, were sent.
"""

_SENTENCE = re.compile(r"^Tested on (.+) by (.+)\.$", re.MULTILINE)
_SUBJECT = re.compile(r"^Subject: (.+)$", re.MULTILINE)
_STABLE_BRANCH = re.compile(r"/linux-[\d.]+\.y$")


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

    `name` is the name of its draft, or the Message-ID of a tracked request, `is_draft` is set if it
    is still to be sent, and `sent` is when it was sent, or marked as sent.
    """

    name: str
    text: str
    is_draft: bool = False
    sent: datetime | None = None

    def is_for(self, version: str | None, branch: str) -> bool:
        """Return whether the request names this branch; without names, it is for all."""
        subject = _SUBJECT.search(self.text)
        places = parse_request_subject(subject[1])[1] if subject else ()
        return not places or any(TrialReport(it).is_about(version, branch) for it in places)


def read_requests(commit: str, store: "Store | None" = None) -> tuple[StableRequest, ...]:
    """Return the requests for a commit: the last draft, earlier ones that were kept, and the
    user's tracked requests. Pass the store of tracked series if it is open.
    """
    recent = {file.stem for file in list_recent_drafts(REQUESTS)}
    first, *kept = list_draft_names(REQUESTS, commit[:12])
    drafts = (
        StableRequest(
            name,
            read_draft_file(REQUESTS, name),
            name == first and name in recent,
            find_marked_time(name),
        )
        for name in (first, *kept)
    )
    return (*drafts, *_read_tracked_requests(commit, store))


def _read_tracked_requests(commit: str, store: "Store | None") -> Iterator[StableRequest]:
    """Yield the requests for a commit that the user sent in another way and tracks."""
    from patchpilot.archive.track_store import Store as TrackStore
    from patchpilot.archive.track_store import default_store_file
    from patchpilot.threads.own_addresses import find_own_addresses

    if store is None and not default_store_file().exists():
        return
    with nullcontext(store) if store else TrackStore() as tracked:
        ids = [
            entry.message_id
            for entry in tracked.entries()
            if (requested := parse_request_subject(entry.subject)[0])
            and (commit.startswith(requested) or requested.startswith(commit))
        ]
        own = {email.lower() for email in find_own_addresses()} if ids else set()
        for mail in tracked.read_stored(ids):
            if mail.sender.key in own:
                text = f"Subject: {mail.subject}\n\n{mail.body}"
                yield StableRequest(mail.message_id, text, sent=mail.date)


def find_current_request(requests: Iterable[StableRequest]) -> StableRequest | None:
    """Return the request that is still to be sent, or the last one that was sent, or None."""
    requests = tuple(requests)
    drafts = (it for it in requests if it.is_draft)
    sent = ((it.sent, it) for it in requests if it.sent)
    return next(drafts, None) or max(sent, default=(None, None))[1]


def find_trial_reports(commit: str, tested: Iterable[str]) -> tuple[TrialReport, ...]:
    """Return the reports in `tested` or, if there are none, those in the requests."""
    reports = tuple(map(parse_trial_report, filter(None, tested)))
    if reports:
        return reports
    drafted = [row for it in read_requests(commit) for row in _SENTENCE.findall(it.text)]
    return tuple(TrialReport(place, tester) for place, tester in drafted)


def name_patches_mark(commit: str, version: str) -> str:
    """Return the name of the mark that the patches of a commit for a stable version were sent."""
    return f"{commit[:12]} {version}"


def list_patches_marks(commit: str) -> list[tuple[str, float]]:
    """Return the marks that patches of a commit, or requests for it, were sent, and their times."""
    return [mark for mark in list_sent_marks(REQUESTS) if mark[0].startswith(commit[:12])]


def find_marked_time(name: str) -> datetime | None:
    """Return when a request, or patches with this name, were marked as sent, or None."""
    seconds = find_sent_time(REQUESTS, name)
    return None if seconds is None else clamp_time(seconds)


def list_request_states() -> list[str]:
    """Return texts that change whenever a request is written or sent, patches are sent, or a
    conflict is resolved.
    """
    clones = map(repr, list_conflict_clones())
    drafts = sorted(file.stem for file in list_recent_drafts(REQUESTS))
    return [*map(repr, list_sent_marks(REQUESTS)), *drafts, *clones]


def add_sent_marks(
    posted: "PostedSeries",
    store: "Store | None" = None,
    backports: SentBackports = NO_BACKPORTS,
) -> "PostedSeries":
    """Return a series with the branches for which patches were sent or marked as sent, the
    requests, and the clones in which its conflicts are resolved.

    Only a branch that a message names has such a mark.
    Pass the store of tracked series if it is open, and the backports that were sent.
    """
    from patchpilot.reading.series_state import decide_state

    named = {place: branch.commit for place, branch in posted.reported_patches.items()}
    for later in posted.follow_ups:
        named |= {(it, number): None for it in later.onto for number in posted.upstream} | named
    marks = tuple(
        (version, number, when, sent.post_version if sent else 0)
        for (version, number), stable_commit in named.items()
        if (commit := posted.find_commit(number) or stable_commit or posted.commit)
        for sent in [_find_backport(commit, version, backports)]
        if (when := _find_sent_time(commit, version, backports))
    )
    requests = tuple(_find_requested_branches(posted, store))
    commits = {*filter(None, (posted.commit, *(it.commit for it in posted.upstream.values())))}
    clones = [
        clone
        for commit in sorted(commits)
        for clone in list_conflict_clones(commit)
        if not clone.is_sent(_find_sent_time(commit, clone.name, backports))
    ]
    if not (marks or requests or clones):
        return posted
    words = {clone.name: clone.words for clone in clones}
    return decide_state(replace(posted, sent_marks=marks, requests=requests, clones=words))


def _find_sent_time(commit: str, version: str, backports: SentBackports) -> datetime | None:
    """Return when the patches of a commit for a stable version were sent, or None."""
    sent, marked = (
        _find_backport(commit, version, backports),
        find_marked_time(name_patches_mark(commit, version)),
    )
    return max(filter(None, (marked, sent and sent.when)), default=None)


def _find_backport(commit: str, version: str, backports: SentBackports) -> SentBackport | None:
    """Return the last send of a commit, whose id may be abbreviated, for a stable version."""
    sends = (
        sent
        for (sent_commit, sent_version), sent in backports.items()
        if sent_version == version and sent_commit.startswith(commit)
    )
    return next(sends, None)


def _find_requested_branches(
    posted: "PostedSeries", store: "Store | None"
) -> Iterator[tuple[str, datetime | None]]:
    """Yield the branches for which the merged fix was requested (see `PostedSeries.requests`)."""
    requests = read_requests(posted.commit, store) if posted.commit else ()
    lacking = posted.needs.lacking if posted.needs else None
    name = posted.project.stable.branch_name
    for version in ("",) if lacking is None else lacking:
        matching = [
            it for it in requests if not version or it.is_for(version, name.format(version=version))
        ]
        if request := find_current_request(matching):
            yield version, request.sent
