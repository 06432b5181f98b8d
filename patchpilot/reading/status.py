# SPDX-License-Identifier: GPL-2.0-or-later
"""The status of a series: its state and next step, derived from its revisions, tags, replies and
merges.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from patchpilot.model.address import Address
from patchpilot.model.mail import Mail
from patchpilot.reading.claims import STATES, claims_of, without_voided
from patchpilot.reading.delivery import DeliveryReport, delivery_reports, reports_about
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import unique, when
from patchpilot.reading.posted_series import PostedTopic, find_topics
from patchpilot.reading.related_series import follow_ups
from patchpilot.reading.review_trailers import proposed_trailers
from patchpilot.reading.sender import is_sent_to_self
from patchpilot.reading.series_state import decided
from patchpilot.reading.statements import Answered
from patchpilot.reading.thread_match import Reply, attach, reported, with_replies
from patchpilot.reading.thread_values import (
    Claim,
    Credit,
    Evidence,
    FollowUp,
    LandedCommit,
    SeriesState,
    StableBranch,
    StableNeeds,
    Status,
    stable_summary,
)
from patchpilot.series.patch_pairing import title_key

__all__ = [
    "Credit",
    "FollowUp",
    "LandedCommit",
    "Reply",
    "SeriesState",
    "StableBranch",
    "Status",
    "read_thread",
    "stable_summary",
]


def read_thread(
    mails: Iterable[Mail],
    *,
    now: datetime | None = None,
    reader: MailReader | None = None,
    known: tuple[Address, ...] = (),
    confirmed: frozenset[str] = frozenset(),
    anchor: str = "",
    reports: bool = False,
) -> tuple[Status, ...]:
    """Return the status of every series in these messages, the oldest first, with its
    follow-ups.

    `now` is the time used to detect a stalled series; the default is the time of the latest
    message, which suits an old mbox. `reader` caches the results of the call, so that the same
    messages give the same statuses and are classified once. `known` are addresses that were seen
    elsewhere, `confirmed` the messages that the user confirmed. `anchor` is the Message-ID of the
    requested series, whose sender is known as well. With `reports`, messages of bots about patches
    that are not there make series, if there is no other.
    """
    reader = reader or MailReader()
    mails = tuple(mail for mail in unique(mails) if not is_sent_to_self(mail))
    key = (now, known, confirmed, anchor, reports, *map(id, mails))
    if key in reader.threads:
        statuses_before: tuple[Status, ...] = reader.threads[key][1]
        return statuses_before
    classified = []
    for number, mail in enumerate(mails, 1):
        if number % 128 == 0:
            reader.progress("reading the thread", number, len(mails))
        classified.append(reader.classify(mail))
    notices = {
        mail.message_id: found
        for mail in classified
        if (found := delivery_reports(mail.mail))
    }
    # a bounce is not a reply
    classified = [mail for mail in classified if mail.message_id not in notices]
    topics = find_topics(classified, known, anchor)
    if reports and not topics:
        topics = reported(classified)
    attached = attach(topics, classified)
    topics = tuple(
        replace(topic, identities=with_replies(topic, attached[at]))
        for at, topic in enumerate(topics)
    )
    every = tuple(report for found in notices.values() for report in found)
    moment = now or max((when(mail) for mail in mails), default=datetime.now(UTC))
    statuses = [
        _status(topic, _add_author(topic, attached[at], reader), moment, confirmed)
        for at, topic in enumerate(topics)
    ]
    statuses = [_add_delivery(status, every) for status in statuses]
    result = tuple(map(_add_follow_ups, statuses, follow_ups(statuses)))
    # keep references to the mails, so that their id() is not reused
    reader.threads[key] = (mails, result)
    return result


def _add_follow_ups(
    status: Status, later: tuple[tuple[FollowUp, ...], tuple[Claim, ...]]
) -> Status:
    """Return the status with the later series, which may determine its state."""
    found, claims = later
    if not found:
        return status
    events = (*status.events, *(claim for claim in claims if claim.known))
    evidence = replace(status.evidence, events=events)
    had = {claim.message_id for claim in status.claims}
    unproven = [it for it in claims if not it.proven and it.message_id not in had]
    status = replace(
        status,
        follow_ups=found,
        claims=(*status.claims, *unproven),
    )
    return decided(status, evidence)


def _add_delivery(status: Status, reports: Sequence[DeliveryReport]) -> Status:
    found = reports_about(reports, status.topic.message_ids, status.topic.titles)
    ids = status.message_ids | {report.message_id for report in found}
    return replace(status, delivery=found, message_ids=ids) if found else status


def _add_author(
    topic: PostedTopic, attached: Sequence[Reply], reader: MailReader
) -> list[Reply]:
    found = []
    for reply in attached:
        sender = topic.identities.sender(reply.mail)
        mail = reader.classify_for(
            reply.mail, sender, topic.is_author(sender), _answered(topic, reply.parent)
        )
        found.append(replace(reply, mail=mail))
    return found


def _answered(topic: PostedTopic, parent: Classified | None) -> Answered:
    if (
        parent is None
        or parent.robot
        or parent.kind in (MailKind.PATCH, MailKind.COVER)
    ):
        return Answered.PATCH
    return Answered.AUTHOR if topic.is_author(parent.sender) else Answered.OTHER


def _status(
    topic: PostedTopic,
    attached: Sequence[Reply],
    now: datetime,
    confirmed: frozenset[str],
) -> Status:
    claims = without_voided(claims_of(topic, attached, confirmed), topic)
    doubtful = {claim.message_id for claim in claims if not claim.known}
    vague = {it.message_id for it in claims if it.what in ("unclear", "promised")}
    attached = [
        replace(reply, mail=replace(reply.mail, kind=MailKind.OTHER))
        if reply.message_id in vague and reply.mail.kind is MailKind.APPLIED
        else reply
        for reply in attached
    ]
    certain = tuple(reply for reply in attached if reply.message_id not in doubtful)
    events = tuple(claim for claim in claims if claim.known and claim.what in STATES)
    replies = tuple(
        replace(reply, mail=replace(reply.mail, doubtful=True))
        if reply.message_id in doubtful
        else reply
        for reply in attached
    )
    last = max([*(post.when for post in topic.posts), *(it.when for it in attached)])
    evidence = Evidence(topic, certain, events, now, last)
    posted = (
        post.message_id for revision in topic.strangers for post in revision.posts
    )
    ids = topic.message_ids.union(posted, (reply.message_id for reply in attached))
    status = Status(
        topic,
        SeriesState.SENT,
        "",
        _credits(topic, attached),
        replies,
        (),
        ids,
        evidence,
        claims=tuple(claim for claim in claims if _is_open(claim, topic)),
    )
    return decided(status, evidence)


def _is_open(claim: Claim, topic: PostedTopic) -> bool:
    """Return whether a claim is unproven, and neither a message nor a later version withdrew it."""
    sent = topic.since
    is_late = not claim.known or (claim.date or sent) >= sent
    return claim.counts and not claim.proven and is_late


def _credits(topic: PostedTopic, attached: Sequence[Reply]) -> tuple[Credit, ...]:
    same = topic.identities.same
    given = tuple(
        Credit(
            str(tag),
            reply.message_id,
            reply.revision.version,
            reply.patch,
            tag.conditional,
            tag.asks(reply.mail.sender, same),
        )
        for reply in attached
        if reply.revision is not None and reply.mail.kind not in STABLE
        for tag in reply.mail.credited
        if tag.name.lower() != "signed-off-by" or reply.mail.kind is MailKind.TRAILERS
    )
    proposed = {
        (tag, reply.revision.version, reply.patch): reply
        for reply in reversed(attached)
        if reply.revision is not None and not reply.mail.robot
        if reply.mail.kind not in (*STABLE, MailKind.PATCH)
        for tag in proposed_trailers(reply.mail.body)
    }
    return given + tuple(
        Credit(
            tag,
            reply.message_id,
            version,
            patch,
            asks=f"{reply.mail.who} names it in a reply",
        )
        for (tag, version, patch), reply in proposed.items()
    )


def with_commits(
    status: Status,
    seen: Sequence[LandedCommit],
    fixed: Sequence[FollowUp] = (),
    needs: StableNeeds | None = None,
) -> Status:
    """Add commits found in a repository (`landed_series.in_repository`) to a status.

    `fixed` are the follow-ups found there;
    a follow-up that is known from messages keeps its Message-ID. `needs` are the stable branches
    that need the fix.
    """
    if not seen:
        return status
    by_mail = {title_key(later.subject): later for later in status.follow_ups}
    named = {title_key(later.subject) for later in fixed}
    follow_ups = [
        later for later in status.follow_ups if title_key(later.subject) not in named
    ]
    for later in fixed:
        known = by_mail.get(title_key(later.subject))
        follow_ups.append(
            replace(later, message_id=known.message_id, version=known.version)
            if known
            else later
        )
    evidence = replace(status.evidence, commits=tuple(seen))
    status = replace(
        status,
        follow_ups=tuple(follow_ups),
        needs=needs,
    )
    return decided(status, evidence)
