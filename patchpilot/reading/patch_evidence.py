# SPDX-License-Identifier: GPL-2.0-or-later
"""Selects the evidence about a single patch from that of its series."""

from dataclasses import replace
from datetime import UTC, datetime

from patchpilot.model.bounded_date import EPOCH
from patchpilot.reading.posted_series import Post, PostedTopic, Revision
from patchpilot.reading.thread_events import voided
from patchpilot.reading.thread_match import Reply
from patchpilot.reading.thread_values import Evidence
from patchpilot.reading.tree_evidence import branches_by_mail, branches_with, landings
from patchpilot.series.patch_pairing import ALIKE, title_key, title_similarity

_CUT = 20
"""Characters from which the beginning of a title is recognized."""


def series_posts(evidence: Evidence) -> list[tuple[Revision, Post]]:
    """Returns the patches of the latest version, preceded by earlier patches that were applied.

    The latter are patches of earlier versions that were dropped from the series after they were
    applied.
    """
    topic = evidence.topic
    known = set(topic.latest.titles)
    taken = {
        title_key(event.of)
        for event in evidence.events
        if event.of and event.what == "applied" and event.counts
    }
    earlier: list[tuple[Revision, Post]] = []
    for revision in reversed(topic.revisions[:-1]):
        left_out = [post for post in revision.patches if post.key in taken - known]
        known |= {post.key for post in left_out}
        earlier = [*((revision, post) for post in left_out), *earlier]
    return [*earlier, *((topic.latest, post) for post in topic.latest.patches)]


def about_patch(evidence: Evidence, post: Post, *, alone: bool) -> Evidence:
    """Returns the evidence about one patch.

    With `alone`, the patch is the only one of its series and all the evidence is about it.
    """
    if alone:
        return replace(evidence, post=post)
    topic = evidence.topic
    since = topic.unchanged_since(post) if post in topic.latest.patches else EPOCH
    events = tuple(
        voided(event, since)
        for event in evidence.events
        if _is_about(topic, post, event.of, event.patch, event.date)
    )
    # a mail that reports what became of other patches is no answer to this one
    of_others = {event.message_id for event in evidence.events} - {
        event.message_id for event in events
    }
    stable = branches_by_mail(events)
    commits = tuple(
        landed
        for landed in evidence.commits
        if _is_about(topic, post, landed.title, landed.patch, None)
    )
    return replace(
        evidence,
        attached=tuple(
            reply
            for reply in evidence.attached
            if _answers(reply, topic, post) and reply.message_id not in of_others
        ),
        events=events,
        landed=landings(events),
        stable=stable,
        commits=commits,
        branches=branches_with(stable, commits),
        carriers=tuple(
            carrier
            for carrier in evidence.carriers
            if not carrier.titles or post.key in carrier.titles
        ),
        post=post,
    )


def _is_about(
    topic: PostedTopic,
    post: Post,
    title: str | None,
    number: int | None,
    date: datetime | None,
) -> bool:
    """Whether what names a title (None: the whole series) is about a patch.

    Maintainers change titles, and long ones are cut.
    """
    if title is None:
        return True
    key, mine = title_key(title), post.key
    if key in topic.titles:
        return key == mine
    if len(key) >= _CUT and any(known.startswith(key) for known in topic.titles):
        return mine.startswith(key)
    sent = topic.latest.first.when
    if number and (date or datetime.now(UTC)) >= sent and post in topic.latest.patches:
        return number == (post.number or 1)
    alike = {
        other.key: title_similarity(title, other.title)
        for revision in topic.revisions
        for other in revision.patches
    }
    return alike[mine] >= ALIKE and alike[mine] == max(alike.values())


def _answers(reply: Reply, topic: PostedTopic, post: Post) -> bool:
    if reply.post is None or reply.post.is_cover:
        return True
    return reply.post.key == post.key or (
        reply.revision is topic.latest and reply.patch == (post.number or 1)
    )
