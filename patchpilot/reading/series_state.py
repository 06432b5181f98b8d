# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the state of a series from messages, from series that forward it, and from the
repository.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from patchpilot.model.bounded import EPOCH
from patchpilot.model.mail import Mail
from patchpilot.model.printable import join_words
from patchpilot.projects.loading import shortest_wait
from patchpilot.reading.claims import withdraw_if_voided
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import TESTS, MailKind
from patchpilot.reading.posted_series import PostedSeries, Reply, Revision
from patchpilot.reading.thread_values import (
    MERGED,
    TAKEN,
    Claim,
    LandedCommit,
    PatchState,
    Proof,
    SeriesState,
    StableBranchState,
    stable_summary,
)
from patchpilot.series.patch_pairing import title_key

_WORDS = {
    SeriesState.SENT: ("has no reply", "have no reply"),
    SeriesState.UNDER_REVIEW: ("is under review", "are under review"),
    SeriesState.CHANGES_REQUESTED: ("needs changes", "need changes"),
    SeriesState.STALLED: ("has no reply", "have no reply"),
    SeriesState.PARTLY_ACCEPTED: ("is partly applied", "are partly applied"),
    SeriesState.REJECTED: ("was rejected", "were rejected"),
    SeriesState.WITHDRAWN: ("was withdrawn", "were withdrawn"),
    SeriesState.SUPERSEDED: ("was superseded", "were superseded"),
    SeriesState.ACCEPTED: ("applied", "applied"),
    SeriesState.IN_NEXT: ("in linux-next", "in linux-next"),
    SeriesState.IN_MAINLINE: ("in mainline", "in mainline"),
    SeriesState.IN_STABLE: ("in stable branches", "in stable branches"),
}
"""The wording of each state, for one patch and for several."""


class Verdict(NamedTuple):
    """The state of a series, with the reason, the proof, and the states of the patches."""

    state: SeriesState
    why: str
    proof: Proof = Proof()
    patches: tuple[PatchState, ...] = ()


def decide(series: PostedSeries) -> Verdict:
    """Determine the state of a series and of its patches.

    A series has the state of its least advanced patch. Commits in the repository override messages,
    unless the series was rejected or withdrawn.
    """
    posts = series_posts(series)
    if not posts:
        return _verdict(series)
    verdicts = [
        _verdict(select_for_patch(series, post, alone=len(posts) == 1)) for _, post in posts
    ]
    patches = tuple(
        PatchState(
            post.number or 1,
            revision.version,
            post.title,
            post.message_id,
            *verdict[:3],
        )
        for (revision, post), verdict in zip(posts, verdicts, strict=True)
    )
    if len(posts) == 1:
        return verdicts[0]._replace(patches=patches)
    whole = _verdict(series)
    if any(verdict.state in TAKEN for verdict in verdicts):
        return _least_advanced(patches, series.latest, whole)
    return whole._replace(patches=patches)


def decide_state(series: PostedSeries) -> PostedSeries:
    """Return the series with its claimed and its proven state.

    When the series is proven to be applied, claims by known senders are dropped. A merge into
    mainline proves earlier reports of applying the patch.
    """
    # a branch to which a fix does not apply stays one of the branches of a request
    claims = (
        it if it.proven or it.what == "failed" else it._replace(what="claimed")
        for it in series.events
    )
    stated, proven_verdict = (
        decide(series),
        decide(replace(series, events=tuple(claims))),
    )
    proven = {(it.version, it.message_id): it.state for it in proven_verdict.patches}
    patches = tuple(
        it._replace(proven=proven.get((it.version, it.message_id), proven_verdict.state))
        for it in stated.patches
    )
    is_taken = proven_verdict.state in TAKEN
    merged = {post.key for _, post in series_posts(series)} - {
        title_key(it.title) for it in patches if it.proven not in MERGED
    }
    return replace(
        series,
        events=tuple(_prove_merge(series, event, merged) for event in series.events),
        state=stated.state,
        why=stated.why,
        proven=proven_verdict.state,
        proven_why=proven_verdict.why,
        patches=patches,
        claims=tuple(it for it in series.claims if not (it.known and is_taken)),
    )


def _prove_merge(series: PostedSeries, event: Claim, merged: Set[str]) -> Claim:
    if event.proven or event.what not in ("applied", "merged") or not merged:
        return event
    about = {post.key for _, post in series_posts(series) if series.is_about(post, event.of)}
    return event._replace(proven=bool(about) and about <= merged)


def _least_advanced(patches: tuple[PatchState, ...], latest: Revision, whole: Verdict) -> Verdict:
    """Return the state of a partly applied series.

    The reason lists the patches by state. If all have the same state, it is the reason of the
    series as a `whole`, which names the release with all patches.
    """
    over = (SeriesState.WITHDRAWN, SeriesState.SUPERSEDED)
    active = [patch for patch in patches if patch.state not in over]
    taken = [patch for patch in active if patch.state in TAKEN]
    is_whole = len(active) == len(taken)
    state = SeriesState.PARTLY_ACCEPTED
    if is_whole:
        state = min((patch.state for patch in taken), key=TAKEN.index)
    first = [patch for patch in taken if patch.state is not state]
    if not first and len(taken) == len(patches):
        why = whole.why if whole.state is state else taken[-1].why
        return Verdict(state, why, patches=patches)
    advanced_state = first[0].state if first and is_whole else SeriesState.ACCEPTED
    descriptions = [f"{len(first)} of {len(patches)} {_WORDS[advanced_state][0]}"] if first else []
    remaining = [patch for patch in patches if patch not in first]
    remaining.sort(key=lambda patch: patch.state is not state)
    why = "; ".join((*descriptions, *_group_by_state(remaining, latest)))
    return Verdict(state, why, patches=patches)


def _group_by_state(patches: Sequence[PatchState], latest: Revision) -> Iterator[str]:
    """List the patches of each state, such as `2/3, 3/3 are under review`. Patches of an earlier
    version are listed as `v1 2`.
    """
    groups: dict[SeriesState, list[str]] = defaultdict(list)
    for it in patches:
        is_latest = it.version == latest.version
        total = latest.patch_count
        number = f"{it.number}/{total}" if is_latest else f"v{it.version} {it.number}"
        groups[it.state].append(number)
    for state, names in groups.items():
        yield f"{', '.join(names)} {_WORDS[state][len(names) > 1]}"


def _verdict(series: PostedSeries) -> Verdict:
    verdict = _apply_mails(series)
    is_over = verdict.state in (SeriesState.REJECTED, SeriesState.WITHDRAWN)
    return verdict if is_over else _apply_repository(series, verdict)


def _apply_repository(series: PostedSeries, verdict: Verdict) -> Verdict:
    if not series.commits:
        return verdict
    mainline = [landed for landed in series.commits if landed.in_mainline]
    undone = next((landed for landed in mainline if landed.reverted_by), None)
    if undone and all(landed.reverted_by for landed in mainline):
        if undone.date and series.latest.first.when > undone.date:
            # a version that was sent after the revert has to be applied again, so use only later
            # messages
            later = (it for it in series.events if _event_time(it) > undone.date)
            return _apply_mails(replace(series, events=tuple(later)))
        why = f"reverted in mainline by {(undone.reverted_by or '')[:12]}"
        proof = Proof(undone.date, None, undone.reverted_by)
        return Verdict(SeriesState.CHANGES_REQUESTED, why, proof)
    in_stable = [it for it in series.stable if it.has_commit]
    branches = stable_summary(series.stable)
    if len(in_stable) + sum(it.state == "reverted" for it in series.stable) < len(series.targets):
        is_summary = verdict.why == stable_summary(series.reported_branches)
        return verdict._replace(why=branches) if in_stable and is_summary else verdict
    if in_stable or verdict.state is SeriesState.IN_STABLE:
        proof = _proof(in_stable[0]) if in_stable else verdict.proof
        return Verdict(SeriesState.IN_STABLE, branches, proof)
    if mainline:
        release = mainline[0].release
        why = f"first in {release}" if release else "in no release yet"
        why = "; ".join(filter(None, (why, branches)))
        return Verdict(SeriesState.IN_MAINLINE, why, _proof(mainline[0]))
    if verdict.state is SeriesState.IN_MAINLINE:
        return verdict
    first = next((landed for landed in series.commits if landed.is_next), None)
    if first:
        why = "in linux-next" + (f" since {first.release}" if first.release else "")
        return Verdict(SeriesState.IN_NEXT, why, _proof(first))
    taken = series.commits[0]
    return Verdict(SeriesState.ACCEPTED, f"in {taken.tree}", _proof(taken))


def _proof(source: Claim | StableBranchState | LandedCommit | Mail) -> Proof:
    return Proof(source.date, source.message_id, getattr(source, "commit", None))


def _apply_mails(series: PostedSeries) -> Verdict:
    events = [event for event in series.events if event.counts]
    stable, branches = (
        series.reported_branches,
        stable_summary(series.reported_branches),
    )
    if released := next((it for it in stable if it.state == "released"), None):
        return Verdict(SeriesState.IN_STABLE, branches, _proof(released))
    if queued := next((it for it in stable if it.state == "queued"), None):
        state = SeriesState.ACCEPTED if series.targets else SeriesState.IN_MAINLINE
        return Verdict(state, branches, _proof(queued))
    if pulled := next((event for event in events if event.what == "merged"), None):
        why = pulled.sentence or "its pull request was merged"
        return Verdict(SeriesState.IN_MAINLINE, why, _proof(pulled))
    reported = () if series.targets else series.reported_commits
    landed = next((it for it in reported if it.in_mainline), None)
    if landed:
        why = f"the stable trees refer to its upstream commit; {branches}"
        return Verdict(SeriesState.IN_MAINLINE, why, _proof(landed))
    applied = [event for event in events if event.what in ("applied", "forwarded")]
    if applied and (series.post or series.latest.patch_count < 2):
        return _accepted_verdict(applied[-1], _find_latest(series.events, "dropped"))
    if end := _find_end(series):
        return end
    if superseding := _find_latest(series.events, "superseded"):
        why = f"{superseding.sender.called} {superseding.sentence}"
        return Verdict(SeriesState.SUPERSEDED, why, _proof(superseding))
    return _in_review(series)


def _accepted_verdict(newest: Claim, dropped: Claim | None) -> Verdict:
    if dropped and dropped.tree == newest.tree and _event_time(dropped) > _event_time(newest):
        why = f"dropped from {dropped.tree}: {dropped.sentence}"
        return Verdict(SeriesState.UNDER_REVIEW, why, _proof(dropped))
    why = f"applied to {newest.tree or 'the maintainer’s tree'} by {newest.by}"
    if newest.what == "forwarded":
        why = f"{newest.sender.called} {newest.sentence}"
    return Verdict(SeriesState.ACCEPTED, why, _proof(newest))


def _find_end(series: PostedSeries) -> Verdict | None:
    """Return the verdict if the latest version was withdrawn, rejected or marked as needing
    changes, or None.
    """
    events = series.events
    # a withdrawal may be about one patch only, or about an earlier version
    earlier = {it.message_id for it in series.attached if it.revision not in (series.latest, None)}
    of_newest = [
        event
        for event in events
        if (series.post or not event.of) and event.message_id not in earlier
    ]
    for what, candidates, state, words in (
        ("withdrawn", of_newest, SeriesState.WITHDRAWN, "withdrawn by its author: {1}"),
        ("refused", events, SeriesState.REJECTED, "{0}: {1}"),
        (
            "redone",
            events,
            SeriesState.CHANGES_REQUESTED,
            "{0} marked it for a new version ({1})",
        ),
    ):
        event = _find_latest(candidates, what)
        if event and _event_time(event) >= series.since:
            return Verdict(state, words.format(event.by, event.sentence), _proof(event))
    return None


def _find_latest(events: Sequence[Claim], what: str) -> Claim | None:
    return next((event for event in reversed(events) if event.what == what), None)


def _in_review(series: PostedSeries) -> Verdict:
    latest, last = series.latest, series.last_activity
    silence = series.now - last
    replies = [
        reply
        for reply in series.attached
        if not reply.mail.by_author and _is_current(reply, series)
    ]
    wanting = [reply.mail for reply in wishes(series)]
    asking = [mail for mail in wanting if mail.kind is MailKind.QUESTION]
    failed = [mail for mail in wanting if mail.kind in TESTS]
    requests = [mail for mail in wanting if mail not in (*asking, *failed)]
    if requests:
        # name persons first, because a bot's report can wait for the next version
        newest = {mail.bot or mail.sender.key: mail for mail in requests}
        first, *others = sorted(
            newest.values(), key=lambda mail: (mail.bot, -mail.when.timestamp())
        )
        why = f"{first.sender_name} requested changes ({_name_request(first)})"
        if others:
            names = [f"{mail.sender_name} ({_name_request(mail)})" for mail in others]
            why = f"{why}; so did {join_words(names)}"
        return Verdict(SeriesState.CHANGES_REQUESTED, why, _proof(first.mail))
    if silence > timedelta(days=shortest_wait()) and silence > series.waiting:
        why = f"no mail since {last:%Y-%m-%d}"
        return Verdict(SeriesState.STALLED, why, Proof(last))
    if replies:
        why = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
        if asking:
            why = f"{why}, with a question by {asking[-1].sender.called}"
        if failed:
            why = f"{why}, with a failure reported by {failed[-1].sender.called}"
        return Verdict(SeriesState.UNDER_REVIEW, why, _proof(replies[-1].mail.mail))
    head = series.post or latest.head
    return Verdict(SeriesState.SENT, "no reply yet", _proof(head.mail))


def _name_request(mail: Classified) -> str:
    return "tag on a condition" if _is_conditional(mail) else mail.label


def wishes(series: PostedSeries) -> list[Reply]:
    """Return reviewers' messages about the latest version that need a reply, oldest first.

    A reviewer's later tag settles them. The user's mark settles a bot's.
    """
    latest, is_same_person = series.latest, series.identities.is_same_person
    tags = [
        (reply.when, reply.mail.sender)
        for reply in series.attached
        if reply.mail.credited and not reply.mail.by_author
    ]
    # skip patches that were corrected and resent under the same version number
    replaced = [it for it in latest.posts if not (it.is_cover or it in latest.patches)]
    return [
        reply
        for reply in series.attached
        if (reply.mail.wants_answer or _is_conditional(reply.mail))
        and not reply.mail.by_author
        and _is_current(reply, series)
        and reply.post not in replaced
        and not (reply.mail.kind is MailKind.AI_REVIEW and "no issues" in reply.mail.body.text)
        and not series.has_passed_since(reply)
        and not (reply.mail.bot and reply.message_id in series.declined)
        and not any(
            reply.when < when and is_same_person(reply.mail.sender, sender) for when, sender in tags
        )
    ]


def _is_current(reply: Reply, series: PostedSeries) -> bool:
    """Return whether a message is about the latest version, or is a review sent after it."""
    if reply.revision in series.current:
        return True
    if reply.revision is None:
        return reply.when >= series.since
    is_review = reply.mail.kind is MailKind.REVIEW and not reply.mail.bot
    return is_review and reply.when > series.since


def _is_conditional(mail: Classified) -> bool:
    """Return whether all tags in a message are conditional, as in "With that fixed, Reviewed-by:
    …".
    """
    return (
        mail.kind is MailKind.TRAILERS
        and bool(mail.credited)
        and all(tag.conditional for tag in mail.credited)
    )


def _event_time(event: Claim) -> datetime:
    return event.date or EPOCH


def series_posts(series: PostedSeries) -> list[tuple[Revision, Classified]]:
    """Return the patches of the latest version. Before them, return earlier patches that it omits
    because they were applied.
    """
    known_titles = set(series.latest.titles)
    applied_titles = {
        title_key(event.of)
        for event in series.events
        if event.of and event.what == "applied" and event.counts
    }
    posts = [(series.latest, post) for post in series.latest.patches]
    for revision in reversed(series.revisions[:-1]):
        left_out = [post for post in revision.patches if post.key in applied_titles - known_titles]
        known_titles |= {post.key for post in left_out}
        posts = [*((revision, post) for post in left_out), *posts]
    return posts


def select_for_patch(series: PostedSeries, post: Classified, *, alone: bool) -> PostedSeries:
    """Restrict the evidence in a series to one patch.

    If `alone` is set, this is the only patch of the series, and all evidence is kept.
    """
    if alone:
        return replace(series, post=post)
    since = series.unchanged_since(post) if post in series.latest.patches else EPOCH
    events = tuple(
        withdraw_if_voided(event, since)
        for event in series.events
        if series.is_about(post, event.of)
    )
    # messages and marks that are only about other patches do not concern this one
    own_ids = {event.message_id for event in events}
    of_others = {event.message_id for event in series.events} - own_ids
    return replace(
        series,
        replies=tuple(
            reply
            for reply in series.attached
            if _answers(reply, series, post) and reply.message_id not in of_others
        ),
        events=events,
        commits=tuple(landed for landed in series.commits if series.is_about(post, landed.title)),
        sent_marks=tuple(mark for mark in series.sent_marks if mark[1] == (post.number or 1)),
        post=post,
    )


def _answers(reply: Reply, series: PostedSeries, post: Classified) -> bool:
    if reply.post is None or reply.post.is_cover:
        return True
    return reply.post.key == post.key or (
        reply.revision in series.current and reply.patch == (post.number or 1)
    )
