# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the review table of a series.

It contains each reviewer's state for every patch of the latest version.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form
from patchpilot.projects.loading import is_list
from patchpilot.reading.bots import known_robot
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.posted_series import PostedSeries, Reply, Revision
from patchpilot.reading.sender import is_same_person
from patchpilot.reading.series_messages import patch_authors
from patchpilot.series.patch_pairing import PatchFeatures, pair_patches

_APPROVALS = ("reviewed", "acked")
_REVIEWS = (*_APPROVALS, "tested")
_PARTS = frozenset((*_REVIEWS, "and", "by"))
_ASKS = (MailKind.REVIEW, MailKind.NACK)
_DECIDES = (MailKind.NACK, MailKind.APPLIED)
_AUTHORS = ("signed-off-by", "co-developed-by")
_MOST_ADDRESSED = 100
"""Maximum number of recipients listed per patch; more are unlikely to be reviewers."""


class ReviewState(StrEnum):
    """A reviewer's state for a patch of the latest version. The values are used in JSON."""

    GIVEN = "given"
    CARRIED = "carried"
    LOST = "lost"
    OUTDATED = "outdated"
    ASKED = "asked"
    APPLIED = "applied"
    LOOKED = "looked"
    UNSEEN = "never-looked"


HOLDS = (ReviewState.GIVEN, ReviewState.CARRIED)
"""States in which a tag is valid for the latest version."""


@json_form("name=reviewer.called email=reviewer.email state tags version message_id")
class Review(NamedTuple):
    """A reviewer's state for one patch.

    `tags` contains the names of the reviewer's tags. `version` and `message_id` identify the
    message on which the state is based. They are None for a recipient who has not responded.
    """

    reviewer: Address
    state: ReviewState
    tags: tuple[str, ...] = ()
    version: int | None = None
    message_id: str | None = None

    @property
    def approves(self) -> bool:
        """Return whether the reviewer's Reviewed-by or Acked-by is valid for the latest version."""
        names = " ".join(self.tags).lower()
        return self.state in HOLDS and any(word in names for word in _APPROVALS)


@json_form()
class ReviewedPatch(NamedTuple):
    """A patch of the latest version with its reviewers' states."""

    number: int
    title: str
    reviewers: tuple[Review, ...]

    @property
    def approved(self) -> bool:
        return any(review.approves for review in self.reviewers)


@json_form("number state=review.state tags=review.tags version=review.version")
class PatchReview(NamedTuple):
    """A reviewer's state for the patch with this number."""

    number: int
    review: Review


@json_form("address=reviewer.email name=reviewer.called patches")
class ReviewerReviews(NamedTuple):
    """A reviewer with their state for every patch."""

    reviewer: Address
    patches: tuple[PatchReview, ...]


@json_form("version approved patches")
class ReviewTable(NamedTuple):
    """The patches in the latest version, and all reviewers in display order.

    Reviewers who have responded come before recipients who have not.
    """

    version: int
    patches: tuple[ReviewedPatch, ...]
    reviewers: tuple[Address, ...] = ()

    @property
    def approved(self) -> int:
        return sum(patch.approved for patch in self.patches)

    @property
    def by_reviewer(self) -> tuple[ReviewerReviews, ...]:
        return tuple(
            ReviewerReviews(
                reviewer,
                tuple(
                    PatchReview(patch.number, review)
                    for patch in self.patches
                    if (review := self.review(patch, reviewer))
                ),
            )
            for reviewer in self.reviewers
        )

    @property
    def answered(self) -> tuple[Address, ...]:
        """Return the reviewers who responded to at least one patch."""
        return tuple(reviewer for reviewer in self.reviewers if reviewer not in self.silent)

    @property
    def silent(self) -> tuple[Address, ...]:
        """Return the recipients who responded to no patch."""
        return tuple(
            reviewer_reviews.reviewer
            for reviewer_reviews in self.by_reviewer
            if all(patch.review.state is ReviewState.UNSEEN for patch in reviewer_reviews.patches)
        )

    def name_of(self, reviewer: Address) -> str:
        """Return the reviewer's name, or the address if another reviewer has the same name."""
        names = [address.called for address in self.reviewers]
        return reviewer.email if names.count(reviewer.called) > 1 else reviewer.called

    def review(self, patch: ReviewedPatch, reviewer: Address) -> Review | None:
        """Return a reviewer's state for a patch, or None if it was not sent to them."""
        return next((it for it in patch.reviewers if it.reviewer == reviewer), None)


class _Fact(NamedTuple):
    """A reviewer's response to one patch.

    `at` is the index of the revision. `kind` is None for a tag in the posted patch. `changed` is
    set if the patch has changed since the response.
    """

    at: int
    is_strong: bool
    when: datetime
    message_id: str
    kind: MailKind | None
    tags: tuple[str, ...]
    changed: bool


@dataclass
class _Reviewers:
    """The participants in a series. A person with two addresses counts once."""

    series: PostedSeries
    alias: dict[str, str] = field(default_factory=dict)
    people: dict[str, Address] = field(default_factory=dict)

    def key(self, address: Address) -> str:
        """Return a reviewer's key, adding the reviewer if needed."""
        if address.key not in self.alias:
            known = next(
                (key for key, it in self.people.items() if self._is_same_person(it, address)),
                address.key,
            )
            self.alias[address.key] = known
            self.people.setdefault(known, address)
        return self.alias[address.key]

    def _is_same_person(self, first: Address, second: Address) -> bool:
        """Return whether two addresses belong to one person.

        Names are compared only if both addresses are known, because anyone can use a name.
        """
        known = self.series.identities
        return known.is_same_person(first, second) or (
            known.knows(first) and known.knows(second) and is_same_person(first, second)
        )


def review_table(series: PostedSeries) -> ReviewTable:
    """Return the review table of the latest version, without bots."""
    people = _Reviewers(series)
    facts: dict[tuple[int, str], list[_Fact]] = defaultdict(list)
    for number, key, fact in (
        *_read_replies(series, people),
        *_read_posted_tags(series, people),
    ):
        facts[number, key].append(fact)
    reviewed = []
    for post in series.latest.patches:
        number = post.number or 1
        reviews = [
            _review(people.people[key], sorted(responses), series)
            for (of, key), responses in facts.items()
            if of == number
        ]
        responded = {it.reviewer for it in reviews}
        # if only a bot's report was read, do not use its recipients, which are not the patch's
        addressed = () if series.only_reported else _find_recipients(series, post)
        recipients = {people.people[people.key(it)]: None for it in addressed}
        reviews += (Review(it, ReviewState.UNSEEN) for it in recipients if it not in responded)
        reviewed.append(ReviewedPatch(number, post.title, tuple(reviews)))
    listed = dict.fromkeys(it.reviewer for patch in reviewed for it in patch.reviewers)
    first = [people.people[key] for _, key in facts]
    order = dict.fromkeys((*(it for it in first if it in listed), *listed))
    return ReviewTable(series.latest.version, tuple(reviewed), tuple(order))


_Said = tuple[int, str, _Fact]


def _read_replies(series: PostedSeries, people: _Reviewers) -> Iterator[_Said]:
    """Yield the patch number, reviewer and response for each reply."""
    applied_series = {it.message_id for it in series.events if it.what == "applied" and not it.of}
    for index, revision in enumerate(series.revisions):
        ancestors = tuple(_pair_with_latest(revision, series.latest))
        for reply in series.replies:
            mail = reply.mail
            if reply.revision is not revision or not _is_review(series, reply):
                continue
            key = people.key(mail.sender)
            given = [tag for tag in mail.credited if _is_tag(tag.name)]
            people.alias |= {it.address.key: key for it in given if it.address}
            tags = tuple(tag.name for tag in given)
            # a tag overrides the reviewer's own requests in the same version, and a NACK overrides
            # tags
            is_strong = bool(tags) or mail.kind in _DECIDES
            # a reply to the cover letter counts for all patches
            of_series = reply.patch in (None, 0) or reply.message_id in applied_series
            of_series = of_series or any(tag.for_series for tag in given)
            for number, post, changed in ancestors:
                if of_series or reply.patch == (post.number or 1):
                    yield number, key, _Fact(index, is_strong, mail.when, mail.message_id, mail.kind, tags, changed)  # fmt: skip # noqa: E501


def _read_posted_tags(series: PostedSeries, people: _Reviewers) -> Iterator[_Said]:
    """Yield the patch number, reviewer and response for each tag in a posted patch."""
    for index, revision in enumerate(series.revisions):
        for number, post, changed in _pair_with_latest(revision, series.latest):
            for tag in post.patch.trailers if post.patch else ():
                giver = tag.address
                if giver and _is_tag(tag.name) and not series.is_author(giver):
                    fact = _Fact(index, False, post.when, post.message_id, None, (tag.name,), changed)  # fmt: skip # noqa: E501
                    yield number, people.key(giver), fact


def _review(person: Address, facts: Sequence[_Fact], series: PostedSeries) -> Review:
    latest = len(series.revisions) - 1
    source = facts[-1]
    state = ReviewState.LOOKED
    deciding = (it for it in reversed(facts) if it.tags or it.kind in _DECIDES + _ASKS)
    if fact := next(deciding, None):
        source = fact
        if fact.kind is MailKind.APPLIED:
            state = ReviewState.APPLIED
        elif fact.tags:
            own_tags = [it for it in facts if it.tags and it.kind]
            if fact.at < latest:
                state = ReviewState.OUTDATED if fact.changed else ReviewState.LOST
            elif own_tags and own_tags[-1].at == latest:
                state, source = ReviewState.GIVEN, own_tags[-1]
            else:
                state, source = ReviewState.CARRIED, (own_tags or [fact])[-1]
        else:
            # agreement settles a request, and so does any reply to a later version
            settled = [
                it
                for it in facts[facts.index(fact) + 1 :]
                if it.kind is MailKind.ACK or (it.kind and it.at == latest > fact.at)
            ]
            source = settled[-1] if settled else fact
            state = ReviewState.LOOKED if settled else ReviewState.ASKED
    valid = [it for it in facts if it.tags and it.at == latest] or [source]
    tags = dict.fromkeys(tag for it in valid for tag in it.tags)
    version = series.revisions[source.at].version
    return Review(person, state, tuple(tags), version, source.message_id)


def _is_review(series: PostedSeries, reply: Reply) -> bool:
    mail = reply.mail
    is_other = mail.bot or mail.doubtful or mail.is_post or mail.kind in STABLE
    return not (is_other or series.is_author(mail.sender))


def _is_tag(name: str) -> bool:
    words = set(name.lower().split("-"))
    return bool(words & set(_REVIEWS)) and words <= _PARTS


def _find_recipients(series: PostedSeries, post: Classified) -> Iterator[Address]:
    """Yield the recipients of a patch, except its authors, lists and bots."""
    mail = post.mail
    author_keys = {address.key for address in patch_authors(post)}
    for tag in post.patch.trailers if post.patch else ():
        if tag.key in _AUTHORS and tag.address:
            author_keys.add(tag.address.key)
    for address in (*mail.to, *mail.cc)[:_MOST_ADDRESSED]:
        if address.key in author_keys or not address.key or series.is_author(address):
            continue
        if not is_list(address) and not _is_robot(address):
            yield address


def _is_robot(address: Address) -> bool:
    robot = known_robot(f"{address.name} <{address.email}>", "", "", str)
    return bool(robot and robot.bot)


def _pair_with_latest(old: Revision, latest: Revision) -> Iterator[tuple[int, Classified, bool]]:
    """Yield each patch of the latest version that the old version also contains.

    Each has its number, its old form, and whether it has changed since.
    """
    before, after = ([PatchFeatures(post.title) for post in it.patches] for it in (old, latest))
    for new_index, old_index in sorted(pair_patches(before, after).items()):
        post, old_post = latest.patches[new_index], old.patches[old_index]
        yield (
            post.number or 1,
            old_post,
            old_post is not post and old_post.changes != post.changes,
        )
