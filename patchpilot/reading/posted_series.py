# SPDX-License-Identifier: GPL-2.0-or-later
"""A posted patch, a posted revision of a series, and a series with all its revisions."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from patchpilot.errors import InputError
from patchpilot.model.address import Address
from patchpilot.model.bounded_date import EPOCH
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.model.patch_subject import parse_subject
from patchpilot.projects.project import Project
from patchpilot.reading.identities import Identities
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.sender import same_person
from patchpilot.series.patch_pairing import title_key

if TYPE_CHECKING:
    from patchpilot.reading.mail_classifier import Classified

_TOUCHED = re.compile(
    r"^(?:diff --git a/\S{1,300} b/|\+\+\+ b/)(\S{1,300})", re.MULTILINE
)
_PULL = re.compile(r"pull[ -]request\b", re.IGNORECASE)
_STABLE_MARK = re.compile(
    r"^(?:v?\d+\.\d+(?:\.y|\.\d+)?|stable|stable-\S+|linux-\d\S*)$", re.IGNORECASE
)


_TAG = re.compile(r"(?:[A-Za-z-]{1,40}-by|Cc|Link|Closes|From): ", re.IGNORECASE)
_MOST_TEXT = 400_000


@dataclass(frozen=True)
class Post:
    """A posted patch or cover letter.

    `number` is 0 for a cover letter and None for an unnumbered patch.
    """

    mail: "Classified"
    change_id: str | None
    links: frozenset[str]
    earlier: dict[str, int]

    @property
    def message_id(self) -> str:
        """The Message-ID."""
        return self.mail.message_id

    @property
    def when(self) -> datetime:
        """The date, or the epoch if it has none."""
        return self.mail.when

    @property
    def title(self) -> str:
        """The subject without its prefix."""
        return self.mail.subject.title

    @cached_property
    def key(self) -> str:
        """The title in the form used for comparing versions."""
        return title_key(self.title)

    @property
    def body(self) -> str:
        """The text of the message."""
        return self.mail.mail.body

    @cached_property
    def patch(self) -> Patch | None:
        """The patch; None if it cannot be parsed."""
        with suppress(InputError):
            return parse_patch(self.mail.mail.raw, self.message_id)
        return None

    @property
    def number(self) -> int | None:
        """Its number in the series."""
        return self.mail.subject.number

    @property
    def is_cover(self) -> bool:
        """Whether it is the cover letter (or the request to pull)."""
        return self.mail.kind is MailKind.COVER

    @cached_property
    def content(self) -> str:
        """Its message without tags and the lines it changes; "" for a post without a diff."""
        message, diff, changes = self.mail.mail.body[:_MOST_TEXT].partition(
            "\ndiff --git "
        )
        if not diff:
            return ""
        message = message.partition("\n---\n")[0]
        changes = changes.partition("\n-- \n")[0]
        said = (line.strip() for line in message.split("\n"))
        changed = (
            line.rstrip()
            for line in changes.split("\n")
            if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
        )
        words = (line for line in said if line and not _TAG.match(line))
        return "\n".join((*words, *changed))


@json_form("version", "label", "message_id", "patches=patch_count")
@dataclass(frozen=True)
class Revision:
    """A posted revision of a series; `version` is taken from its subject prefix.

    `posts` are in order, the cover letter first. `carried` are the Message-IDs of patches that
    are taken from the previous version because this one replaces only a few. `is_again` is
    whether it repeats the previous version unchanged.
    """

    version: int
    posts: tuple[Post, ...]
    carried: frozenset[str] = frozenset()
    is_again: bool = False

    @property
    def label(self) -> str:
        """Its usual name: `v2`, `RFC v1`, `v1 resend`, `v1 pull request`."""
        words = [
            *(["RFC"] if self.rfc else []),
            f"v{self.version}",
            *(["resend"] if self.resend else []),
        ]
        return " ".join([*words, *(["pull request"] if self.pull_request else [])])

    @property
    def head(self) -> Post:
        """The cover letter, otherwise the first patch."""
        return self.posts[0]

    @property
    def first(self) -> Post:
        """The first post that was sent with it."""
        return next(post for post in self.posts if post.message_id not in self.carried)

    @property
    def message_id(self) -> str:
        """The Message-ID of its first post."""
        return self.first.message_id

    @property
    def author(self) -> Address:
        """Who sent it."""
        return self.first.mail.sender

    @property
    def sent(self) -> datetime | None:
        """When its first post was sent."""
        return self.first.mail.mail.date

    @property
    def patches(self) -> tuple[Post, ...]:
        """Its patches without the cover letter, of one that was sent again below it the newer."""
        return tuple(
            {post.number: post for post in self.posts if not post.is_cover}.values()
        )

    @property
    def patch_count(self) -> int:
        """The number of its patches."""
        return len(self.patches)

    @property
    def rfc(self) -> bool:
        """Whether it asks for comments only."""
        return any(post.mail.subject.rfc for post in self.posts)

    @property
    def resend(self) -> bool:
        """Whether it repeats what was sent."""
        return self.is_again or any(post.mail.subject.resend for post in self.posts)

    @property
    def pull_request(self) -> bool:
        """Whether it asks to pull, in its marks or its title."""
        return any(
            "pull" in mark.lower() for mark in self.head.mail.subject.marks
        ) or bool(_PULL.match(self.head.title))

    @property
    def backport_to(self) -> str | None:
        """The stable version in its subject prefix, or None."""
        for word in self.head.mail.subject.words:
            if _STABLE_MARK.match(word):
                return word
        return None

    @cached_property
    def titles(self) -> frozenset[str]:
        """The titles of its posts, as compared between revisions."""
        return frozenset(post.key for post in self.posts)

    @cached_property
    def change_ids(self) -> frozenset[str]:
        """The change-ids b4 gave its posts."""
        return frozenset(post.change_id for post in self.posts if post.change_id)

    @cached_property
    def files(self) -> frozenset[str]:
        """The files its patches touch."""
        return frozenset(
            path
            for post in self.posts
            for path in _TOUCHED.findall(post.body[:_MOST_TEXT])
        )


@dataclass(frozen=True)
class PostedTopic:
    """A series with all its revisions, oldest first.

    `identities` are the known addresses of the series. `strangers` are later revisions from
    unknown senders that claim to belong to it.
    """

    revisions: tuple[Revision, ...]
    identities: Identities = field(default_factory=Identities)
    strangers: tuple[Revision, ...] = ()

    @cached_property
    def missing(self) -> dict[str, int]:
        """Earlier revisions that later ones link to and that are not among the mails: Message-ID →
        version.
        """
        known = self.message_ids
        newest = self.latest.version
        return {
            message_id: version
            for post in self.posts
            for message_id, version in post.earlier.items()
            if message_id not in known
            and version < newest
            and all(version != other.version for other in self.revisions)
        }

    def is_by_known(self, revision: Revision) -> bool:
        """Whether the sender of a revision is known, also the list that rewrote its From: header."""  # noqa: E501
        return self.identities.knows(self.identities.sender(revision.first.mail))

    @property
    def first_known(self) -> Revision:
        """The first revision whose sender is known to be its author."""
        return next(filter(self.is_by_known, self.revisions), self.revisions[0])

    @property
    def author(self) -> Address:
        """Who sends it."""
        return self.revisions[-1].author

    def is_author(self, address: Address) -> bool:
        """Whether an address is that of one who sent a version of it, or known as another address
        of theirs.
        """
        known = (
            revision.author for revision in self.revisions if self.is_by_known(revision)
        )
        return any(self.identities.same(address, author) for author in known)

    def has_authors_name(self, address: Address) -> bool:
        """Whether an address comes with an author's name and is not known as theirs."""
        return not self.is_author(address) and any(
            same_person(address, revision.author) for revision in self.revisions
        )

    @property
    def subject(self) -> str:
        """The latest revision's title."""
        return self.revisions[-1].head.title

    @property
    def latest(self) -> Revision:
        """The latest revision."""
        return self.revisions[-1]

    @cached_property
    def titles(self) -> frozenset[str]:
        """Every title it ever had."""
        return frozenset().union(*(revision.titles for revision in self.revisions))

    def unchanged_since(self, post: Post) -> datetime:
        """When a patch of the latest revision was first sent as it is, its tags apart.

        A backport and a request to pull repeat what was applied elsewhere.
        """
        if self.latest.backport_to or self.latest.pull_request:
            return EPOCH
        key, sent = post.key, self.latest.sent
        for revision in reversed(self.revisions):
            same = any(
                one == post or (one.content == post.content != "" and one.key == key)
                for one in revision.patches
            )
            if not same:
                break
            sent = revision.sent
        return sent or EPOCH

    @property
    def change_id(self) -> str | None:
        """Its change-id, where b4 gave it one."""
        return next(
            (
                post.change_id
                for revision in reversed(self.revisions)
                for post in revision.posts
                if post.change_id
            ),
            None,
        )

    @cached_property
    def project(self) -> Project:
        """The project of the patches, with the rules of their subsystem."""
        from patchpilot.projects.detection import detect
        from patchpilot.projects.subsystems import as_subsystem_wants

        # a post without a diff does not show its project
        patches = [post.patch for post in self.latest.patches if post.patch]
        return as_subsystem_wants(detect(None, patches), patches)

    @property
    def waiting(self) -> timedelta:
        """How long to wait for a reply before sending a reminder."""
        return timedelta(days=self.project.mail.waiting_days)

    @property
    def posts(self) -> Iterator[Post]:
        """The posts of all revisions."""
        return (post for revision in self.revisions for post in revision.posts)

    @property
    def key(self) -> str:
        """The Message-ID of the first revision's first post."""
        return self.revisions[0].head.message_id

    @property
    def began(self) -> datetime:
        """The date of the earliest revision."""
        return min(revision.head.when for revision in self.revisions)

    @cached_property
    def message_ids(self) -> frozenset[str]:
        """The Message-IDs of all its posts."""
        return frozenset(post.message_id for post in self.posts)


def plain_title(text: str) -> str:
    """Returns the title in a quoted subject such as `[PATCH v2] x: y`."""
    return parse_subject(text).title
