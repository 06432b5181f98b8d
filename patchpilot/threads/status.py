# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a work stands: its revisions, tags, replies and landings put together into one state and a next step."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from patchpilot.errors import InputError
from patchpilot.model.mail import Mail, parse_patch
from patchpilot.model.progress import Progress, silent
from patchpilot.projects.loading import default_project
from patchpilot.threads.mail_classifier import Classified, classify
from patchpilot.threads.mail_kinds import STABLE, WANTS_ANSWER, MailKind
from patchpilot.threads.mbox import unique, when
from patchpilot.threads.posted_series import PostedTopic
from patchpilot.threads.related_series import with_follow_ups
from patchpilot.threads.revisions import find_topics
from patchpilot.threads.sender import is_sent_to_self, same_person
from patchpilot.threads.thread_events import Event, events_of
from patchpilot.threads.thread_match import Attached, attach
from patchpilot.threads.thread_values import (
    Credit,
    FollowUp,
    LandedCommit,
    Reply,
    SeriesState,
    StableBranch,
    Status,
    revision_label,
    stable_summary,
)

__all__ = [
    "Credit",
    "FollowUp",
    "LandedCommit",
    "Reply",
    "SeriesState",
    "StableBranch",
    "Status",
    "read_thread",
    "revision_label",
    "stable_summary",
]


def read_thread(
    mails: Iterable[Mail], *, now: datetime | None = None, read: dict[str, Classified] | None = None, progress: Progress = silent
) -> tuple[Status, ...]:
    """The status of every work in these mails, the oldest first; what follows up another is also named there.

    `now` is the time for "stalled"; without it the newest mail's time is taken, which is right for an mbox of the past. `read` keeps what single
    mails were read as, for whoever reads mostly the same mails again.
    """
    seen = {} if read is None else read
    known = tuple(mail for mail in unique(mails) if not is_sent_to_self(mail))
    classified = []
    for number, mail in enumerate(known, 1):
        if number % 128 == 0:
            progress("reading the thread", number, len(known))
        before = seen.get(mail.message_id)
        if before is None or before.mail is not mail:
            before = seen[mail.message_id] = classify(mail)
        classified.append(before)
    topics = find_topics(classified)
    attached = attach(topics, classified)
    moment = now or max((when(mail) for mail in known), default=datetime.now(UTC))
    found = [_status(topic, _again(topic, attached[at]), moment) for at, topic in enumerate(topics)]
    return with_follow_ups(found)


def _again(topic: PostedTopic, attached: Sequence[Attached]) -> list[Attached]:
    """The same mails, people's read once more now that the patch's author is known."""
    renewed = []
    for one in attached:
        mail = one.mail
        if mail.robot is None and mail.by_author is not same_person(mail.sender, topic.author):
            mail = classify(mail.mail, topic.author)
        renewed.append(replace(one, mail=mail))
    return renewed


def _status(topic: PostedTopic, attached: Sequence[Attached], now: datetime) -> Status:
    events = events_of(attached)
    landed = tuple(_landings(events))
    stable = _stable_branches(events)
    replies = tuple(Reply(one.mail, one.revision.version if one.revision else None, one.patch, one.revision) for one in attached)
    times = [when(post.mail.mail) for revision in topic.revisions for post in revision.posts] + [when(one.mail.mail) for one in attached]
    last = max(times, default=None)
    state, why = _state(topic, attached, events, landed, stable, now, last)
    ids = topic.message_ids | {one.mail.mail.message_id for one in attached}
    return Status(topic, state, why, _credits(attached), replies, events, landed, stable, (), last, len(ids), frozenset(ids))


def _credits(attached: Sequence[Attached]) -> tuple[Credit, ...]:
    return tuple(
        Credit(str(tag), one.mail.mail.message_id, one.revision.version, one.patch, tag.conditional)
        for one in attached
        if one.revision is not None and one.mail.kind not in STABLE
        for tag in one.mail.credited
        if tag.name.lower() != "signed-off-by" or one.mail.kind is MailKind.TRAILERS
    )


def _landings(events: Sequence[Event]) -> Iterable[LandedCommit]:
    """What landed outside the stable trees, mainline last; a stable tree takes only what mainline has, so its mails tell of mainline too."""
    seen: set[tuple[str, str | None]] = set()
    sure = {(event.by, event.patch) for event in events if event.what == "applied" and event.commit}
    for event in events:
        if event.what not in ("applied", "merged") or event.withdrawn or (not event.commit and (event.by, event.patch) in sure):
            continue
        tree = event.tree or f"the tree of {event.by}"
        key = (tree, event.commit[:12] if event.commit else event.title or str(event.patch))
        if key not in seen:
            seen.add(key)
            yield LandedCommit(tree, event.commit, None, "told by mail", event.message_id, event.patch, event.title)
    if any(event.what == "merged" and not event.withdrawn for event in events):
        return
    upstream = next((event for event in events if event.what in ("review", "queued", "proposed", "failed") and event.commit), None)
    if upstream:
        yield LandedCommit(
            default_project().mainline,
            upstream.commit,
            None,
            "named as upstream commit by the stable trees; release unknown without a repository",
            upstream.message_id,
        )


_RANK = {"proposed": 0, "failed": 1, "review": 2, "queued": 3, "released": 4}


def _stable_branches(events: Sequence[Event]) -> tuple[StableBranch, ...]:
    branches: dict[str, StableBranch] = {}
    for event in events:
        if event.version is None or event.what not in _RANK:
            continue
        version = event.version.removesuffix(".y")
        state, note = ("dropped", event.withdrawn) if event.withdrawn else (event.what, "")
        old = branches.get(version)
        if old and state != "dropped" and old.state in _RANK and _RANK[old.state] > _RANK[state]:
            continue
        branches[version] = StableBranch(version, state, event.message_id, event.commit, note or "")
    return tuple(branches.values())


def _state(
    topic: PostedTopic,
    attached: Sequence[Attached],
    events: Sequence[Event],
    landed: Sequence[LandedCommit],
    stable: Sequence[StableBranch],
    now: datetime,
    last: datetime | None,
) -> tuple[SeriesState, str]:
    if any(one.state in ("queued", "released") for one in stable):
        return SeriesState.IN_STABLE, stable_summary(stable)
    superseded = next((event for event in events if event.what == "superseded"), None)
    standing = [event for event in events if event.what in ("applied", "merged") and not event.withdrawn]
    if superseded and not standing:
        return SeriesState.SUPERSEDED, f"{superseded.by} says another version was applied"
    if any(event.what == "merged" and not event.withdrawn for event in events):
        return SeriesState.IN_MAINLINE, "its pull request was merged"
    if any(one.in_mainline for one in landed):
        return SeriesState.IN_MAINLINE, f"the stable trees name its upstream commit; {stable_summary(stable)}"
    latest_sent = when(topic.latest.head.mail.mail)
    refused = next((event for event in reversed(events) if event.what == "refused"), None)
    dropped = next((event for event in reversed(events) if event.what == "dropped"), None)
    if standing:
        newest = standing[-1]
        if dropped and dropped.tree == newest.tree and _at(dropped) > _at(newest):
            return SeriesState.UNDER_REVIEW, f"it was taken out of {dropped.tree} again: {dropped.title}"
        return SeriesState.ACCEPTED, f"applied to {newest.tree or 'the maintainer’s tree'} by {newest.by}"
    if refused and _at(refused) >= latest_sent:
        return SeriesState.REJECTED, f"{refused.by}: {refused.title}"
    return _in_review(topic, attached, now, last, latest_sent)


def _in_review(
    topic: PostedTopic, attached: Sequence[Attached], now: datetime, last: datetime | None, latest_sent: datetime
) -> tuple[SeriesState, str]:
    since = [one for one in attached if one.revision is topic.latest or (one.revision is None and when(one.mail.mail) >= latest_sent)]
    others = [one for one in since if not same_person(one.mail.sender, topic.author)]
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
        one
        for one in wanting
        if one.mail.kind is not MailKind.QUESTION
        and not any(when(one.mail.mail) < approved[key] for key in (one.mail.sender.key, one.mail.sender.name.lower()) if key in approved)
    ]
    if open_wishes:
        newest = open_wishes[-1]
        return SeriesState.CHANGES_REQUESTED, f"{newest.mail.sender.name or newest.mail.sender.email} wants changes ({newest.mail.kind})"
    if last and _is_overdue(topic, now - last):
        return SeriesState.STALLED, f"nothing since {last:%Y-%m-%d}"
    if others:
        asking = next((one.mail.sender for one in reversed(wanting) if one.mail.kind is MailKind.QUESTION), None)
        count = f"{len(others)} {'reply' if len(others) == 1 else 'replies'}"
        read = f"{asking.name or asking.email} asks a question" if asking else "none of which reads as asking for changes"
        return SeriesState.UNDER_REVIEW, f"{count}, {read}"
    return SeriesState.SENT, "no reply yet"


def _is_overdue(topic: PostedTopic, silence: timedelta) -> bool:
    """Whether an author may ask again after so long a silence: as the profile that the patches are for has it."""
    from patchpilot.projects.detection import detect
    from patchpilot.projects.loading import projects

    if silence <= timedelta(days=min(project.mail.waiting_days for project in projects().values())):
        return False
    patches = []
    for post in topic.latest.patches:
        # a post without a diff says nothing of its project
        with suppress(InputError):
            patches.append(parse_patch(post.mail.mail.raw, post.message_id))
    project = detect(None, patches)
    return silence > timedelta(days=project.mail.waiting_days)


def _at(event: Event) -> datetime:
    return event.date or datetime.fromtimestamp(0, UTC)
