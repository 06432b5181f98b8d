# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the state of a series from its messages, forwarding series and the repository.

The state of a topic depends on its sends as well.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from patchpilot.model.bounded import EPOCH
from patchpilot.model.mail import Mail
from patchpilot.reading.claims import withdraw_if_voided
from patchpilot.reading.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.reading.posted_series import Post, PostedSeries, Reply, Revision
from patchpilot.reading.thread_values import (
    TAKEN,
    Claim,
    LandedCommit,
    PatchState,
    Proof,
    SeriesState,
    StableBranch,
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
"""What is said of one patch, and of several, in this state."""
ON_ITS_WAY = (
    SeriesState.SENT,
    SeriesState.UNDER_REVIEW,
    SeriesState.CHANGES_REQUESTED,
    SeriesState.STALLED,
    SeriesState.PARTLY_ACCEPTED,
    SeriesState.ACCEPTED,
    SeriesState.IN_NEXT,
)
"""States that another's pull request may change."""


class Verdict(NamedTuple):
    """A state, its reason, and the message or commit that proves it."""

    state: SeriesState
    why: str
    proof: Proof


class Decision(NamedTuple):
    """The state of a series, its reason, and the states of its patches."""

    state: SeriesState
    why: str
    patches: tuple[PatchState, ...]


def decide(series: PostedSeries) -> Decision:
    """Determine the state of a series and of its patches.

    The state of a series is that of its least advanced patch. The repository overrides reports in
    messages, except for a rejected series.
    """
    posts = series_posts(series)
    if not posts:
        return Decision(*_verdict(series)[:2], ())
    narrowed = [
        (revision, select_for_patch(series, post, alone=len(posts) == 1))
        for revision, post in posts
    ]
    verdicts = [_verdict(of_patch) for _, of_patch in narrowed]
    patches = tuple(
        _patch_state(revision, of_patch, verdict)
        for (revision, of_patch), verdict in zip(narrowed, verdicts, strict=True)
    )
    if len(posts) == 1:
        return Decision(*verdicts[0][:2], patches)
    if any(verdict.state in TAKEN for verdict in verdicts):
        return Decision(*_least_advanced(patches, series.latest), patches)
    return Decision(*_verdict(series)[:2], patches)


def decide_state(series: PostedSeries) -> PostedSeries:
    """Return the series with the claimed and the proven state.

    Claims of what is proven are no longer listed.
    """
    said, shown = decide(series), decide(series.proofs)
    proven = {(it.version, it.message_id): it.state for it in shown.patches}
    patches = tuple(
        replace(it, proven=proven.get((it.version, it.message_id), shown.state))
        for it in said.patches
    )
    is_taken = shown.state in TAKEN
    claims = tuple(claim for claim in series.claims if not (claim.known and is_taken))
    return replace(
        series,
        state=said.state,
        why=said.why,
        proven=shown.state,
        proven_why=shown.why,
        patches=patches,
        claims=claims,
    )


def _patch_state(
    revision: Revision, series: PostedSeries, verdict: Verdict
) -> PatchState:
    post = series.post
    assert post is not None
    return PatchState(
        post.number or 1,
        revision.version,
        post.title,
        post.message_id,
        verdict.state,
        verdict.why,
        verdict.proof,
    )


def _least_advanced(
    patches: Sequence[PatchState], latest: Revision
) -> tuple[SeriesState, str]:
    """Return the state of a partly applied series, and describe the states of its patches."""
    over = (SeriesState.WITHDRAWN, SeriesState.SUPERSEDED)
    going = [patch for patch in patches if patch.state not in over]
    taken = [patch for patch in going if patch.state in TAKEN]
    is_whole = len(going) == len(taken)
    state = SeriesState.PARTLY_ACCEPTED
    if is_whole:
        state = min((patch.state for patch in taken), key=TAKEN.index)
    first = [patch for patch in taken if patch.state is not state]
    if is_whole and not first and len(taken) == len(patches):
        return state, taken[-1].why
    where = first[0].state if first and is_whole else SeriesState.ACCEPTED
    words = [f"{len(first)} of {len(patches)} {_WORDS[where][0]}"] if first else []
    rest = [patch for patch in patches if patch not in first]
    rest.sort(key=lambda patch: patch.state is not state)
    return state, "; ".join((*words, *_group_by_state(rest, latest)))


def _group_by_state(patches: Sequence[PatchState], latest: Revision) -> list[str]:
    """List the pending patches by state."""
    states = dict.fromkeys(patch.state for patch in patches)
    groups = [
        (state, [patch for patch in patches if patch.state is state])
        for state in states
    ]
    return [
        f"{_names(group, latest)} {_WORDS[state][len(group) > 1]}"
        for state, group in groups
    ]


def _names(patches: Sequence[PatchState], latest: Revision) -> str:
    """List patch numbers (`2/3, 3/3`), with the version if it is an earlier one."""
    total = len(latest.patches)
    return ", ".join(
        f"{it.number}/{total}"
        if it.version == latest.version
        else f"v{it.version} {it.number}"
        for it in patches
    )


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
            return _apply_mails(_since(series, undone.date))
        why = f"reverted in mainline by {(undone.reverted_by or '')[:12]}"
        proof = Proof(undone.date, None, undone.reverted_by)
        return Verdict(SeriesState.CHANGES_REQUESTED, why, proof)
    there = [
        branch for branch in series.stable if branch.state in ("merged", "released")
    ]
    if there or verdict.state is SeriesState.IN_STABLE:
        return Verdict(
            SeriesState.IN_STABLE,
            stable_summary(series.stable),
            _proof(there[0]) if there else verdict.proof,
        )
    if mainline:
        release = mainline[0].release
        why = f"first in {release}" if release else "in no release yet"
        if series.stable:
            why = f"{why}; {stable_summary(series.stable)}"
        return Verdict(SeriesState.IN_MAINLINE, why, _proof(mainline[0]))
    if verdict.state not in (*ON_ITS_WAY, SeriesState.SUPERSEDED):
        return verdict
    first = next((landed for landed in series.commits if landed.is_next), None)
    if first:
        return Verdict(
            SeriesState.IN_NEXT,
            f"in linux-next{f' since {first.release}' if first.release else ''}",
            _proof(first),
        )
    taken = series.commits[0]
    return Verdict(SeriesState.ACCEPTED, f"in {taken.tree}", _proof(taken))


def _since(series: PostedSeries, date: datetime) -> PostedSeries:
    """Drop evidence up to this time: a version sent after a revert must be applied again."""
    events = tuple(event for event in series.events if _event_time(event) > date)
    return replace(series, events=events)


def _proof(source: Claim | StableBranch | LandedCommit) -> Proof:
    return Proof(source.date, source.message_id, source.commit)


def _mail_proof(mail: Mail) -> Proof:
    return Proof(mail.date, mail.message_id)


def _apply_mails(series: PostedSeries) -> Verdict:
    events = series.events
    applied = [
        event
        for event in events
        if event.what in ("applied", "merged", "forwarded") and event.counts
    ]
    if there := _apply_stable_mails(series) or _apply_mainline_mails(series):
        return there
    if applied and (series.post or len(series.latest.patches) < 2):
        return _accepted(applied, _find_latest(events, "dropped"))
    if ended := _find_end(series):
        return ended
    if passed := _find_latest(events, "superseded"):
        why = f"{passed.sender.called} {passed.sentence}"
        return Verdict(SeriesState.SUPERSEDED, why, _proof(passed))
    return _in_review(series)


def _apply_stable_mails(series: PostedSeries) -> Verdict | None:
    stable = series.reported_branches
    there = next((it for it in stable if it.state in ("queued", "released")), None)
    if there is None:
        return None
    return Verdict(SeriesState.IN_STABLE, stable_summary(stable), _proof(there))


def _apply_mainline_mails(series: PostedSeries) -> Verdict | None:
    merged = (
        event
        for event in series.events
        if event.what == "merged" and not event.withdrawn
    )
    if pulled := next(merged, None):
        why = pulled.sentence or "its pull request was merged"
        return Verdict(SeriesState.IN_MAINLINE, why, _proof(pulled))
    landed = next(
        (landed for landed in series.reported_commits if landed.in_mainline), None
    )
    if landed is None:
        return None
    where = stable_summary(series.reported_branches)
    why = f"the stable trees refer to its upstream commit; {where}"
    return Verdict(SeriesState.IN_MAINLINE, why, _proof(landed))


def _accepted(applied: Sequence[Claim], dropped: Claim | None) -> Verdict:
    newest = applied[-1]
    if (
        dropped
        and dropped.tree == newest.tree
        and _event_time(dropped) > _event_time(newest)
    ):
        why = f"dropped from {dropped.tree}: {dropped.sentence}"
        return Verdict(SeriesState.UNDER_REVIEW, why, _proof(dropped))
    why = f"applied to {newest.tree or 'the maintainer’s tree'} by {newest.by}"
    if newest.what == "forwarded":
        why = f"{newest.sender.called} {newest.sentence}"
    return Verdict(SeriesState.ACCEPTED, why, _proof(newest))


def _find_end(series: PostedSeries) -> Verdict | None:
    """Return the state if the latest version was withdrawn, rejected or marked for another try."""
    events = series.events
    # one of several patches may be withdrawn, or an earlier of several postings
    earlier = {
        reply.message_id
        for reply in series.attached
        if reply.revision not in (series.latest, None)
    }
    of_newest = [
        event
        for event in events
        if (series.post or not event.of) and event.message_id not in earlier
    ]
    for what, found, state, words in (
        ("withdrawn", of_newest, SeriesState.WITHDRAWN, "withdrawn by its author: {1}"),
        ("refused", events, SeriesState.REJECTED, "{0}: {1}"),
        ("redone", events, SeriesState.CHANGES_REQUESTED, _REDONE),
    ):
        event = _find_latest(found, what)
        if event and _event_time(event) >= series.since:
            why = words.format(event.by, event.sentence)
            return Verdict(state, why, _proof(event))
    return None


_REDONE = "{0} marked it for a new version ({1})"


def _find_latest(events: Sequence[Claim], what: str) -> Claim | None:
    return next((event for event in reversed(events) if event.what == what), None)


def _in_review(series: PostedSeries) -> Verdict:
    last = series.last_activity
    corrected = {
        post.message_id for post in series.latest.posts if not post.is_cover
    } - {post.message_id for post in series.latest.patches}
    since = [
        reply
        for reply in series.attached
        if reply.revision in series.current
        or (reply.revision is None and reply.when >= series.since)
        or (_is_late_review(reply) and reply.when > series.since)
    ]
    others = [reply for reply in since if not reply.mail.by_author]
    wanting = [
        other
        for other in others
        if (other.mail.kind in WANTS_ANSWER or _is_conditional(other))
        and not (
            other.mail.kind is MailKind.AI_REVIEW
            and "no issues" in other.mail.body.text
        )
        and not (other.post and other.post.message_id in corrected)
    ]
    approved = [other for other in others if other.mail.credited]
    open_wishes = [
        reply
        for reply in wanting
        if reply.mail.kind is not MailKind.QUESTION
        and not any(
            reply.when < it.when
            and series.identities.same(reply.mail.sender, it.mail.sender)
            for it in approved
        )
    ]
    if open_wishes:
        newest = open_wishes[-1]
        how = "tag on a condition" if _is_conditional(newest) else newest.mail.label
        why = f"{newest.mail.sender_name} requested changes ({how})"
        return Verdict(
            SeriesState.CHANGES_REQUESTED, why, _mail_proof(newest.mail.mail)
        )
    if _is_overdue(series, series.now - last):
        return Verdict(
            SeriesState.STALLED, f"no mail since {last:%Y-%m-%d}", Proof(last)
        )
    if others:
        asking = next(
            (
                reply.mail.sender
                for reply in reversed(wanting)
                if reply.mail.kind is MailKind.QUESTION
            ),
            None,
        )
        count = f"{len(others)} {'reply' if len(others) == 1 else 'replies'}"
        why = f"{count}, with a question by {asking.called}" if asking else count
        return Verdict(SeriesState.UNDER_REVIEW, why, _mail_proof(others[-1].mail.mail))
    return Verdict(
        SeriesState.SENT,
        "no reply yet",
        _mail_proof((series.post or series.latest.head).mail.mail),
    )


def _is_conditional(reply: Reply) -> bool:
    """Return whether all tags in a message are conditional ("With that fixed, Reviewed-by: …")."""
    credited = reply.mail.credited
    return (
        reply.mail.kind is MailKind.TRAILERS
        and bool(credited)
        and all(tag.conditional for tag in credited)
    )


def _is_late_review(reply: Reply) -> bool:
    """Return whether a person requests changes that no later version addresses."""
    return reply.mail.kind is MailKind.REVIEW and not (
        reply.mail.by_author or reply.mail.bot
    )


def _is_overdue(series: PostedSeries, silence: timedelta) -> bool:
    """Return whether it is time for a reminder, by the rules of the project or subsystem."""
    from patchpilot.projects.loading import shortest_wait

    return silence > timedelta(days=shortest_wait()) and silence > series.waiting


def _event_time(event: Claim) -> datetime:
    return event.date or EPOCH


def series_posts(series: PostedSeries) -> list[tuple[Revision, Post]]:
    """Return the patches of the latest version, preceded by applied patches of earlier versions.

    The latter are patches of earlier versions that were dropped from the series after they were
    applied.
    """
    known = set(series.latest.titles)
    taken = {
        title_key(event.of)
        for event in series.events
        if event.of and event.what == "applied" and event.counts
    }
    earlier: list[tuple[Revision, Post]] = []
    for revision in reversed(series.revisions[:-1]):
        left_out = [post for post in revision.patches if post.key in taken - known]
        known |= {post.key for post in left_out}
        earlier = [*((revision, post) for post in left_out), *earlier]
    return [*earlier, *((series.latest, post) for post in series.latest.patches)]


def select_for_patch(series: PostedSeries, post: Post, *, alone: bool) -> PostedSeries:
    """Restrict the evidence to one patch.

    With `alone`, the patch is the only one of its series, and all evidence is kept.
    """
    if alone:
        return replace(series, post=post)
    since = series.unchanged_since(post) if post in series.latest.patches else EPOCH
    events = tuple(
        withdraw_if_voided(event, since)
        for event in series.events
        if _is_about(series, post, event.of, event.patch, event.date)
    )
    # a message about the state of other patches does not answer this one
    of_others = {event.message_id for event in series.events} - {
        event.message_id for event in events
    }
    commits = tuple(
        landed
        for landed in series.commits
        if _is_about(series, post, landed.title, landed.patch, None)
    )
    return replace(
        series,
        replies=tuple(
            reply
            for reply in series.attached
            if _answers(reply, series, post) and reply.message_id not in of_others
        ),
        events=events,
        commits=commits,
        post=post,
    )


_CUT = 20
"""The shortest beginning of a title that names a patch."""


def _is_about(
    series: PostedSeries,
    post: Post,
    title: str | None,
    number: int | None,
    date: datetime | None,
) -> bool:
    """Return whether a title (None: the whole series) refers to a patch.

    Maintainers edit titles, and long ones are truncated.
    """
    if title is None:
        return True
    key = title_key(title)
    if key in series.titles:
        return key == post.key
    if len(key) >= _CUT and any(known.startswith(key) for known in series.titles):
        return post.key.startswith(key)
    sent = series.latest.first.when
    if number and (date or datetime.now(UTC)) >= sent and post in series.latest.patches:
        return number == (post.number or 1)
    return False


def _answers(reply: Reply, series: PostedSeries, post: Post) -> bool:
    if reply.post is None or reply.post.is_cover:
        return True
    return reply.post.key == post.key or (
        reply.revision in series.current and reply.patch == (post.number or 1)
    )
