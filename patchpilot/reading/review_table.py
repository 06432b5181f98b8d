# SPDX-License-Identifier: GPL-2.0-or-later
"""The review table of a series: the state of each patch of the latest version for each reviewer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form
from patchpilot.projects.detection import is_list_address
from patchpilot.reading.bots import known_robot
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.posted_series import Post, PostedTopic, Revision
from patchpilot.reading.sender import same_person
from patchpilot.reading.thread_match import Reply, patch_authors
from patchpilot.reading.thread_values import Status
from patchpilot.series.patch_pairing import PatchFeatures, pair_patches

_APPROVALS = ("reviewed", "acked")
_REVIEWS = (*_APPROVALS, "tested")
_PARTS = frozenset((*_REVIEWS, "and", "by"))
_ASKS = (MailKind.REVIEW, MailKind.NACK)
_AUTHORS = ("signed-off-by", "co-developed-by")
_MOST_ADDRESSED = 100
"""Recipients of one patch that are listed; more are no list of reviewers."""


class ReviewState(StrEnum):
    """A reviewer's state for a patch of the latest version, as named in JSON."""

    GIVEN = "given"
    CARRIED = "carried"
    LOST = "lost"
    OUTDATED = "outdated"
    ASKED = "asked"
    APPLIED = "applied"
    LOOKED = "looked"
    UNSEEN = "never-looked"


HOLDS = (ReviewState.GIVEN, ReviewState.CARRIED)
"""States in which the reviewer's tag holds for the latest version."""


@json_form(
    "name=reviewer.called",
    "email=reviewer.email",
    "state",
    "tags",
    "version",
    "message_id",
)
@dataclass(frozen=True, slots=True)
class Review:
    """One reviewer's state for one patch.

    `tags` are the names of the reviewer's tags. `version` and `message_id` are the version and
    message that the state is from (None: the recipients of the patch).
    """

    reviewer: Address
    state: ReviewState
    tags: tuple[str, ...] = ()
    version: int | None = None
    message_id: str | None = None

    @property
    def approves(self) -> bool:
        """Whether it is a Reviewed-by or Acked-by that holds for the latest version."""
        said = " ".join(self.tags).lower()
        return self.state in HOLDS and any(word in said for word in _APPROVALS)


@json_form()
@dataclass(frozen=True, slots=True)
class ReviewedPatch:
    """A patch of the latest version and each reviewer's state for it."""

    number: int
    title: str
    reviewers: tuple[Review, ...]

    @property
    def approved(self) -> bool:
        """Whether it has a Reviewed-by or Acked-by."""
        return any(review.approves for review in self.reviewers)


@json_form("number", "state=review.state", "tags=review.tags", "version=review.version")
@dataclass(frozen=True, slots=True)
class PatchReview:
    """A reviewer's state for the patch with this number."""

    number: int
    review: Review


@json_form("address", "name", "patches")
@dataclass(frozen=True, slots=True)
class ReviewerReviews:
    """A reviewer and their state for each patch."""

    address: str
    name: str
    patches: tuple[PatchReview, ...]


@json_form("version", "approved", "patches")
@dataclass(frozen=True, slots=True)
class ReviewTable:
    """The patches of the latest version with their reviewers, and all reviewers in order.

    Reviewers who answered come first, then the other recipients.
    """

    version: int
    patches: tuple[ReviewedPatch, ...]
    reviewers: tuple[Address, ...] = ()

    @property
    def approved(self) -> int:
        """How many patches have a Reviewed-by or Acked-by."""
        return sum(patch.approved for patch in self.patches)

    @property
    def by_reviewer(self) -> tuple[ReviewerReviews, ...]:
        """The same table, a reviewer after the other."""
        return tuple(
            ReviewerReviews(
                reviewer.email,
                reviewer.called,
                tuple(
                    PatchReview(patch.number, review)
                    for patch in self.patches
                    for review in patch.reviewers
                    if review.reviewer.key == reviewer.key
                ),
            )
            for reviewer in self.reviewers
        )

    @property
    def answered(self) -> tuple[Address, ...]:
        """The reviewers who did something with one of the patches."""
        did = {
            review.reviewer
            for patch in self.patches
            for review in patch.reviewers
            if review.state is not ReviewState.UNSEEN
        }
        return tuple(reviewer for reviewer in self.reviewers if reviewer in did)

    @property
    def silent(self) -> tuple[Address, ...]:
        """The recipients who did nothing with any of the patches."""
        did = set(self.answered)
        return tuple(reviewer for reviewer in self.reviewers if reviewer not in did)

    def name_of(self, reviewer: Address) -> str:
        """What a reviewer is called; the address where another one has the same name."""
        names = [it.called for it in self.reviewers]
        return reviewer.email if names.count(reviewer.called) > 1 else reviewer.called

    def review(self, patch: ReviewedPatch, reviewer: Address) -> Review | None:
        """What a reviewer has done with a patch; None where it is not addressed to them."""
        return next((it for it in patch.reviewers if it.reviewer == reviewer), None)


class _Fact(NamedTuple):
    """What a reviewer did once: in which revision, by which mail, its kind and tags (`posted`: the
    tags are in the patch itself), and whether the patch differs from the latest one."""

    at: int
    when: datetime
    message_id: str
    kind: MailKind | None
    tags: tuple[str, ...]
    changed: bool

    @property
    def posted(self) -> bool:
        """Whether the posted patch itself has the tags."""
        return self.kind is None

    @property
    def is_strong(self) -> bool:
        """Whether it is a tag, a NACK or an "applied" of a reply."""
        is_tag = bool(self.tags) and not self.posted
        return is_tag or self.kind in (MailKind.NACK, MailKind.APPLIED)


@dataclass
class _Reviewers:
    """The people of a series by address, two addresses of one person being one."""

    topic: PostedTopic
    alias: dict[str, str] = field(default_factory=dict)
    people: dict[str, Address] = field(default_factory=dict)

    def key(self, address: Address) -> str:
        """The key of a reviewer, who is added where not known."""
        if address.key not in self.alias:
            known = next(
                (key for key, it in self.people.items() if self._same(it, address)),
                address.key,
            )
            self.alias[address.key] = known
            self.people.setdefault(known, address)
        return self.alias[address.key]

    def _same(self, one: Address, other: Address) -> bool:
        """Whether two addresses are one person's: anybody may take a name, so both are known."""
        known = self.topic.identities
        return known.same(one, other) or (
            known.knows(one) and known.knows(other) and same_person(one, other)
        )


@dataclass(frozen=True, slots=True)
class _Ancestor:
    """What a patch of the latest version was in a revision, and whether it has changed since."""

    post: Post
    number: int
    changed: bool


def review_table(status: Status) -> ReviewTable:
    """Returns the review table of the latest version; bots do not count as reviewers."""
    topic = status.topic
    people = _Reviewers(topic)
    lines = [_ancestors(it, topic.latest) for it in topic.revisions]
    facts: dict[tuple[int, str], list[_Fact]] = defaultdict(list)
    for at, ancestors in enumerate(lines):
        for reply in status.replies:
            if reply.revision is topic.revisions[at] and _is_review(topic, reply):
                key = people.key(reply.mail.sender)
                for tag in reply.mail.credited:
                    if tag.address:
                        people.alias.setdefault(tag.address.key, key)
                for number, said in _of_reply(at, reply, ancestors):
                    facts[number, key].append(said)
    for at, ancestors in enumerate(lines):
        for ancestor in ancestors:
            for person, fact in _posted(topic, at, ancestor):
                facts[ancestor.number, people.key(person)].append(fact)
    return _table(topic, people, facts)


def _table(
    topic: PostedTopic,
    people: _Reviewers,
    facts: dict[tuple[int, str], list[_Fact]],
) -> ReviewTable:
    versions = [revision.version for revision in topic.revisions]
    answered = list(dict.fromkeys(key for _, key in facts))
    found = []
    for number, post in _numbered(topic.latest):
        keys = [key for key in answered if (number, key) in facts]
        others = (people.key(it) for it in _addressed(topic, post))
        unseen = [key for key in dict.fromkeys(others) if key not in keys]
        reviews = [
            *(
                _review(people.people[key], facts[number, key], versions)
                for key in keys
            ),
            *(Review(people.people[key], ReviewState.UNSEEN) for key in unseen),
        ]
        found.append(ReviewedPatch(number, post.title, tuple(reviews)))
    listed = {it.reviewer: it.reviewer for patch in found for it in patch.reviewers}
    first = [people.people[key] for key in answered if people.people[key] in listed]
    return ReviewTable(
        topic.latest.version, tuple(found), tuple(dict.fromkeys((*first, *listed)))
    )


def _review(person: Address, facts: Sequence[_Fact], versions: Sequence[int]) -> Review:
    """What the facts about one patch come to."""
    # in one version a tag outranks the requests of its reviewer, and a NACK the tag before it
    ordered = sorted(facts, key=lambda it: (it.at, it.is_strong, it.when))
    state, source = _decide(ordered, len(versions) - 1)
    holds = [fact for fact in ordered if fact.tags and fact.at == len(versions) - 1]
    tagged = holds or [source]
    tags = dict.fromkeys(tag for fact in tagged for tag in fact.tags)
    return Review(person, state, tuple(tags), versions[source.at], source.message_id)


def _decide(facts: Sequence[_Fact], latest: int) -> tuple[ReviewState, _Fact]:
    """The state that the facts come to, by the newest that says something."""
    for fact in reversed(facts):
        if fact.kind is MailKind.APPLIED:
            return ReviewState.APPLIED, fact
        if fact.tags:
            return _tagged([it for it in facts if it.tags], latest)
        if fact.kind in _ASKS:
            last = facts[-1]
            is_back = fact.at < latest == last.at and not last.posted
            return (ReviewState.LOOKED, last) if is_back else (ReviewState.ASKED, fact)
    return ReviewState.LOOKED, facts[-1]


def _tagged(tagged: Sequence[_Fact], latest: int) -> tuple[ReviewState, _Fact]:
    """What became of a reviewer's tags."""
    given = [fact for fact in tagged if not fact.posted]
    if tagged[-1].at < latest:
        state = ReviewState.OUTDATED if tagged[-1].changed else ReviewState.LOST
        return state, tagged[-1]
    if given and given[-1].at == latest:
        return ReviewState.GIVEN, given[-1]
    return ReviewState.CARRIED, (given or tagged)[-1]


def _is_review(topic: PostedTopic, reply: Reply) -> bool:
    """Whether a mail is a person's word about the patches who is not their author."""
    mail = reply.mail
    return not (
        mail.bot
        or mail.by_author
        or mail.doubtful
        or mail.kind in STABLE
        or mail.kind in (MailKind.PATCH, MailKind.COVER)
        or topic.is_author(mail.sender)
    )


def _of_reply(
    at: int, reply: Reply, ancestors: Sequence[_Ancestor]
) -> Iterator[tuple[int, _Fact]]:
    """What a reply says of each patch that it is about: one to the cover letter, or of which that
    is not known, is about all of them."""
    mail = reply.mail
    tags = tuple(tag.name for tag in mail.credited if _is_tag(tag.name))
    for one in ancestors:
        if reply.patch in (None, 0, one.post.number or 1):
            yield (
                one.number,
                _Fact(
                    at,
                    mail.when,
                    mail.message_id,
                    mail.kind,
                    tags,
                    one.changed,
                ),
            )


def _posted(
    topic: PostedTopic, at: int, ancestor: _Ancestor
) -> Iterator[tuple[Address, _Fact]]:
    """The tags in a posted patch, by who gave them."""
    post = ancestor.post
    for tag in post.patch.trailers if post.patch else ():
        if (
            _is_tag(tag.name)
            and (person := tag.address)
            and not topic.is_author(person)
        ):
            yield (
                person,
                _Fact(
                    at,
                    post.when,
                    post.message_id,
                    None,
                    (tag.name,),
                    ancestor.changed,
                ),
            )


def _is_tag(name: str) -> bool:
    """Whether a tag says that somebody reviewed, acked or tested the patch."""
    words = set(name.lower().split("-"))
    return bool(words & set(_REVIEWS)) and words <= _PARTS


def _addressed(topic: PostedTopic, post: Post) -> Iterator[Address]:
    """The people whom a patch is addressed to, without its authors."""
    mail = post.mail.mail
    wrote = {address.key for address in patch_authors(post)}
    for tag in post.patch.trailers if post.patch else ():
        if tag.key in _AUTHORS and tag.address:
            wrote.add(tag.address.key)
    for address in (*mail.to, *mail.cc)[:_MOST_ADDRESSED]:
        if address.key in wrote or not address.key or topic.is_author(address):
            continue
        if not _is_list(address) and not _is_robot(address):
            yield address


def _is_list(address: Address) -> bool:
    """Whether a recipient is a list: by its address, or as get_maintainer names one."""
    name, host = address.name.lower(), address.key.rpartition("@")[2]
    return (
        "list:" in name or host == "googlegroups.com" or is_list_address(address.email)
    )


def _is_robot(address: Address) -> bool:
    """Whether the mails of an address are a bot's, whatever they say."""
    robot = known_robot(f"{address.name} <{address.email}>", "", "", str)
    return bool(robot and robot.bot)


def _numbered(revision: Revision) -> Iterator[tuple[int, Post]]:
    return ((post.number or 1, post) for post in revision.patches)


def _ancestors(old: Revision, latest: Revision) -> tuple[_Ancestor, ...]:
    """What each patch of the latest version was in a revision."""
    before, after = (
        [PatchFeatures(post.title) for post in it.patches] for it in (old, latest)
    )
    pairs = pair_patches(before, after)
    return tuple(
        _Ancestor(was, number, was is not post and was.changes != post.changes)
        for at, (number, post) in enumerate(_numbered(latest))
        if at in pairs
        for was in (old.patches[pairs[at]],)
    )
