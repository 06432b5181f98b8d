# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds later series that fix, revert, carry, continue, backport, answer or mention a series.

They are matched by commit, title and threading.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from patchpilot.model.address import parse_address
from patchpilot.model.fixes_line import fixes_lines
from patchpilot.projects.loading import default_project
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.posted_series import Post
from patchpilot.reading.sender import same_person
from patchpilot.reading.series_state import decided
from patchpilot.reading.thread_match import MAX_REFERENCES, quotes_commit
from patchpilot.reading.thread_values import (
    TAKEN,
    Claim,
    FollowUp,
    SeriesState,
    Status,
)
from patchpilot.series.patch_pairing import ALIKE, title_key, title_similarity

_WRITTEN_BY = re.compile(r"\AFrom: (?P<author>\S[^\n]{0,200}@[^\n]{1,200})\n")
_FOR_A_TREE = re.compile(
    r"\b(?:for|to) (?:the"
    r" )?(?:\S*next|\S*linus|\S*testing|v?\d+\.\d+)\b|\bpull\b|\b(?:fixes|updates|features|changes)"
    r" for\b",
    re.IGNORECASE,
)
_COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}")
_LONGEST_BODY = 400_000
"""Characters of a mail's body that are searched."""
_REVERTED = re.compile(r"^This reverts commit (?P<id>[0-9a-f]{12,40})", re.MULTILINE)


def with_follow_ups(every: Sequence[Status]) -> tuple[Status, ...]:
    """Returns the series, each with the later series that are related to it.

    A series that forwards another one may determine its state.
    """
    known = _Known(every)
    return tuple(
        _with_follow_ups(status, at, known, every) for at, status in enumerate(every)
    )


class _Known:
    """An index of titles, mails and commits, so that each series is compared only with those that
    could be related.
    """

    def __init__(self, every: Sequence[Status]) -> None:
        self.begun = [status.topic.began for status in every]
        self._named: dict[str, set[int]] = defaultdict(set)
        self._pulls = {
            at for at, status in enumerate(every) if status.topic.latest.pull_request
        }
        for at, status in enumerate(every):
            for title in status.topic.titles:
                self._named[title].add(at)
            for post in status.topic.posts:
                mail = post.mail.mail
                for reference in (
                    mail.in_reply_to or "",
                    *mail.references[-MAX_REFERENCES:],
                    *post.links,
                    *_commits(mail.body),
                ):
                    self._named[reference].add(at)
            for reply in status.replies:
                if reply.mail.robot is None:
                    for commit in _commits(reply.mail.mail.body):
                        self._named[commit].add(at)

    def candidates(self, status: Status, commits: Sequence[str]) -> list[int]:
        """The series that name this one's titles, mails or commits, and all requests to pull, in
        order.
        """
        titles = status.topic.titles
        names = (
            *titles,
            *(f"revert {title}" for title in titles),
            *status.topic.message_ids,
            *(commit[:12] for commit in commits),
        )
        return sorted(self._pulls.union(*(self._named.get(name, ()) for name in names)))


def _commits(text: str) -> set[str]:
    return set(_COMMIT.findall(text, 0, 200_000))


def _with_follow_ups(
    status: Status, at: int, known: _Known, every: Sequence[Status]
) -> Status:
    commits = [
        landed.commit
        for landed in status.landed
        if landed.commit and len(landed.commit) >= 12
    ]
    reverts = {f"revert {title}" for title in status.topic.titles}
    follow_ups: list[FollowUp] = []
    claims: list[Claim] = []
    for number in known.candidates(status, commits):
        other = every[number]
        if number == at or known.begun[number] <= known.begun[at]:
            continue
        relation = _relation(other, commits, reverts, status)
        if relation:
            place = next((landed for landed in other.landed if landed.commit), None)
            follow_ups.append(
                FollowUp(
                    relation,
                    other.topic.subject,
                    other.topic.author,
                    other.topic.key,
                    other.topic.latest.version,
                    other.state,
                    place.commit if place else None,
                    place.tree if place else None,
                )
            )
            claims += _claims(relation, other, status)
    if not follow_ups:
        return status
    said = [claim for claim in claims if claim.known]
    events = (*status.events, *said)
    evidence = replace(status.evidence, events=events)
    had = {claim.message_id for claim in status.claims}
    unproven = [
        claim for claim in claims if not claim.proven and claim.message_id not in had
    ]
    status = replace(
        status,
        follow_ups=tuple(follow_ups),
        claims=(*status.claims, *unproven),
        events=events,
        landed=evidence.landed,
    )
    return decided(status, evidence)


def _claims(relation: str, other: Status, status: Status) -> Iterator[Claim]:
    """What a later series says of this one: another person sent the next version of it, forwards
    its patches, or reverts it.
    """
    latest, head = other.topic.latest, other.topic.latest.first.mail.mail
    known, taken = _is_vouched(other, status), other.state in TAKEN
    base = Claim("", head.date, head.message_id, other.topic.author, known=known)
    named = _reverted_in(other)
    if relation == "reverts" and named and known and not status.landed:
        where = f" for {latest.backport_to}" if latest.backport_to else ""
        tree, words = default_project().mainline, f"merged; a revert{where} was posted"
        yield base._replace(what="merged", tree=tree, commit=named, sentence=words)
    continued = relation == "continues"
    if not continued and not (relation == "carries" and _is_batch(other)):
        return
    words = (
        f"sent v{latest.version} of it"
        if continued
        else f"forwards it in “{other.topic.subject}”"
    )
    if not known:
        what = f"sent v{latest.version}" if continued else "forwards it"
        yield base._replace(what=what)
        return
    if continued and not taken:
        yield base._replace(what="superseded", sentence=words)
        return
    base = base._replace(what="forwarded", sentence=words)
    titles = status.topic.titles & (other.topic.titles | _pulled(latest.head, status))
    for post in status.topic.latest.patches:
        if continued or post.key in titles:
            yield from _of_patch(base, post, other)


def _of_patch(base: Claim, post: Post, other: Status) -> Iterator[Claim]:
    """What became of a patch that another series has: it is forwarded, or was merged with it.

    A merge commit is no commit of the patch.
    """
    base = base._replace(of=post.title, title=post.title, patch=post.number or 1)
    yield base
    latest = other.topic.latest
    for landed in other.landed:
        of_all = landed.title is None and (
            landed.in_mainline or len(latest.patches) == 1
        )
        if of_all or (landed.title and title_key(landed.title) == post.key):
            is_merge = landed.title is None and latest.pull_request
            yield base._replace(
                what="merged" if landed.in_mainline else "applied",
                tree=landed.tree,
                commit=None if is_merge else landed.commit,
                date=landed.date,
                message_id=landed.message_id or base.message_id,
                sentence=f"part of “{other.topic.subject}”, which was merged",
                proven=other.proven in TAKEN,
            )


def _reverted_in(other: Status) -> str | None:
    """The commit that a series says it reverts."""
    latest = other.topic.latest
    texts = (post.body for post in (latest.head, *latest.patches))
    return next((it["id"] for text in texts if (it := _REVERTED.search(text))), None)


def _is_vouched(other: Status, status: Status) -> bool:
    """Whether another series may say what became of this one: its sender is known of this one, or a
    bot reports where it is.
    """
    by_bot = any(is_bot_address(event.sender) for event in other.events)
    return by_bot or status.topic.is_by_known(other.topic.latest)


def _relation(
    other: Status, commits: Sequence[str], reverts: set[str], status: Status
) -> str | None:
    if other.topic.key in {
        revision.head.message_id for revision in status.topic.strangers
    }:
        return "continues"
    if other.topic.titles & reverts:
        return "reverts"
    if relation := _passed_on(other, status):
        return relation
    posts = [post.mail for post in other.topic.posts]
    if any(_has_one(_reverted(mail), commits) for mail in posts):
        return "reverts"
    if any(_has_one(_fixed(mail), commits) for mail in posts):
        return "fixes"
    mine = status.topic.message_ids
    if any(
        post.mail.in_reply_to in mine or mine & set(post.mail.references)
        for post in posts
    ):
        return "answers"
    linked = any(mine & post.links for post in other.topic.posts)
    talk = (reply.mail for reply in other.replies if reply.mail.robot is None)
    if linked or any(quotes_commit(mail, commits) for mail in (*posts, *talk)):
        return "mentions"
    return None


def _reverted(mail: Classified) -> list[str]:
    """The ids of the commits that a patch says it reverts."""
    return [match["id"] for match in _REVERTED.finditer(mail.mail.body[:_LONGEST_BODY])]


def _fixed(mail: Classified) -> list[str]:
    """The ids of the commits in a patch's Fixes: tags."""
    lines = fixes_lines(mail.mail.body[:_LONGEST_BODY])
    tags = [line for line in lines if line.is_tag and not line.before and not line.word]
    return [tag.id for tag in tags if tag.has_digits(8)]


def _has_one(ids: Sequence[str], commits: Sequence[str]) -> bool:
    """Whether one of these ids is that of one of the commits, as far as both go."""
    return any(
        commit.startswith(id_) or id_.startswith(commit)
        for id_ in ids
        for commit in commits
    )


def _passed_on(other: Status, status: Status) -> str | None:
    """How another person resends these patches: as stable patches, as later versions, or on the way
    to mainline.
    """
    mine, theirs = status.topic, other.topic
    if mine.is_author(theirs.author):
        return (
            "backports"
            if theirs.latest.backport_to
            and not mine.latest.backport_to
            and mine.titles & theirs.titles
            else None
        )
    same = [
        post
        for revision in theirs.revisions
        for post in revision.patches
        if post.key in mine.titles
    ]
    if theirs.latest.backport_to:
        return "backports" if same and not mine.latest.backport_to else None
    if (
        any(_written_by_author(post, status) for post in same)
        and theirs.revisions[0].head.when >= mine.latest.first.when
    ):
        continued = (
            theirs.latest.version > mine.latest.version
            and title_similarity(theirs.subject, mine.subject) > ALIKE
        )
        return "continues" if continued else "carries"
    return (
        "carries"
        if theirs.latest.pull_request and _is_pulled(theirs.latest.head, status)
        else None
    )


def _is_batch(status: Status) -> bool:
    """Whether a series is what a maintainer passes on: a request to pull, named for a tree or
    release, taken already, or of several others' patches. Somebody else's series may as well have
    another's patch in it because it needs it."""
    latest = status.topic.latest
    if (
        latest.pull_request
        or status.state in (SeriesState.ACCEPTED, SeriesState.IN_MAINLINE)
        or _FOR_A_TREE.search(latest.head.title)
    ):
        return True
    inner = (_WRITTEN_BY.match(post.body) for post in latest.patches)
    others = {
        address.key
        for named in inner
        if named
        and (address := parse_address(named["author"]))
        and not same_person(address, latest.author)
    }
    return len(others) > 1


def _written_by_author(post: Post, status: Status) -> bool:
    """Whether the patch names the series' author as its own (a `From:` line within)."""
    named = _WRITTEN_BY.match(post.body)
    address = parse_address(named["author"]) if named else None
    return address is not None and same_person(address, status.topic.author)


def _is_pulled(pull: Post, status: Status) -> bool:
    """Whether a request to pull lists the author with one of the latest patches, as git shortlog
    does.
    """
    titles = {post.key for post in status.topic.latest.patches}
    return bool(titles & _pulled(pull, status))


def _pulled(pull: Post, status: Status) -> frozenset[str]:
    """The titles that a request to pull lists below the author's name."""
    lines = [line.strip() for line in pull.mail.mail.body[:400_000].split("\n")]
    named = re.compile(
        rf"{re.escape(status.topic.author.name)} \(\d+\):$", re.IGNORECASE
    )
    start = next((at for at, line in enumerate(lines) if named.match(line)), None)
    if start is None:
        return frozenset()
    listed = [title_key(line) for line in lines[start + 1 : start + 200]]
    end = next((at for at, line in enumerate(listed) if not line), len(listed))
    return frozenset(listed[:end])
