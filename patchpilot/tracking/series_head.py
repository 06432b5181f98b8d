# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows at the top of each view of a tracked series.

Five rows show the state, whose turn it is, the next step, the open requests, and the trees that
contain the series. If a patchwork server was asked, its checks follow.
"""

from collections import Counter
from collections.abc import Iterator, Set
from pathlib import Path
from typing import NamedTuple

from patchpilot.model.action import Action, Advice, join_hints
from patchpilot.model.printable import format_count, join_words
from patchpilot.reading.next_step import list_unanswered
from patchpilot.reading.patchwork_checks import CheckState
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.thread_values import (
    CLAIMED,
    TAKEN,
    LandedCommit,
    SeriesState,
    Turn,
    stable_summary,
)
from patchpilot.threads.review_ledger import ANSWERED, list_latest_requests
from patchpilot.threads.tracked import Tracked

_COMMIT = 12
_MAX_MISSING = 3
_MAX_CHECKS = 10
_IN_STABLE_REVIEW = ("review", "queued", "proposed", "posted")


class HeadRow(NamedTuple):
    """A row at the top of a series' view."""

    name: str
    says: Advice


def format_head_rows(series: Tracked) -> tuple[HeadRow, ...]:
    posted_series = series.posted
    reason = f": {posted_series.why}" if posted_series and posted_series.why else ""
    unmerged = "no patch in this thread" if series.about.is_discussion else "nowhere yet"
    return (
        HeadRow("state", f"{series.state}{_format_claim_note(series)}{reason}"),
        HeadRow("turn", _format_turn(series)),
        HeadRow("next", series.step.advice),
        HeadRow("open", "; ".join(_format_open_items(series, posted_series)) or "nothing"),
        HeadRow("landed", "; ".join(_format_merges(series)) or unmerged),
        *_format_checks(series.about),
    )


def _format_checks(posted: PostedSeries) -> Iterator[HeadRow]:
    """Yield the rows for the checks on a patchwork server, and the state that it claims.

    Each failed check and warning has a row with its description and address.
    """
    answer = posted.patchwork
    if answer is None:
        return
    asked = f"{answer.asked.astimezone():%Y-%m-%d %H:%M}"
    if summary := answer.summarize_checks(posted.patch_numbers):
        yield HeadRow("checks", f"{summary} ({answer.server}, {asked})")
    rows = [
        HeadRow(label, ": ".join(filter(None, (name, check.description, check.address))))
        for state, label in ((CheckState.FAIL, "failed"), (CheckState.WARNING, "warning"))
        for name, check in answer.list_checks(state, posted.patch_numbers)
    ]
    yield from rows[:_MAX_CHECKS]
    if len(rows) > _MAX_CHECKS:
        more = Action("track", ("show", "--json"), "`{}` lists them")
        yield HeadRow("more", join_hints(f"{len(rows) - _MAX_CHECKS} more checks; ", more))
    if states := answer.summarize_states():
        yield HeadRow("patchwork", f"{states}, as {answer.server} claims ({asked})")


def _format_claim_note(series: Tracked) -> str:
    return "" if series.state is series.proven else f" (claimed; proven: {series.proven})"


def format_time_note(series: Tracked) -> str:
    """Return a note with the time to which the ages refer, for example the time of the last query.

    Return "" if they refer to the current time.
    """
    if (time := series.as_of) is None:
        return ""
    origin = (
        "when the archive was last queried"
        if series.entry.lore
        else f"the latest message of {Path(series.entry.mbox or '').name}"
    )
    return f"{time.astimezone():%Y-%m-%d %H:%M}, {origin}: days count until then"


def _format_turn(series: Tracked) -> str:
    if series.step.need is Turn.YOURS:
        return "yours"
    if series.step.need is Turn.FINISHED:
        return "nobody's: finished"
    posted_series = series.posted
    if series.about.targets:
        return "others: you are waiting for the stable trees"
    if posted_series and series.proven in (SeriesState.ACCEPTED, SeriesState.IN_NEXT):
        event = posted_series.project.after_applied.partition(" (")[0]
        return f"others: you are waiting until {event}"
    if series.proven in (SeriesState.IN_MAINLINE, SeriesState.IN_STABLE):
        return "others: you are waiting for the stable trees"
    return "others: you are waiting for the maintainer"


def _format_unanswered(
    series: Tracked, posted: PostedSeries, listed_ids: Set[str]
) -> Iterator[str]:
    """Yield the messages that wait for the user's answer and contain no listed request."""
    if series.step.need is Turn.YOURS:
        for reply in list_unanswered(posted):
            if reply.message_id not in listed_ids:
                yield f"{reply.mail.label} by {reply.mail.sender_name}"


def _format_open_items(series: Tracked, posted: PostedSeries | None) -> Iterator[str]:
    if posted is None:
        return
    if missing := posted.latest.missing_patches:
        total = posted.latest.patch_count + len(missing)
        numbers = join_words([f"{number}/{total}" for number in missing[:_MAX_MISSING]])
        more = f" and {len(missing) - _MAX_MISSING} more" if len(missing) > _MAX_MISSING else ""
        yield f"{numbers}{more} of v{posted.latest.version} missing in the archive"
    items = list_latest_requests(series)
    counts = Counter(item.point.asker for item in items if item.open)
    if counts:
        names = (
            f"{asker} ({count})" if count > 1 else asker for asker, count in counts.most_common()
        )
        is_single_asker = len(counts) == 1
        yield (
            f"{format_count(counts.total(), 'request')} by"
            f" {next(iter(counts)) if is_single_asker else ', '.join(names)}"
        )
    yield from _format_unanswered(series, posted, {item.point.message_id for item in items})
    if answered_count := sum(not (item.open or item.done) for item in items):
        yield f"{format_count(answered_count, 'request')} {ANSWERED}"
    if series.proven is SeriesState.PARTLY_ACCEPTED:
        remaining = [patch for patch in posted.patches if patch.proven not in TAKEN]
        yield (
            f"{len(remaining)} of {format_count(len(posted.patches), 'patch', 'patches')}"
            " not applied"
        )
    for branch in series.about.stable:
        if posted.is_discussion and branch.state == "failed":
            yield f"backport to {branch.version}"
        if branch.state in _IN_STABLE_REVIEW and branch.message_id not in posted.post_ids:
            yield f"{branch.version} {branch.words}"
    if unknown_count := sum(not claim.known for claim in posted.claims):
        yield f"{format_count(unknown_count, 'message')} from unknown addresses"


def _format_merges(series: Tracked) -> Iterator[str]:
    by_tree: dict[str, list[LandedCommit]] = {}
    for applied in series.about.landed:
        if applied.stable_version is None:
            by_tree.setdefault(applied.tree, []).append(applied)
    for tree, commits in by_tree.items():
        first_commit = commits[0]
        ids = {applied.commit for applied in commits if applied.commit}
        commit = f" {first_commit.commit[:_COMMIT]}" if first_commit.commit else ""
        count_note = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
        release = f", first in {first_commit.release}" if first_commit.release else ""
        claimed_note = f" ({CLAIMED})" if first_commit.how == CLAIMED else ""
        yield f"{tree}{commit}{count_note}{release}{claimed_note}"
    merged_branches = [branch for branch in series.about.stable if branch.has_commit]
    if merged_branches:
        yield f"stable: {stable_summary(merged_branches)}"
