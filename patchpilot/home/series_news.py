# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe the latest activity of a tracked series in a few words.

This includes requests for changes, who applied the series, its tags, and bots' reports.
"""

from patchpilot.home.topic import HomeEvent, HomeTopic
from patchpilot.model.printable import format_count
from patchpilot.reading.ci_verdict import CiVerdict
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.requests import ReviewPoint, review_points
from patchpilot.reading.thread_values import SeriesState
from patchpilot.threads.story import list_posted_events
from patchpilot.threads.tracked import Tracked

_REQUESTS = {
    MailKind.QUESTION: ("question", "asked {}"),
    MailKind.REVIEW: ("change", "requested {}"),
    MailKind.AI_REVIEW: ("finding", "reported {}"),
}
_BOTS = {
    MailKind.BUILD_FAILURE: "build failure",
    MailKind.TEST_RESULT: "tested",
    MailKind.AI_REVIEW: "AI review",
}
MAX_EVENTS = 12
"""Maximum number of events kept per series."""
_IN_REVIEW = (SeriesState.CHANGES_REQUESTED, SeriesState.UNDER_REVIEW)


def make_series_topic(key: str, series: Tracked) -> HomeTopic:
    """Convert a tracked series to a topic for the home screen, with its latest activity."""
    topic = HomeTopic(
        key,
        series.title,
        turn=series.step.need,
        state=str(series.state),
        news="sent; not in the archive yet",
        step=series.step.advice,
        series=series.entry.id,
    )
    posted = series.posted
    if posted is None:
        return topic
    points = review_points(posted) if posted.proven in _IN_REVIEW else ()
    reply = _find_requesting_reply(posted, points)
    latest = posted.latest
    reports = [
        bot_reply.mail
        for bot_reply in posted.replies
        if bot_reply.revision is latest and bot_reply.mail.kind in _BOTS
    ]
    return topic._replace(
        version=latest.version,
        patches=len(latest.patches),
        news=_describe_request(reply, points) if reply else _format_state(posted),
        when=_news_time(reply, posted),
        tags=series.tags,
        bots=", ".join(
            dict.fromkeys("warnings" if mail.only_warns else _BOTS[mail.kind] for mail in reports)
        ),
        backported=posted.commit_for_branches,
        failed=series.ci == CiVerdict.FAILED,
        events=tuple(
            HomeEvent(event.when.timestamp(), str(event.kind), event.text)
            for event in reversed(list_posted_events(posted)[-MAX_EVENTS:])
            if event.when
        ),
    )


def _find_requesting_reply(posted: PostedSeries, points: tuple[ReviewPoint, ...]) -> Reply | None:
    message_ids = {point.message_id for point in points}
    return next(
        (reply for reply in reversed(posted.replies) if reply.message_id in message_ids),
        None,
    )


def _describe_request(reply: Reply, points: tuple[ReviewPoint, ...]) -> str:
    mail = reply.mail
    sender = mail.sender_name
    requests = [point for point in points if point.message_id == mail.mail.message_id]
    if mail.kind in _REQUESTS:
        noun, phrase = _REQUESTS[mail.kind]
        return f"{sender} {phrase.format(format_count(len(requests), noun))}"
    return f"{sender}: {mail.label.replace('-', ' ')}: {requests[0].text}"


def _format_state(posted: PostedSeries) -> str:
    """Return the state and the reason for it.

    If replies changed no state, for example because their senders are unknown, return the last
    event instead.
    """
    last_event = next(iter(list_posted_events(posted)[-1:]), None)
    if posted.state is SeriesState.SENT and last_event and str(last_event.kind) != "sent":
        return last_event.text
    state = posted.state.replace("-", " ")
    return f"{state}: {posted.why}" if posted.why else state


def _news_time(reply: Reply | None, posted: PostedSeries) -> float:
    date = (reply.mail.mail.date if reply else None) or posted.last_activity
    return date.timestamp() if date else 0.0
