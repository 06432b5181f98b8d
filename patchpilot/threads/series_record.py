# SPDX-License-Identifier: GPL-2.0-or-later
"""Summarize a series from its messages and the user's marks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from patchpilot.model.action import (
    FILES,
    Action,
    Advice,
    advice_parts,
    join_hints,
    name_files,
)
from patchpilot.model.mail import find_linked_ids
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.projects.loading import shortest_wait
from patchpilot.reading.ci_verdict import find_worst_verdict
from patchpilot.reading.next_step import (
    HALF_A_YEAR,
    advise,
    find_last_answer,
    find_stable_wait,
)
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.requests import PointState
from patchpilot.reading.review_table import review_table
from patchpilot.reading.series_state import decide_state
from patchpilot.reading.series_summary import SeriesSummary
from patchpilot.reading.thread_values import (
    FINAL,
    TAKEN,
    NextStep,
    Turn,
)
from patchpilot.threads.review_ledger import Key, LedgerItem, list_open_requests
from patchpilot.threads.tracked import Tracked

_CLOSES = ("closes", "link", "reported-by")
"""The tags that may name the report that a patch closes."""


def summarize_series(posted: PostedSeries, marks: Mapping[Key, str]) -> SeriesSummary:
    """Return the summary of a series; `marks` are the states that the user set for requests."""
    latest = posted.latest
    commits = (
        commit.commit for commit in posted.landed if commit.commit and len(commit.commit) >= 12
    )
    server_verdict = posted.patchwork.verdict if posted.patchwork else None
    latest_replies = (
        reply.mail
        for reply in posted.replies
        if reply.revision is latest and reply.message_id not in posted.declined
    )
    tags = (tag for post in latest.patches if post.patch for tag in post.patch.trailers)
    closed = (it for tag in tags if tag.key in _CLOSES for it, _ in find_linked_ids(tag.value))
    answer = find_last_answer(posted)
    return SeriesSummary(
        state=posted.state,
        proven=posted.proven,
        why=posted.why,
        subject=posted.subject,
        version=latest.version,
        targets=() if posted.is_discussion else posted.targets,
        tags=posted.tag_counts,
        ci=find_worst_verdict((*(mail.verdict for mail in latest_replies), server_verdict)),
        step=_find_next_step(posted, marks),
        head=latest.message_id,
        posts=tuple(post.message_id for post in latest.patches),
        change_id=posted.change_id,
        authors=tuple(dict.fromkeys(revision.author.key for revision in posted.revisions)),
        titles=tuple(sorted(posted.titles)),
        commits=tuple(dict.fromkeys(commits)),
        files=tuple(sorted(latest.files)),
        message_ids=tuple(sorted(posted.message_ids)),
        related=tuple(dict.fromkeys(follow_up.subject for follow_up in posted.follow_ups)),
        reports=posted.delivery,
        approved=review_table(posted).approved,
        sent_at=latest.sent,
        began=posted.revisions[0].sent,
        last_activity=posted.last_activity,
        closes=tuple(dict.fromkeys(closed)),
        is_report=posted.is_discussion and not latest.requested[0],
        answered_at=answer.when if answer else None,
    )


def apply_marks(posted: PostedSeries, marks: Mapping[Key, str]) -> PostedSeries:
    """Return a series without the requests of bots that these states decline."""
    declined = frozenset(
        message_id for (message_id, _), mark in marks.items() if mark == PointState.DECLINED
    )
    is_same = declined == posted.declined
    return posted if is_same else decide_state(replace(posted, declined=declined))


def mark_request(series: Tracked, item: LedgerItem) -> Tracked:
    """Return a tracked series after the user set the state of this request."""
    marks = {key: state for key, state in series.marks.items() if key != item.point.key}
    if item.done:
        marks[item.point.key] = item.state
    if series.posted is None:
        return replace(series, marks=marks)
    posted = apply_marks(series.posted, marks)
    summary = summarize_series(posted, marks).summary()
    return replace(series, **summary, posted=posted, marks=marks)


def find_unchanged_span(posted: PostedSeries, longest: int) -> tuple[float, float]:
    """Return the period in which the summary stays the same if no messages or refs change.

    It ends when the series stalls, when a fix becomes too old for stable, or after `longest`
    seconds, whichever is first.
    """
    now = posted.now.timestamp()
    wait = max(posted.waiting, timedelta(days=shortest_wait()))
    until = find_stable_wait(posted).until
    moments = (
        *((datetime.combine(until, time.max, UTC),) if until else ()),
        posted.latest.first.when,
        posted.last_activity + wait,
        *(commit.date + HALF_A_YEAR for commit in posted.landed if commit.date),
    )
    start = now // longest * longest
    times = (start, start + longest, *(moment.timestamp() for moment in moments))
    return (
        max((moment for moment in times if moment < now), default=0.0),
        min(moment for moment in times if moment >= now),
    )


def _find_next_step(posted: PostedSeries, marks: Mapping[Key, str]) -> NextStep:
    """Return the next step, including any open review requests.

    If a request is due, it is the author's turn. Other requests can be answered while waiting. If
    messages report a series as applied or closed, the next step is to wait for proof. The commands
    for a backport name the branch or the patch files from which it was sent.
    """
    step = _add_open_requests(advise(posted), posted, marks)
    if not posted.targets:
        return step
    # the current branch usually contains the mainline fix
    send = _find_send(posted)
    if send and send.head and send.branch:
        return step._replace(advice=_name_branch(step.advice, send.branch))
    files = send.files if send else ()
    return step._replace(advice=name_files(step.advice, files or (FILES,)))


def _find_send(posted: PostedSeries) -> Send | None:
    """Return the last send of the latest version, or None."""
    with Outbox() as outbox:
        sends = outbox.find_by_messages(post.message_id for post in posted.latest.posts)
    return sends[-1] if sends else None


def _name_branch(advice: Advice, branch: str) -> Advice:
    """Return the advice with sends from a branch, which need not be checked out."""
    parts: list[Any] = list(advice_parts(advice))
    for index, part in enumerate(parts):
        if isinstance(part, Action) and part.name == "send":
            parts[index] = part._replace(branch=branch, reason=f"{part.reason}: `{{}}`")
    return join_hints(*parts)


def _add_open_requests(step: NextStep, posted: PostedSeries, marks: Mapping[Key, str]) -> NextStep:
    if step.is_held or posted.is_discussion:
        return step
    is_waiting = step.need is Turn.WAITING and posted.state not in (*TAKEN, *FINAL)
    open_requests = (
        [item for item in list_open_requests(posted, marks) if item.waits] if is_waiting else []
    )
    if not open_requests:
        return step
    arguments = "reply", f"<{open_requests[0].point.message_id}>"
    answer = Action("track", arguments, "answer the open requests")
    if not any(_is_reply_due(item, posted) for item in open_requests):
        return NextStep(step.need, join_hints(step.advice, "; in the meantime ", answer))
    change = Action("send", ("--reroll",), "change the patch")
    advice = join_hints(answer, ", or ", change, "; then ", step.advice)
    return NextStep(Turn.YOURS, advice)


def _is_reply_due(item: LedgerItem, posted: PostedSeries) -> bool:
    """Return whether the reviewer is still waiting for a response to a request.

    A new version, a reply by the author, or a later tag by the reviewer counts as a response.
    """
    message_id = item.point.message_id
    question = next(reply for reply in posted.replies if reply.message_id == message_id)
    later_replies = [reply for reply in posted.replies if reply.when >= question.when]
    return item.of_newest and not any(
        reply.patch == question.patch
        if reply.mail.by_author
        else reply.mail.sender.key == question.mail.sender.key
        and reply.patch in (question.patch, 0, None)
        and any(not tag.conditional for tag in reply.mail.credited)
        for reply in later_replies
    )
