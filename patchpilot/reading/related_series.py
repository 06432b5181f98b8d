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
    Carrier,
    Claim,
    FollowUp,
    LandedCommit,
    Proof,
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
    follow_ups = []
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
    if not follow_ups:
        return status
    status = replace(status, follow_ups=tuple(follow_ups))
    known_by_revert = [] if status.landed else _reverts(status, every)
    if known_by_revert:
        status = replace(status, landed=(known_by_revert[0][1],))
    branch = known_by_revert[0][0] if known_by_revert else None
    carriers = _carriers(status, every)
    known_ids = {landed.commit for landed in status.landed}
    passed_on = (
        landed
        for carrier in carriers
        for landed in carrier.landed
        if landed.commit is None or landed.commit not in known_ids
    )
    status = replace(status, landed=(*status.landed, *passed_on))
    evidence = replace(status.evidence, carriers=carriers, reverted=branch)
    claims = (*status.claims, *_claims(status, every))
    return decided(replace(status, claims=claims), evidence)


def _carriers(status: Status, every: Sequence[Status]) -> tuple[Carrier, ...]:
    """Series and pull requests in which others forward the patches."""
    relations = {later.message_id: later.relation for later in status.follow_ups}
    carriers = []
    for other in (other for other in every if _is_vouched(other, status)):
        relation = relations.get(other.topic.key)
        taken_over = relation == "continues"
        if taken_over or (relation == "carries" and _is_batch(other)):
            carrier = Carrier(
                other.topic.subject,
                other.topic.author.trailer(),
                other.state is SeriesState.IN_MAINLINE,
                _proof(other),
                landed=tuple(_landed_with(other, status)),
                proven=other.proven in TAKEN,
            )
            carriers.append(
                replace(carrier, version=other.topic.latest.version, state=other.state)
                if taken_over
                else replace(carrier, titles=_titles_in(other, status))
            )
    return tuple(carriers)


def _titles_in(other: Status, status: Status) -> frozenset[str]:
    """The titles of a series that another series or request to pull has."""
    latest = other.topic.latest
    pulled = _pulled(latest.head, status) if latest.pull_request else frozenset()
    return status.topic.titles & (other.topic.titles | pulled)


def _landed_with(other: Status, status: Status) -> Iterator[LandedCommit]:
    """Where the patches of a series are by what was reported of another's series with them.

    A merge commit is no commit of theirs.
    """
    by = f"“{other.topic.subject}” by {other.topic.author.called}"
    titles = _titles_in(other, status)
    for post in status.topic.latest.patches:
        if (key := post.key) not in titles:
            continue
        number = post.number or 1
        for landed in other.landed:
            of_all = landed.title is None and (
                landed.in_mainline or len(other.topic.latest.patches) == 1
            )
            if of_all or (landed.title and title_key(landed.title) == key):
                is_merge = landed.title is None and other.topic.latest.pull_request
                yield replace(
                    landed,
                    commit=None if is_merge else landed.commit,
                    how=f"reported of {by}",
                    patch=number,
                    title=post.title,
                )


def _is_vouched(other: Status, status: Status) -> bool:
    """Whether another series may say what became of this one: its sender is known of this one, or a
    bot reports where it is.
    """
    by_bot = any(is_bot_address(event.sender) for event in other.events)
    return by_bot or status.topic.is_by_known(other.topic.latest)


def _claims(status: Status, every: Sequence[Status]) -> tuple[Claim, ...]:
    """The series by which somebody who is not known claims to pass this one on."""
    relations = {later.message_id: later.relation for later in status.follow_ups}
    known = {claim.message_id for claim in status.claims}
    claims = []
    for other in every:
        head = other.topic.revisions[0].head
        relation = relations.get(head.message_id)
        passes_on = relation == "continues" or (
            relation == "carries" and _is_batch(other)
        )
        if (
            passes_on
            and head.message_id not in known
            and not _is_vouched(other, status)
        ):
            what = (
                f"sent v{other.topic.latest.version}"
                if relation == "continues"
                else "forwards it"
            )
            date, sender = head.mail.mail.date, other.topic.author
            claims.append(Claim(what, date, head.message_id, sender, known=False))
    return tuple(claims)


def _proof(carrier: Status) -> Proof:
    """The mail that reports where a forwarding series was merged, otherwise its first mail."""
    place = next((landed for landed in carrier.landed if landed.in_mainline), None)
    head = carrier.topic.latest.first.mail.mail
    return (
        Proof(place.date, place.message_id, place.commit)
        if place
        else Proof(head.date, head.message_id)
    )


def _reverts(status: Status, every: Sequence[Status]) -> list[tuple[str, LandedCommit]]:
    """The reverts that name the commit, which had landed then: the branch each is for ("" is
    mainline), and the landing.
    """
    ids = {
        later.message_id for later in status.follow_ups if later.relation == "reverts"
    }
    landings = []
    known = (other.topic for other in every if _is_vouched(other, status))
    for revert in (topic.latest for topic in known if topic.key in ids):
        named = next(
            (
                match
                for post in (revert.head, *revert.patches)
                if (match := _REVERTED.search(post.body))
            ),
            None,
        )
        if named:
            how = "referenced by its revert; release unknown without a repository"
            landings.append(
                (
                    revert.backport_to or "",
                    LandedCommit(
                        default_project().mainline,
                        named["id"],
                        None,
                        how,
                        revert.head.message_id,
                    ),
                )
            )
    return landings


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
    replies = [reply.mail for reply in other.replies]
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
    if any(mine & post.links for post in other.topic.posts):
        return "mentions"
    if any(
        quotes_commit(mail, commits)
        for mail in (*posts, *(mail for mail in replies if mail.robot is None))
    ):
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
