# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the series in messages: their versions, the messages about them, and their states.

This is the one place that decides which messages and versions belong to a series. `versions` groups
what was posted, `thread_match` finds what is about it, and `related_series` later series.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from patchpilot.model.address import Address
from patchpilot.model.mail import Mail
from patchpilot.reading.claims import STATES, claims_of, without_voided
from patchpilot.reading.delivery import DeliveryReport, delivery_reports, reports_about
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import unique, when
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.related_series import with_follow_ups
from patchpilot.reading.review_trailers import proposed_trailers
from patchpilot.reading.sender import is_sent_to_self
from patchpilot.reading.series_state import decided
from patchpilot.reading.statements import Answered
from patchpilot.reading.thread_match import attach, reported, with_replies
from patchpilot.reading.thread_values import (
    Claim,
    Credit,
    FollowUp,
    LandedCommit,
    StableNeeds,
)
from patchpilot.reading.versions import find_series
from patchpilot.series.patch_pairing import title_key


def read_thread(
    mails: Iterable[Mail],
    *,
    now: datetime | None = None,
    reader: MailReader | None = None,
    known: tuple[Address, ...] = (),
    confirmed: frozenset[str] = frozenset(),
    anchor: str = "",
    reports: bool = False,
) -> tuple[PostedSeries, ...]:
    """Return every series in these messages, the oldest first, with its state and follow-ups.

    `now` is the time used to detect a stalled series; the default is the time of the latest
    message, which suits an old mbox. `reader` caches the results of the call, so that the same
    messages give the same series and are classified once. `known` are addresses that were seen
    elsewhere, `confirmed` the messages that the user confirmed. `anchor` is the Message-ID of the
    requested series, whose sender is known as well. With `reports`, messages of bots about patches
    that are not there make series, if there is no other.
    """
    reader = reader or MailReader()
    mails = tuple(mail for mail in unique(mails) if not is_sent_to_self(mail))
    key = (now, known, confirmed, anchor, reports, *map(id, mails))
    if key in reader.threads:
        series_before: tuple[PostedSeries, ...] = reader.threads[key][1]
        return series_before
    classified = []
    notices: list[DeliveryReport] = []
    for number, mail in enumerate(mails, 1):
        if number % 128 == 0:
            reader.progress("reading the thread", number, len(mails))
        # a bounce is not a reply
        if found := delivery_reports(mail):
            notices += found
        else:
            classified.append(reader.classify(mail))
    posted = find_series(classified, known, anchor)
    if reports and not posted:
        posted = reported(classified)
    moment = now or max(map(when, mails), default=datetime.now(UTC))
    every = []
    for series, attached in zip(posted, attach(posted, classified), strict=True):
        series = replace(
            series,
            identities=with_replies(series, attached),
            delivery=reports_about(notices, series.post_ids, series.titles),
            now=moment,
        )
        replies = [_add_author(series, reply, reader) for reply in attached]
        every.append(_with_claims(series, replies, confirmed))
    result = tuple(with_follow_ups(every))
    # keep references to the mails, so that their id() is not reused
    reader.threads[key] = (mails, result)
    return result


def _add_author(series: PostedSeries, reply: Reply, reader: MailReader) -> Reply:
    """Return the reply, classified again for its sender and what it answers."""
    sender, parent = series.identities.sender(reply.mail), reply.parent
    answered = Answered.PATCH
    if (
        parent
        and not parent.robot
        and parent.kind not in (MailKind.PATCH, MailKind.COVER)
    ):
        is_author = series.is_author(parent.sender)
        answered = Answered.AUTHOR if is_author else Answered.OTHER
    by_author = series.is_author(sender)
    mail = reader.classify_for(reply.mail, sender, by_author, answered)
    return replace(reply, mail=mail)


def _with_claims(
    series: PostedSeries, attached: Sequence[Reply], confirmed: frozenset[str]
) -> PostedSeries:
    claims = without_voided(claims_of(series, attached, confirmed), series)
    doubtful = {claim.message_id for claim in claims if not claim.known}
    vague = {it.message_id for it in claims if it.what in ("unclear", "promised")}
    moments = [it.when for it in series.posts] + [it.when for it in attached]

    def judged(reply: Reply) -> Reply:
        mail, ident = reply.mail, reply.message_id
        if mail.kind is MailKind.APPLIED and ident in vague:
            mail = replace(mail, kind=MailKind.OTHER)
        if ident in doubtful:
            mail = replace(mail, doubtful=True)
        return reply if mail is reply.mail else replace(reply, mail=mail)

    replies = tuple(map(judged, attached))
    return decided(
        replace(
            series,
            trailers=_credits(series, replies),
            replies=replies,
            events=tuple(it for it in claims if it.known and it.what in STATES),
            claims=tuple(claim for claim in claims if _is_open(claim, series)),
            last_activity=max(moments),
        )
    )


def _is_open(claim: Claim, series: PostedSeries) -> bool:
    """Return whether a claim is unproven, and neither a message nor a later version withdrew it."""
    sent = series.since
    is_late = not claim.known or (claim.date or sent) >= sent
    return claim.counts and not claim.proven and is_late


def _credits(series: PostedSeries, attached: Sequence[Reply]) -> tuple[Credit, ...]:
    same = series.identities.same
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
    series: PostedSeries,
    seen: Sequence[LandedCommit],
    fixed: Sequence[FollowUp] = (),
    needs: StableNeeds | None = None,
) -> PostedSeries:
    """Add commits found in a repository (`landed_series.in_repository`) to a series.

    `fixed` are the follow-ups found there;
    a follow-up that is known from messages keeps its Message-ID. `needs` are the stable branches
    that need the fix.
    """
    series = replace(series, in_repository=True)
    if not seen:
        return series
    by_title = {title_key(later.subject): later for later in series.follow_ups}
    named = {title_key(later.subject) for later in fixed}
    found = [it for it in series.follow_ups if title_key(it.subject) not in named]
    for later in fixed:
        known = by_title.get(title_key(later.subject), later)
        found.append(replace(later, message_id=known.message_id, version=known.version))
    return decided(
        replace(
            series,
            follow_ups=tuple(found),
            commits=tuple(seen),
            needs=needs,
        )
    )
