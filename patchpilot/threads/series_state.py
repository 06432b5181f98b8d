# SPDX-License-Identifier: GPL-2.0-or-later
"""The state of a series, decided from its mails, forwarding series and the repository; the state of a topic also from its sends."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from patchpilot.series.patch_pairing import title_key
from patchpilot.threads.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.threads.mbox import when
from patchpilot.threads.posted_series import PostedTopic
from patchpilot.threads.sender import same_person
from patchpilot.threads.thread_events import Event
from patchpilot.threads.thread_values import Evidence, LandedCommit, SeriesState, StableBranch, stable_summary

REFUSED = (SeriesState.REJECTED, SeriesState.SUPERSEDED, SeriesState.WITHDRAWN)
"""States that a commit of the same title does not change."""
FINAL = (SeriesState.IN_MAINLINE, SeriesState.IN_STABLE, *REFUSED)
"""States in which no review is awaited."""
LANDED = (SeriesState.PARTLY_ACCEPTED, SeriesState.ACCEPTED, SeriesState.IN_MAINLINE, SeriesState.IN_STABLE)
"""States in which a maintainer has taken the series."""
ON_ITS_WAY = (
    SeriesState.SENT,
    SeriesState.UNDER_REVIEW,
    SeriesState.CHANGES_REQUESTED,
    SeriesState.STALLED,
    SeriesState.PARTLY_ACCEPTED,
    SeriesState.ACCEPTED,
)
"""States that another's pull request may change."""

Verdict = tuple[SeriesState, str]
"""A state and its reason."""


def decide(evidence: Evidence) -> Verdict:
    """The state of a series, and why: the repository overrides what mails report, except for a rejected series."""
    verdict = _sent_on(evidence, _by_mails(evidence))
    if evidence.reverted is not None:
        branch = f"for {evidence.reverted} " if evidence.reverted else ""
        verdict = SeriesState.IN_MAINLINE, f"merged; a revert {branch}was posted"
    return _in_repository(evidence, verdict)


def decide_topic(series: SeriesState | None, *, sent: bool, partly: bool) -> SeriesState:
    """The state of a topic: that of its sends where no archive can have more, else that of its tracked series (None: not tracked).

    `sent`: mails of a version were accepted; `partly`: some mails of the newest send were accepted and others not, or unknown.
    """
    if partly:
        return SeriesState.PARTLY_SENT
    if series is not None:
        return series
    return SeriesState.SENT if sent else SeriesState.NOT_SENT


def _sent_on(evidence: Evidence, verdict: Verdict) -> Verdict:
    """The state from a forwarding series: forwarded patches were accepted; after the pull request was merged they are in mainline."""
    state, _ = verdict
    if not evidence.carriers or state not in ON_ITS_WAY:
        return verdict
    merged = next((carrier for carrier in evidence.carriers if carrier.merged), None)
    if merged:
        return SeriesState.IN_MAINLINE, f"part of “{merged.subject}” by {merged.sender}, which was merged"
    if state in (SeriesState.PARTLY_ACCEPTED, SeriesState.ACCEPTED):
        return verdict
    last = evidence.carriers[-1]
    return SeriesState.ACCEPTED, f"forwarded by {last.sender} in “{last.subject}”"


def _in_repository(evidence: Evidence, verdict: Verdict) -> Verdict:
    state, _ = verdict
    if not evidence.commits or state in REFUSED:
        return verdict
    if state is SeriesState.IN_STABLE or any(branch.state in ("merged", "released") for branch in evidence.branches):
        return SeriesState.IN_STABLE, stable_summary(evidence.branches)
    mainline = [landed for landed in evidence.commits if not landed.tree.startswith("stable/")]
    return SeriesState.IN_MAINLINE, _mainline_words(mainline, evidence.branches)


def _mainline_words(mainline: Sequence[LandedCommit], stable: Sequence[StableBranch]) -> str:
    release = mainline[0].release if mainline else None
    words = f"first in {release}" if release else "in no release yet"
    return f"{words}; {stable_summary(stable)}" if stable else words


def _by_mails(evidence: Evidence) -> Verdict:
    topic, events, stable = evidence.topic, evidence.events, evidence.stable
    if any(branch.state in ("queued", "released") for branch in stable):
        return SeriesState.IN_STABLE, stable_summary(stable)
    superseded = next((event for event in events if event.what == "superseded"), None)
    applied = [event for event in events if event.what in ("applied", "merged") and event.counts]
    if superseded and not applied:
        return SeriesState.SUPERSEDED, f"{superseded.by} says another version was applied"
    if any(event.what == "merged" and not event.withdrawn for event in events):
        return SeriesState.IN_MAINLINE, "its pull request was merged"
    if any(landed.in_mainline for landed in evidence.landed):
        return SeriesState.IN_MAINLINE, f"the stable trees reference its upstream commit; {stable_summary(stable)}"
    latest_sent = when(topic.latest.head.mail.mail)
    refused, dropped = (_newest(events, what) for what in ("refused", "dropped"))
    # of several patches one may be withdrawn
    withdrawn = _newest([event for event in events if not event.patch or len(topic.latest.patches) < 2], "withdrawn")
    if applied and (verdict := _taken(topic, applied)):
        newest = applied[-1]
        if dropped and dropped.tree == newest.tree and _at(dropped) > _at(newest):
            return SeriesState.UNDER_REVIEW, f"dropped from {dropped.tree}: {dropped.title}"
        return verdict
    if withdrawn and _at(withdrawn) >= latest_sent:
        return SeriesState.WITHDRAWN, f"withdrawn by its author: {withdrawn.title}"
    if refused and _at(refused) >= latest_sent:
        return SeriesState.REJECTED, f"{refused.by}: {refused.title}"
    redone = _newest(events, "redone")
    if redone and _at(redone) >= latest_sent:
        return SeriesState.CHANGES_REQUESTED, f"{redone.by} marked it for a new version ({redone.title})"
    return _in_review(evidence, latest_sent)


def _newest(events: Sequence[Event], what: str) -> Event | None:
    return next((event for event in reversed(events) if event.what == what), None)


def _taken(topic: PostedTopic, applied: Sequence[Event]) -> Verdict | None:
    """Accepted, or accepted in part where some patches of the newest version are in no tree; None where these events are about none of them."""
    newest = applied[-1]
    patches = topic.latest.patches
    numbers = {title_key(post.title): post.number or 1 for post in patches}
    whole = len(patches) < 2
    done: set[int] = set()
    for event in applied:
        number = numbers.get(title_key(event.title)) if event.title else event.patch
        whole = whole or (not event.title and not event.patch)
        if number is not None and number in numbers.values():
            done.add(number)
        elif event.title and event.date and event.date >= when(topic.latest.head.mail.mail):
            # the tree's title differs from the mail's
            done.add(event.patch or 0)
    missing = sorted(set(numbers.values()) - done)
    if whole or not missing:
        return SeriesState.ACCEPTED, f"applied to {newest.tree or 'the maintainer’s tree'} by {newest.by}"
    if not done:
        return None
    rest = ", ".join(f"{number}/{len(patches)}" for number in missing)
    return (
        SeriesState.PARTLY_ACCEPTED,
        f"{len(patches) - len(missing)} of {len(patches)} patches applied by {newest.by}; {rest} {'is' if len(missing) == 1 else 'are'} open",
    )


def _in_review(evidence: Evidence, latest_sent: datetime) -> Verdict:
    topic, attached, last = evidence.topic, evidence.attached, evidence.last
    since = [
        reply for reply in attached if reply.revision is topic.latest or (reply.revision is None and when(reply.mail.mail) >= latest_sent)
    ]
    others = [reply for reply in since if not same_person(reply.mail.sender, topic.author)]
    wanting = [
        other
        for other in others
        if other.mail.kind in WANTS_ANSWER and not (other.mail.kind is MailKind.AI_REVIEW and "no issues" in other.mail.body.text)
    ]
    approved: dict[str, datetime] = {}
    for other in others:
        if other.mail.credited:
            for key in (other.mail.sender.key, other.mail.sender.name.lower()):
                approved[key] = max(when(other.mail.mail), approved.get(key, when(other.mail.mail)))
    open_wishes = [
        reply
        for reply in wanting
        if reply.mail.kind is not MailKind.QUESTION
        and not any(
            when(reply.mail.mail) < approved[key] for key in (reply.mail.sender.key, reply.mail.sender.name.lower()) if key in approved
        )
    ]
    if open_wishes:
        newest = open_wishes[-1]
        return (
            SeriesState.CHANGES_REQUESTED,
            f"{newest.mail.sender.name or newest.mail.sender.email} requested changes ({newest.mail.kind})",
        )
    if last and _is_overdue(topic, evidence.now - last):
        return SeriesState.STALLED, f"no mail since {last:%Y-%m-%d}"
    if others:
        asking = next((reply.mail.sender for reply in reversed(wanting) if reply.mail.kind is MailKind.QUESTION), None)
        count = f"{len(others)} {'reply' if len(others) == 1 else 'replies'}"
        read = f"with a question by {asking.name or asking.email}" if asking else "none of them requests changes"
        return SeriesState.UNDER_REVIEW, f"{count}, {read}"
    return SeriesState.SENT, "no reply yet"


def _is_overdue(topic: PostedTopic, silence: timedelta) -> bool:
    """Whether the waiting time of the project or subsystem before a reminder is over."""
    from patchpilot.projects.subsystems import shortest_wait

    return silence > timedelta(days=shortest_wait()) and silence > topic.waiting


def _at(event: Event) -> datetime:
    return event.date or datetime.fromtimestamp(0, UTC)
