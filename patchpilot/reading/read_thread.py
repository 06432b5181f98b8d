# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the series in a thread, with their versions, their states and the messages about them.

`series_messages` assigns messages and versions to series. Series that fix, revert, continue or
backport another series are found by commit and title.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from patchpilot.model.address import Address
from patchpilot.model.commit_references import parse_fixes_lines
from patchpilot.model.mail import Mail
from patchpilot.projects.commit_marks import list_named_commits
from patchpilot.projects.loading import default_project
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.claims import STATES, claims_of, withdraw_voided
from patchpilot.reading.delivery import DeliveryReport, delivery_reports, reports_about
from patchpilot.reading.mail_classifier import Classified, is_html_only
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import date_or_epoch, unique
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.review_trailers import proposed_trailers
from patchpilot.reading.sender import is_sent_to_self
from patchpilot.reading.series_messages import (
    NO_ANCHORS,
    Anchors,
    find_series,
    is_by,
    patch_authors,
)
from patchpilot.reading.series_state import decide_state
from patchpilot.reading.thread_values import (
    TAKEN,
    Claim,
    Credit,
    FollowUp,
    LandedCommit,
    SeriesState,
    StableNeeds,
)
from patchpilot.series.patch_pairing import title_key

_REVERTED = re.compile(r"^This reverts commit ([0-9a-f]{12,40})", re.MULTILINE)
_SHORTEST = 12
"""Minimum number of digits in a commit id that is compared."""
_LONGEST_BODY = 400_000
_HTML_ONLY = "the message is HTML only, in which the sender's words and quotes look alike"
_MISSING_PARENT = "the message that it replies to is missing and may be about another patch"


def read_thread(
    mails: Iterable[Mail],
    *,
    now: datetime | None = None,
    reader: MailReader | None = None,
    known: tuple[Address, ...] = (),
    confirmed: frozenset[str] = frozenset(),
    anchors: Anchors = NO_ANCHORS,
    with_reports: bool = False,
) -> tuple[PostedSeries, ...]:
    """Return every series in these messages, oldest first, with its state and follow-ups.

    `now` is used to detect stalled series. The default, which is suitable for an old mbox, is the
    date of the latest message. `reader` caches classified messages and results. `known` contains
    additional known addresses, and `confirmed` the Message-IDs of messages that the user confirmed.
    `anchors` maps the Message-IDs of requested series, whose senders also count as known, to their
    commits. If `with_reports` is set and no series was posted, build series from bots' messages.
    """
    reader = reader or MailReader()
    mails = tuple(mail for mail in unique(mails) if not is_sent_to_self(mail))
    key = (now, known, confirmed, *sorted(anchors.items()), with_reports, *map(id, mails))
    if key in reader.threads:
        series_before: tuple[PostedSeries, ...] = reader.threads[key][1]
        return series_before
    classified = []
    notices: list[DeliveryReport] = []
    for number, mail in enumerate(mails, 1):
        if number % 128 == 0:
            reader.progress("reading the thread", number, len(mails))
        # a bounce is not a reply, even if it is in the thread
        if bounces := delivery_reports(mail):
            notices += bounces
        else:
            classified.append(reader.classify(mail))
    posted = find_series(classified, known, anchors, with_reports=with_reports)
    moment = now or max(map(date_or_epoch, mails), default=datetime.now(UTC))
    series_list = []
    for series in posted:
        reports = reports_about(notices, series.post_ids, series.titles)
        delivery = tuple(it for it in reports if not _is_settled(it, series))
        series = replace(series, delivery=delivery, now=moment)
        series_list.append(_with_claims(series, reader, confirmed))
    result = tuple(_with_follow_ups(series_list, anchors))
    # keep references to the messages, because the key contains their id()
    reader.threads[key] = (mails, result)
    return result


def _is_settled(report: DeliveryReport, series: PostedSeries) -> bool:
    """Return whether a report is about an earlier version, and the latest was not sent to its
    recipient.
    """
    latest = {post.message_id for post in series.latest.posts}
    if not report.recipient or not report.about or not latest.isdisjoint(report.about):
        return False
    return report.recipient.lower() not in {
        address.key for post in series.latest.posts for address in (*post.mail.to, *post.mail.cc)
    }


def find_unplaced_subjects(
    mails: Iterable[Mail], all_series: Sequence[PostedSeries], reader: MailReader | None = None
) -> tuple[str, ...]:
    """Return the subjects of the messages that belong to none of these series.

    Delivery reports, and messages about stable branches for which none of the series is, are not
    included.
    """
    reader = reader or MailReader()
    placed_ids = frozenset[str]().union(*(series.message_ids for series in all_series))
    return tuple(
        mail.subject
        for mail in mails
        if mail.message_id not in placed_ids and not delivery_reports(mail)
        if not all_series or any(it.may_have(reader.classify(mail)) for it in all_series)
    )


def _add_author(series: PostedSeries, reply: Reply, reader: MailReader) -> Reply:
    """Classify a reply again, using its sender and the message that it replies to."""
    sender, parent = series.identities.sender(reply.mail), reply.parent
    answered_sender = "patch"
    if parent and not (parent.robot or parent.is_post):
        answered_sender = "author" if series.is_author(parent.sender) else "other"
    by_author = series.is_author(sender)
    mail = reader.classify_for(reply.mail, sender, by_author, answered_sender)
    return reply._replace(mail=mail)


def _with_claims(
    series: PostedSeries, reader: MailReader, confirmed: frozenset[str]
) -> PostedSeries:
    attached = [_add_author(series, reply, reader) for reply in series.replies]
    claims = withdraw_voided(claims_of(series, attached, confirmed), series)
    doubtful = {claim.message_id for claim in claims if not claim.known}
    vague = {it.message_id for it in claims if it.what in ("unclear", "promised")}
    moments = [it.when for it in series.posts] + [it.when for it in attached]

    def judged(reply: Reply) -> Reply:
        mail, ident = reply.mail, reply.message_id
        is_vague = mail.kind is MailKind.APPLIED and ident in vague
        if not is_vague and ident not in doubtful:
            return reply
        kind = MailKind.OTHER if is_vague else mail.kind
        mail = replace(mail, kind=kind, doubtful=ident in doubtful)
        return reply._replace(mail=mail)

    replies = tuple(map(judged, attached))
    if series.is_discussion:
        # there is no patch that could be applied, but a branch can get the requested commit
        claims = tuple(it for it in claims if it.version and it.known)
    return decide_state(
        replace(
            series,
            trailers=_collect_credits(series, replies),
            replies=replies,
            events=tuple(it for it in claims if it.known and it.what in STATES),
            claims=tuple(claim for claim in claims if _is_open(claim, series)),
            last_activity=max(moments),
        )
    )


def _is_open(claim: Claim, series: PostedSeries) -> bool:
    """Return whether a claim is unproven and has not been withdrawn or superseded by a later
    version.
    """
    first_sent = series.since
    is_late = not claim.known or (claim.date or first_sent) >= first_sent
    return claim.counts and not claim.proven and is_late


def _collect_credits(series: PostedSeries, attached: Sequence[Reply]) -> tuple[Credit, ...]:
    is_same_person = series.identities.is_same_person
    given = tuple(
        Credit(
            str(tag),
            reply.message_id,
            reply.revision.version,
            reply.patch_of(tag),
            tag.conditional,
            tag.asks(reply.mail.sender, is_same_person)
            or (_MISSING_PARENT if reply.is_guessed else "")
            or (_HTML_ONLY if is_html_only(reply.mail.mail) else ""),
        )
        for reply in attached
        if reply.revision
        for tag in reply.mail.credited
        if tag.name.lower() != "signed-off-by" or reply.mail.kind is MailKind.TRAILERS
    )
    proposed = {
        (tag, reply.revision.version, reply.patch): reply
        for reply in reversed(attached)
        if reply.revision and not reply.mail.robot
        if reply.mail.kind is not MailKind.PATCH
        for tag in proposed_trailers(reply.mail.body)
    }
    return given + tuple(
        Credit(
            tag,
            reply.message_id,
            version,
            patch,
            asks=f"{reply.mail.sender_name} names it in a reply",
        )
        for (tag, version, patch), reply in proposed.items()
    )


def with_commits(
    series: PostedSeries,
    found_commits: Sequence[LandedCommit],
    fixed: Sequence[FollowUp] = (),
    needs: StableNeeds | None = None,
) -> PostedSeries:
    """Add the commits that `landed_series.in_repository` found to a series.

    `fixed` contains the follow-ups found in the repository; those also found in messages keep their
    Message-ID. `needs` contains the stable branches that need the fix.
    """
    series = replace(series, in_repository=True)
    if not found_commits:
        return series
    by_title = {title_key(later.subject): later for later in series.follow_ups}
    fixed_titles = {title_key(later.subject) for later in fixed}
    kept = [
        follow_up
        for follow_up in series.follow_ups
        if title_key(follow_up.subject) not in fixed_titles
    ]
    for later in fixed:
        previous = by_title.get(title_key(later.subject), later)
        kept.append(later._replace(message_id=previous.message_id, version=previous.version))
    series = replace(series, commits=tuple(found_commits), needs=needs)
    return decide_state(
        replace(series, follow_ups=tuple(_with_release(each, series) for each in kept))
    )


def _with_release(follow_up: FollowUp, series: PostedSeries) -> FollowUp:
    """Return a backport with its state in the stable branches, if they have the series."""
    if follow_up.relation != "backports" or not follow_up.onto:
        return follow_up
    found = {branch.version for branch in series.stable if branch.has_commit}
    is_in_all = found.issuperset(follow_up.onto)
    return follow_up._replace(state=SeriesState.IN_STABLE) if is_in_all else follow_up


def _with_follow_ups(
    all_series: Sequence[PostedSeries], anchors: Anchors
) -> Iterator[PostedSeries]:
    """Add to each series the later series that fix, revert, continue or backport it.

    Claims in those series can change its state. A series in `anchors` was merged as the commits
    there.
    """
    by_key: dict[str, list[int]] = defaultdict(list)
    pulls = [index for index, it in enumerate(all_series) if it.latest.is_pull_request]
    for index, series in enumerate(all_series):
        ids = (
            it[:8]
            for post in series.posts
            for it in (
                *_find_fixed_ids(post),
                *_find_reverted_ids(post),
                *_find_upstream_ids(post),
            )
        )
        for key in {*series.titles, *ids}:
            by_key[key].append(index)
    for series in all_series:
        landed = [it.commit for it in series.landed if it.commit]
        landed += (it for key in anchors.keys() & series.post_ids for it in anchors[key])
        commits = [it for it in landed if len(it) >= _SHORTEST]
        reverts = map("revert {}".format, series.titles)
        keys = (*series.titles, *reverts, *(it[:8] for it in commits))
        candidates = {index for key in keys for index in by_key.get(key, ())}.union(pulls)
        later = [
            (relation, other)
            for other in (all_series[index] for index in sorted(candidates))
            if other.began > series.began and (relation := _relation(other, series, commits))
        ]
        yield _add_later(series, later) if later else series


def _add_later(series: PostedSeries, later: Sequence[tuple[str, PostedSeries]]) -> PostedSeries:
    claim_ids = {claim.message_id for claim in series.claims}
    claims = [claim for of in later for claim in _claims(*of, series)]
    known = (claim for claim in claims if claim.known)
    unproven = (claim for claim in claims if not claim.proven and claim.message_id not in claim_ids)
    return decide_state(
        replace(
            series,
            follow_ups=tuple(_follow_up(*of, series) for of in later),
            events=(*series.events, *known),
            claims=(*series.claims, *unproven),
        )
    )


def _follow_up(relation: str, other: PostedSeries, series: PostedSeries) -> FollowUp:
    named = [it.commit or "" for it in other.upstream.values()] if other.targets else []
    patches = {post.number or 1 for post in series.latest.patches if post.key in other.titles}
    patches |= {
        number
        for number, landed in series.upstream.items()
        if any(it.startswith(landed.commit or "-") for it in named)
    }
    merges = ((landed.commit, landed.tree) for landed in other.landed if landed.commit)
    commit, tree = next(merges, (None, None))
    return FollowUp(
        relation,
        other.subject,
        other.author,
        other.key,
        other.latest.version,
        other.state,
        commit,
        tree,
        onto=other.latest.head.subject.stables,
        when=other.latest.first.when,
        parent=other.latest.head.mail.in_reply_to or "",
        patches=tuple(sorted(patches)),
    )


def _relation(later: PostedSeries, earlier: PostedSeries, commits: Sequence[str]) -> str | None:
    """Return how a later series relates to an earlier one that was merged as these commits, or None
    if they are unrelated.
    """
    if later.key in (it.head.message_id for it in earlier.strangers):
        return "continues"
    if later.titles & {f"revert {title}" for title in earlier.titles}:
        return "reverts"
    if relation := _forwarding_kind(later, earlier):
        return relation
    for relation, ids_of in (
        ("reverts", _find_reverted_ids),
        ("fixes", _find_fixed_ids),
        ("backports", _find_upstream_ids),
    ):
        ids = tuple(it for post in later.posts for it in ids_of(post))
        if any(commit.startswith(ids) for commit in commits):
            return relation
    return None


def _find_reverted_ids(post: Classified) -> list[str]:
    return _REVERTED.findall(post.mail.body[:_LONGEST_BODY])


def _find_fixed_ids(post: Classified) -> list[str]:
    lines = parse_fixes_lines(post.mail.body[:_LONGEST_BODY])
    tags = [line for line in lines if line.is_tag and not line.before and not line.word]
    return [tag.id for tag in tags if tag.has_digits(8)]


def _find_upstream_ids(post: Classified) -> list[str]:
    """Return the mainline commits that a patch for a stable branch names."""
    if post.patch is None or not post.subject.stables:
        return []
    return [commit[:_SHORTEST] for commit in list_named_commits(post.patch)]


def _forwarding_kind(later: PostedSeries, earlier: PostedSeries) -> str | None:
    """Return how patches were forwarded.

    They may be forwarded as stable backports, or by another author in a pull request or a later
    version. Return None if they were not forwarded.
    """
    shared = earlier.titles & later.titles
    if later.latest.backport_to:
        return "backports" if shared and not earlier.latest.backport_to else None
    if later.latest.is_pull_request and not earlier.is_author(later.author):
        return "carries" if _find_pulled_titles(later.latest.head, earlier) else None
    latest, first = later.latest, later.latest.patches[:1]
    is_next = latest.version > earlier.latest.version
    is_later = later.began >= earlier.latest.first.when
    if earlier.is_author(later.author) or not (is_next and is_later):
        return None
    other_authors = (author for post in first for author in patch_authors(post)[1:])
    is_same = not shared.isdisjoint(post.key for post in (latest.head, *first))
    return "continues" if is_same and is_by(other_authors, [earlier.author]) else None


def _claims(relation: str, other: PostedSeries, series: PostedSeries) -> Iterator[Claim]:
    """Yield claims that somebody else continued, forwarded or reverted a series.

    Such a claim counts as made by a known sender if its sender is known in this series, or if a bot
    reports a merge of the other series.
    """
    latest = other.latest
    is_reported = any(is_bot_address(event.sender) for event in other.events)
    is_known = is_reported or series.is_by_known(latest)
    first = latest.first.mail
    base = Claim("", first.date, first.message_id, other.author, known=is_known)
    reverted_ids = [it for post in latest.posts for it in _find_reverted_ids(post)]
    if relation == "reverts" and reverted_ids and is_known and not series.landed:
        where = f" for {latest.backport_to}" if latest.backport_to else ""
        tree, sentence = (
            default_project().mainline,
            f"merged; a revert{where} was posted",
        )
        yield base._replace(what="merged", tree=tree, commit=reverted_ids[0], sentence=sentence)
    continued = relation == "continues"
    if not continued and relation != "carries":
        return
    action = f"sent v{latest.version}" if continued else "forwards it"
    more = "of it" if continued else f"in “{other.subject}”"
    sentence = f"{action} {more}"
    if not is_known:
        yield base._replace(what=action)
    elif continued and other.state not in TAKEN:
        yield base._replace(what="superseded", sentence=sentence)
    else:
        base = base._replace(what="forwarded", sentence=sentence)
        pulled = _find_pulled_titles(latest.head, series)
        for post in series.latest.patches:
            if continued or post.key in pulled:
                yield from _patch_outcome(base, post, other)


def _patch_outcome(base: Claim, post: Classified, other: PostedSeries) -> Iterator[Claim]:
    """Yield the claim that a patch was forwarded. If this led to a merge, also yield a claim for
    the merge.

    The merge commit of a pull request is not recorded as the patch's commit.
    """
    base = base._replace(of=post.title, title=post.title, patch=post.number or 1)
    yield base
    latest = other.latest
    for landed in other.landed:
        is_all = landed.in_mainline or latest.patch_count == 1
        if is_all if landed.title is None else title_key(landed.title) == post.key:
            yield base._replace(
                what="merged" if landed.in_mainline else "applied",
                tree=landed.tree,
                commit=None if latest.is_pull_request else landed.commit,
                date=landed.date,
                message_id=landed.message_id or base.message_id,
                sentence=f"part of “{other.subject}”, which was merged",
                proven=other.proven in TAKEN,
            )


def _find_pulled_titles(pull: Classified, series: PostedSeries) -> frozenset[str]:
    """Return the titles in a pull request's shortlog that are listed under the author's name and
    are in the series.
    """
    name = re.escape(series.author.name)
    listed = re.search(
        rf"^[ \t]*{name} \(\d{{1,4}}\):\n((?:[ \t]+\S.*\n)*)",
        pull.mail.body[:_LONGEST_BODY],
        re.IGNORECASE | re.MULTILINE,
    )
    titles = map(title_key, listed[1].split("\n") if listed else ())
    return frozenset(titles) & {post.key for post in series.latest.patches}
