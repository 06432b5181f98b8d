# SPDX-License-Identifier: GPL-2.0-or-later
"""Define a posted series with its versions and patches, the messages about it, and its state."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from patchpilot.model.address import Address
from patchpilot.model.bounded import EPOCH
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import parse_git_paths, parse_header_path
from patchpilot.model.trailer import find_main_patch, parse_trailer
from patchpilot.projects.commit_marks import list_named_commits
from patchpilot.projects.loading import default_project
from patchpilot.projects.project import Project, version_key
from patchpilot.reading.ci_verdict import CiVerdict
from patchpilot.reading.delivery import DeliveryReport
from patchpilot.reading.identities import Identities
from patchpilot.reading.mail_classifier import MOST_TEXT, Classified
from patchpilot.reading.patchwork_checks import PatchworkAnswer
from patchpilot.reading.review_trailers import GivenTrailer
from patchpilot.reading.sender import is_same_person
from patchpilot.reading.stable_subject import find_versions, parse_request_subject
from patchpilot.reading.thread_values import (
    CHANGES,
    CLAIMED,
    LEAST_ADVANCED,
    STABLE_WORDS,
    TAKEN,
    Claim,
    Credit,
    FollowUp,
    LandedCommit,
    PatchState,
    SeriesState,
    StableBranchState,
    StableNeeds,
)
from patchpilot.series.patch_pairing import title_key

_MAX_PATCHES = 999
"""Maximum number of patches that a subject can announce."""
_SHORT_ID = 12
"""Number of digits with which a commit id is compared."""
_TOUCHED = re.compile(r'^(?:diff --git |\+\+\+ )"?[ab]/.{1,900}', re.MULTILINE)


@json_form(
    "version message_id sent label subject=head.title patches=patch_count missing_patches "
    "rfc=is_rfc resend=is_resend date_damaged=first.mail.date_damaged"
)
@dataclass(frozen=True)
class Revision:
    """A posted revision of a series.

    `version` is taken from its subject prefix. `posts` contains its messages in order, cover letter
    first. If only some patches were resent, `carried` contains the Message-IDs of the patches taken
    from the previous version. `is_again` is True if the previous version was resent unchanged.
    """

    version: int
    posts: tuple[Classified, ...]
    carried: frozenset[str] = frozenset()
    is_again: bool = False

    @property
    def label(self) -> str:
        """Return a display name, such as `v2`, `RFC v1`, `v1 resend` or `v1 pull request`."""
        words = (
            "RFC" * self.is_rfc,
            f"v{self.version}",
            "resend" * self.is_resend,
            "pull request" * self.is_pull_request,
        )
        return " ".join(filter(None, words))

    @property
    def head(self) -> Classified:
        """Return the cover letter, or the first patch."""
        return self.posts[0]

    @property
    def first(self) -> Classified:
        return next(post for post in self.posts if post.message_id not in self.carried)

    @property
    def message_id(self) -> str:
        return self.first.message_id

    @property
    def author(self) -> Address:
        return self.first.sender

    @property
    def sent(self) -> datetime | None:
        return self.first.mail.date

    @property
    def patches(self) -> tuple[Classified, ...]:
        """Return the patches without the cover letter. A patch that was resent replaces its first
        copy.
        """
        return tuple({post.number: post for post in self.posts if not post.is_cover}.values())

    @property
    def patch_count(self) -> int:
        return len(self.patches)

    @cached_property
    def missing_patches(self) -> tuple[int, ...]:
        """Return the numbers of the patches that were announced but not found."""
        if self.is_pull_request:
            return ()
        total = max((post.subject.total or 0 for post in self.posts), default=0)
        numbers = {post.number for post in self.patches}
        return tuple(it for it in range(1, min(total, _MAX_PATCHES) + 1) if it not in numbers)

    @property
    def is_rfc(self) -> bool:
        return any(post.subject.is_rfc for post in self.posts)

    @property
    def is_resend(self) -> bool:
        """Return whether the revision only resends existing patches."""
        return self.is_again or any(post.subject.is_resend for post in self.posts)

    @property
    def is_pull_request(self) -> bool:
        return self.head.subject.is_pull_request

    @property
    def backport_to(self) -> str | None:
        """Return the stable version in the subject prefix ("stable" if unnumbered), or None."""
        subject = self.head.subject
        return subject.stable or ("stable" if subject.is_for_stable else None)

    @cached_property
    def requested(self) -> tuple[str, tuple[str, ...]]:
        """Return the commit and the stable versions of a request to the stable maintainers, or ""
        and () if it is none.
        """
        commit, places = parse_request_subject("" if self.patches else self.head.title)
        versions = find_versions(" ".join(places))
        return (commit, versions) if versions else ("", ())

    @cached_property
    def titles(self) -> frozenset[str]:
        return frozenset(post.key for post in self.posts)

    @cached_property
    def change_ids(self) -> frozenset[str]:
        return frozenset(post.change_id for post in self.posts if post.change_id)

    def has_other_ids(self, other: "Revision") -> bool:
        """Return whether both versions have change-ids but have none in common."""
        own_ids, other_ids = self.change_ids, other.change_ids
        return bool(own_ids and other_ids) and not own_ids & other_ids

    @cached_property
    def files(self) -> frozenset[str]:
        return frozenset(
            path
            for post in self.posts
            for line in _TOUCHED.findall(post.mail.body[:MOST_TEXT])
            if (path := _parse_new_path(line))
        )

    @cached_property
    def project(self) -> Project:
        """Return the project with its subsystem rules, detected from the patches."""
        from patchpilot.projects.loading import apply_subsystem_rules, detect

        # without a diff, the project cannot be detected
        patches = [post.patch for post in self.patches if post.patch]
        return apply_subsystem_rules(detect(None, patches), patches)


_DROPPED = re.compile(
    r"\b(?:dropped|dropping|removed|reverted|un-?applied|not really|wrong|ignore|disregard|have"
    r" been (?:sent|added|queued))\b",
    re.IGNORECASE,
)
WENT_ON = ("review", "queued", "proposed", "failed")
"""The states reported by stable trees for a mainline commit."""
_BY_STABLE = (
    "referenced by the stable trees as upstream commit; release unknown without a repository"
)
_RETRIED = ("failed", "dropped")
"""States of a stable branch after which the author sends a backport."""
_CUT = 20
"""Minimum length at which a truncated title identifies a patch."""
_GIVEN_UP = (SeriesState.REJECTED, SeriesState.WITHDRAWN)
_RANK = {"proposed": 0, "failed": 1, "review": 2, "queued": 3, "released": 4}


TEXT_LIMIT = 4000


@json_form(
    "message_id from=sender date=mail.mail.date date_damaged=mail.mail.date_damaged "
    "kind=mail.kind confidence=mail.confidence bot=mail.bot unread subject=mail.mail.subject "
    "version patch unseen_address=mail.doubtful text"
)
class Reply(NamedTuple):
    """A message about a series.

    `revision` and `post` are the revision and the post that it replies to; None means the whole
    series. `parent` is the message that it replies to. `under` is the message of a stable tree that
    started its thread. `unread` is used only for display. `is_guessed` is set if the parent is
    missing and may be about another patch.
    """

    mail: Classified
    revision: Revision | None
    post: Classified | None
    parent: Classified | None
    under: Classified | None = None
    unread: bool = False
    is_guessed: bool = False

    @property
    def message_id(self) -> str:
        return self.mail.message_id

    @property
    def when(self) -> datetime:
        return self.mail.when

    @property
    def version(self) -> int | None:
        """Return the version that the message is about, or None for the whole series."""
        return self.revision.version if self.revision else None

    @property
    def patch(self) -> int | None:
        """Return the patch number: 1 if unnumbered, 0 for the cover letter, None if unknown."""
        if self.post is None:
            return None
        return 0 if self.post.is_cover else self.post.number or 1

    def patch_of(self, tag: GivenTrailer) -> int | None:
        """Return the number of the patch that a tag in the message is for; 0 is the series."""
        return 0 if tag.for_series else self.patch

    @property
    def sender(self) -> str:
        return self.mail.sender.trailer()

    @property
    def text(self) -> str:
        return self.mail.body.text[:TEXT_LIMIT]


@json_form()
class MissingRevision(NamedTuple):
    """A revision that a later revision links to, but that the archive lacks."""

    version: int
    message_id: str


@json_form(
    "author=author_text~ revisions missing_revisions trailers claims patches landed stable "
    "follow_ups patchwork~"
)
@dataclass(frozen=True)
class PostedSeries:
    """A series with all its revisions, oldest first, the messages about it, and its state.

    `identities` contains its known addresses, and `strangers` later revisions posted by unknown
    senders. `only_reported` is True if only a bot's report was read, but not the patch, and
    `is_discussion` if the thread has no patch, but starts with a request or report. `events`
    contains the claims by known senders, which determine the state, and `claims` the unproven
    claims.

    If the repository was searched (`in_repository`), `commits` contains the series' commits in it,
    and `needs` the stable branches that need the fix. `proven` is the state backed by evidence, and
    `state` also takes claims by known senders into account. `now` is the time used to detect a
    stalled series. `post` is set if the evidence is restricted to one patch. `patchwork` contains
    what a patchwork server answered about the patches of the latest version. `tree_command` adds
    the tree that claims to have the series as a remote of the repository. `sent_marks` contains
    the stable versions for which the user sent patches, the patches' numbers, when, and the version
    of the posting, or 0 if the user only marked them as sent.
    `requests` contains the versions that lack the fix and for which a request to the stable
    maintainers was written, or "" if the versions are unknown, and when it was sent, or None for a
    draft. `clones` maps stable versions to a description of the clone in which the user resolves a
    conflict. `declined` are the Message-IDs of declined requests.
    """

    revisions: tuple[Revision, ...]
    identities: Identities = field(default_factory=Identities)
    strangers: tuple[Revision, ...] = ()
    only_reported: bool = False
    is_discussion: bool = False
    replies: tuple[Reply, ...] = ()
    trailers: tuple[Credit, ...] = ()
    events: tuple[Claim, ...] = ()
    claims: tuple[Claim, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    delivery: tuple[DeliveryReport, ...] = ()
    now: datetime = EPOCH
    last_activity: datetime = EPOCH
    commits: tuple[LandedCommit, ...] = ()
    in_repository: bool = False
    needs: StableNeeds | None = None
    post: Classified | None = None
    state: SeriesState = SeriesState.SENT
    why: str = ""
    proven: SeriesState = SeriesState.SENT
    proven_why: str = ""
    patches: tuple[PatchState, ...] = ()
    patchwork: PatchworkAnswer | None = None
    tree_command: str = ""
    sent_marks: tuple[tuple[str, int, datetime, int], ...] = ()
    requests: tuple[tuple[str, datetime | None], ...] = ()
    clones: Mapping[str, str] = field(default_factory=dict)
    declined: frozenset[str] = frozenset()

    @cached_property
    def missing(self) -> dict[str, int]:
        """Map the Message-IDs of missing but linked versions to version numbers."""
        posted_ids = self.post_ids
        return {
            message_id: version
            for post in self.posts
            for message_id, version in post.earlier.items()
            if message_id not in posted_ids
            and version < self.latest.version
            and all(version != other.version for other in self.revisions)
        }

    def is_by_known(self, revision: Revision) -> bool:
        """Return whether a version's sender is known, or the From: header was rewritten by a known
        list.
        """
        return self.identities.knows(self.identities.sender(revision.first))

    @property
    def first_known(self) -> Revision:
        """Return the first version sent by a known author."""
        return next(filter(self.is_by_known, self.revisions), self.revisions[0])

    @property
    def author(self) -> Address:
        return self.latest.author

    def is_author(self, address: Address) -> bool:
        """Return whether an address belongs to the known sender of any version."""
        authors = (revision.author for revision in self.revisions if self.is_by_known(revision))
        return any(self.identities.is_same_person(address, author) for author in authors)

    def has_authors_name(self, address: Address) -> bool:
        """Return whether an address is used with an author's name but is not known to belong to the
        author.
        """
        return not self.is_author(address) and any(
            is_same_person(address, revision.author) for revision in self.revisions
        )

    @property
    def subject(self) -> str:
        """Return the title of the latest version's cover letter or, if it has none, of the patch
        that is not only a prerequisite.
        """
        if self.latest.head.is_cover:
            return self.latest.head.title
        patches = self.latest.patches
        return patches[find_main_patch(it.mail.body[:MOST_TEXT] for it in patches)].title

    @property
    def latest(self) -> Revision:
        return self.revisions[-1]

    @cached_property
    def patch_numbers(self) -> dict[str, str]:
        """Map the Message-IDs of the latest version's patches to numbers such as `2/3`.

        The result is empty if the version has one patch.
        """
        patches = self.latest.patches if self.revisions else ()
        if len(patches) < 2:
            return {}
        return {post.message_id: f"{post.number}/{len(patches)}" for post in patches}

    @cached_property
    def current(self) -> tuple[Revision, ...]:
        """Return the versions to which current replies may belong.

        They are the latest version and, before it, the versions that it resends.
        """
        versions = [self.latest]
        for earlier in reversed(self.revisions[:-1]):
            if not versions[0].is_resend or versions[0].version != earlier.version:
                break
            versions.insert(0, earlier)
        return tuple(versions)

    @property
    def since(self) -> datetime:
        """Return the time at which the latest version was first sent."""
        return self.current[0].first.when

    @cached_property
    def titles(self) -> frozenset[str]:
        return frozenset().union(*(revision.titles for revision in self.revisions))

    def unchanged_since(self, post: Classified) -> datetime:
        """Return the time at which a patch was first sent in its current form. Changes to tags are
        ignored.

        Return the epoch for backports and pull requests, which repeat patches that were applied
        elsewhere.
        """
        if self.latest.backport_to or self.latest.is_pull_request:
            return EPOCH
        key, sent = post.key, self.latest.sent
        for revision in reversed(self.revisions):
            if not any(
                it == post or (it.content == post.content != "" and it.key == key)
                for it in revision.patches
            ):
                break
            sent = revision.sent
        return sent or EPOCH

    @property
    def change_id(self) -> str | None:
        newest_first = reversed(self.revisions)
        ids = (post.change_id for it in newest_first for post in it.posts)
        return next(filter(None, ids), None)

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """Return the stable versions that a backport or a request is for, or none for others.

        A backport without a version in its prefix is for the branch whose message it answers. A
        request becomes one for each branch for which an answer asks for a backport.
        """
        if self.is_discussion:
            refused = (it.version for it in self.events if it.version and it.what == "failed")
            return tuple(dict.fromkeys((*self.latest.requested[1], *refused)))
        if not (self.revisions and self.latest.backport_to):
            return ()
        parent = self.latest.head.mail.in_reply_to
        answered = (it.version for it in self.events if it.version and it.message_id == parent)
        names = self.latest.head.subject.stables or answered
        return tuple(dict.fromkeys(name.removesuffix(".y") for name in names))

    def may_have(self, mail: Classified) -> bool:
        """Return whether a message may be about the series, and not only about other branches."""
        return not mail.branches or any(map(self.concerns, mail.branches))

    def concerns(self, version: str | None) -> bool:
        """Return whether the series can be merged into a stable branch; None is another tree.

        A backport is only for its own branches.
        """
        return not self.targets or (version or "").removesuffix(".y") in self.targets

    @property
    def project(self) -> Project:
        return self.latest.project

    @property
    def waiting(self) -> timedelta:
        """Return the time to wait for a reply before sending a reminder."""
        return timedelta(days=self.project.mail.waiting_days)

    @property
    def posts(self) -> Iterator[Classified]:
        return (post for revision in self.revisions for post in revision.posts)

    @property
    def key(self) -> str:
        """Return the Message-ID of the first version's first message, which identifies a series."""
        return self.revisions[0].head.message_id

    @property
    def began(self) -> datetime:
        return min(revision.head.when for revision in self.revisions)

    @property
    def author_text(self) -> str:
        return self.author.trailer() if self.revisions else ""

    @property
    def missing_revisions(self) -> tuple[MissingRevision, ...]:
        return tuple(MissingRevision(version, ident) for ident, version in self.missing.items())

    @cached_property
    def post_ids(self) -> frozenset[str]:
        return frozenset(post.message_id for post in self.posts)

    @cached_property
    def message_ids(self) -> frozenset[str]:
        """Return the Message-IDs of the series' posts and of all messages about it."""
        return self.post_ids.union(
            (post.message_id for revision in self.strangers for post in revision.posts),
            (reply.message_id for reply in self.replies),
            (report.message_id for report in self.delivery),
        )

    @cached_property
    def taken(self) -> frozenset[int]:
        """Return the numbers of the patches in the latest version that are proven to be applied."""
        return frozenset(
            patch.number
            for patch in self.patches
            if patch.version == self.latest.version and patch.proven in TAKEN
        )

    @cached_property
    def _successes(self) -> dict[tuple[object, ...], datetime]:
        """Map each bot and patch to the time of the bot's last report of a success."""
        return {
            (reply.mail.robot, reply.post): reply.when
            for reply in self.attached
            if reply.mail.verdict is CiVerdict.PASSED
        }

    def has_passed_since(self, failure: Reply) -> bool:
        """Return whether the bot that reported a failure later reported a success."""
        success = self._successes.get((failure.mail.robot, failure.post))
        is_test = failure.mail.verdict is CiVerdict.FAILED
        return is_test and success is not None and success > failure.when

    @property
    def lacks_commits(self) -> bool:
        """Return whether messages report that it was applied, but the repository has no commit."""
        return bool(self.landed) and not self.commits

    @property
    def awaits_git(self) -> bool:
        """Return whether only fetched branches show what comes next: it was applied to a tree (or
        this is unclear), or is a backport in the stable review.
        """
        in_review = (it.state in ("review", "queued") for it in self.stable)
        is_unclear = any(it.known and it.what == "unclear" for it in self.claims)
        return bool(self.landed) or is_unclear or (bool(self.targets) and any(in_review))

    @property
    def is_unfetched(self) -> bool:
        """Return whether messages report a merge into mainline that the repository lacks."""
        is_merged = any(it.in_mainline for it in self.landed)
        return self.in_repository and is_merged and not any(it.in_mainline for it in self.commits)

    @property
    def attached(self) -> tuple[Reply, ...]:
        """Return the messages about the series, without unproven claims by unknown senders."""
        return tuple(reply for reply in self.replies if not reply.mail.doubtful)

    @property
    def commit(self) -> str | None:
        """Return the commit of the series or of its first patch, with its full id if known."""
        ids = [it.commit for it in self.landed if it.commit]
        full_ids = (it for it in ids if it.startswith(ids[0]) and len(it) == 40)
        return next(iter((*full_ids, *ids)), None)

    @cached_property
    def reported_commits(self) -> tuple[LandedCommit, ...]:
        """Return the merges that messages report, mainline last. Merges into stable trees are
        omitted.

        Stable trees accept only mainline commits. Therefore, a message from a stable tree implies
        that the patch was merged into mainline.
        """
        merges: dict[tuple[str, str], LandedCommit] = {}
        with_commit = {
            (event.by, event.patch)
            for event in self.events
            if event.what == "applied" and event.commit
        }
        for event in sorted(self.events, key=lambda it: it.what in WENT_ON):
            commit, title = event.commit, event.title
            tree = event.tree or f"the tree of {event.by}"
            how = "reported on the list" if event.proven else CLAIMED
            if event.what in WENT_ON and commit:
                tree, how, title = default_project().mainline, _BY_STABLE, event.of
            elif not (
                event.what in ("applied", "merged")
                and event.counts
                and (commit or (event.by, event.patch) not in with_commit)
            ):
                continue
            name = (commit or "")[:_SHORT_ID] or title or str(event.patch)
            by, patch, date = event.message_id, event.patch, event.date
            landed = LandedCommit(tree, commit, None, how, by, patch, title, date)
            merges.setdefault((tree, name), landed)
        if self.is_discussion and (commit := self.latest.requested[0]):
            tree = default_project().mainline
            merges[tree, commit] = LandedCommit(tree, commit, None, "named in the request")
        return tuple(merges.values())

    @property
    def landed(self) -> tuple[LandedCommit, ...]:
        """Return the commits found in messages and in the repository.

        Commits from the repository replace those from messages in mainline, with the same id in the
        same tree, and without an id. The mainline commit of a backport is another series.
        """
        no_mainline = bool(self.targets) or any(landed.in_mainline for landed in self.commits)
        known = {(it.tree, (it.commit or "")[:_SHORT_ID]) for it in self.commits}
        numbers = {it.patch for it in self.commits}
        reported = (
            it
            for it in self.reported_commits
            if not (no_mainline and it.in_mainline)
            and (it.tree, (it.commit or "")[:_SHORT_ID]) not in known
            and (it.commit or not numbers.issuperset(self._list_numbers(it)))
        )
        return (*reported, *self.commits)

    def find_numbers(self, title: str | None) -> tuple[int, ...]:
        """Return the numbers of the patches that a title refers to, or 0 if it is not in the latest
        version. None refers to all patches, and so does any title if there is only one.
        """
        patches = self.latest.patches if self.revisions else ()
        if self.post or len(patches) == 1:
            return ((self.post or patches[0]).number or 1,)
        return tuple(it.number or 1 for it in patches if self.is_about(it, title)) or (0,)

    def _list_numbers(self, landed: LandedCommit) -> tuple[int, ...]:
        return (landed.patch,) if landed.patch else self.find_numbers(landed.title)

    def is_about(self, post: Classified, title: str | None) -> bool:
        """Return whether a title refers to a patch; None refers to the whole series.

        Long titles are truncated.
        """
        if title is None:
            return True
        key = title_key(title)
        if key in self.titles or len(key) < _CUT:
            return key == post.key
        return post.key.startswith(key)

    @cached_property
    def upstream(self) -> dict[int, LandedCommit]:
        """Map the numbers of the patches to their mainline commits, if known.

        A patch of a backport names its mainline commit.
        """
        mainline = default_project().mainline
        commits = {
            number: landed
            for landed in self.landed
            if landed.in_mainline and landed.commit
            for number in self.find_numbers(landed.title)
        }
        for post in self.latest.patches if self.targets else ():
            if ids := list_named_commits(post.patch) if post.patch else ():
                commits[post.number or 1] = LandedCommit(mainline, ids[0])
        return commits

    @property
    def backported_commit(self) -> str | None:
        """Return the mainline commit of the last patch, the fix in a backport, or the commit that
        is requested, or None.
        """
        requested = self.latest.requested[0] or None
        return self.find_commit(max(self.upstream, default=1)) or requested

    @property
    def commit_for_branches(self) -> str:
        """Return the mainline commit of a backport or a request, or "" for another series."""
        return (self.backported_commit or "") if self.targets else ""

    def find_commit(self, number: int) -> str | None:
        landed = self.upstream.get(number)
        return landed.commit if landed else None

    @cached_property
    def reported_patches(self) -> dict[tuple[str, int], StableBranchState]:
        """Map the stable branches that messages name, and the numbers of the patches, to the latest
        reported state. The number is 0 for a patch that is not in the latest version.
        """
        branches: dict[tuple[str, int], StableBranchState] = {}
        for event in self.events:
            if event.version is None or event.what not in _RANK or not self.concerns(event.version):
                continue
            version, note = event.version.removesuffix(".y"), event.withdrawn or ""
            state = event.what
            if note:
                # the note is an objection to adding the patch to the stable tree
                is_dropped = _DROPPED.search(note)
                state = "dropped" if is_dropped else "objected"
                state = "not-needed" if event.what == "failed" else state
            for number in self.find_numbers(event.of):
                old = branches.get((version, number))
                if note or not old or _RANK.get(old.state, -1) <= _RANK[state]:
                    branches[version, number] = StableBranchState(
                        version, state, event.message_id, event.commit, note, event.date
                    )
        self._add_posted_backports(branches)
        return branches

    def _add_posted_backports(self, branches: dict[tuple[str, int], StableBranchState]) -> None:
        """Add the branches for which a backport was sent after the latest message about them.

        This includes the series if it is a backport. A later backport without a version in its
        prefix is for the branch whose message it answers.
        """
        posted = [
            (version, number, StableBranchState(version, "posted", None, date=when))
            for version, number, when, _ in self.sent_marks
            if self.concerns(version)
        ]
        last_sent = {(version, number): sent for version, number, _, sent in self.sent_marks}
        numbers = self.find_numbers(None)
        if (targets := self.targets) and not self.is_discussion:
            head = self.latest.first
            note = _describe_review(self.state)
            posted += (
                (
                    it,
                    number,
                    StableBranchState(it, "posted", head.message_id, None, note, head.when),
                )
                for it in targets
                for number in numbers
            )
        for later in self.follow_ups:
            if later.relation != "backports" or later.state in _GIVEN_UP:
                continue
            answered = [it.version for it in branches.values() if it.message_id == later.parent]
            note = _describe_review(later.state)
            backport = StableBranchState("", "posted", later.message_id, None, note, later.when)
            posted += (
                (it, number, backport._replace(version=it, note=note * is_last))
                for it in later.onto or answered
                for number in numbers
                if number in (later.patches or numbers)
                for is_last in [last_sent.get((it, number), 0) <= later.version]
            )
        # a message that is there says more than a mark
        for version, number, state in sorted(posted, key=lambda it: it[2].message_id is None):
            known = branches.get((version, number))
            if not known or (known.state in _RETRIED and _is_before(known.date, state.date)):
                branches[version, number] = state

    @cached_property
    def reported_branches(self) -> tuple[StableBranchState, ...]:
        """Return the stable branches that messages name, each with its least advanced patch."""
        return self._summarize_branches(self.reported_patches)

    def _summarize_branches(
        self, patches: Mapping[tuple[str, int], StableBranchState]
    ) -> tuple[StableBranchState, ...]:
        """Return the state of the least advanced patch for each branch, and which patches it is
        about, unless it is about all.
        """
        branches: dict[str, dict[int, StableBranchState]] = {}
        for (version, number), state in patches.items():
            branches.setdefault(version, {})[number] = state
        return tuple(map(self._summarize_branch, branches.values()))

    def _summarize_branch(self, patches: Mapping[int, StableBranchState]) -> StableBranchState:
        # a proposal need not be about a patch that the author wants there
        proposed = [number for number, state in patches.items() if state.state == "proposed"]
        others = {it: state for it, state in patches.items() if it not in proposed}
        patches = others or patches
        # the last patch of a backport is the fix, whose commit identifies the series
        numbers = sorted(patches, reverse=bool(self.targets))
        least = min((patches[number] for number in numbers), key=_advance)
        # in other states, a more advanced patch is on its way too
        is_bad = least.state in ("failed", "dropped", "objected")
        chosen = {it for it, state in patches.items() if state.state == least.state or not is_bad}
        is_part = not chosen.issuperset({*patches, *self._stable_numbers})
        only = self.name_patches(chosen) if is_part else ""
        notes = [least.note, f"only {only}" if only else ""]
        if others and proposed:
            notes.append(f"{self.name_patches(proposed)} {STABLE_WORDS['proposed']}".strip())
        return least._replace(note=", ".join(filter(None, notes)))

    @cached_property
    def _stable_numbers(self) -> frozenset[int]:
        """Return the numbers of the patches that stable branches may need: all of a backport or of
        a series without tags, otherwise the ones that are tagged as fixes or for stable branches.
        """
        tagged = () if self.targets else filter(self._is_tagged_fix, self.latest.patches)
        numbers = frozenset(it.number or 1 for it in tagged)
        return numbers or frozenset(self.find_numbers(None))

    def _is_tagged_fix(self, post: Classified) -> bool:
        tags = post.patch.trailers if post.patch else ()
        is_fix = any(tag.key == "fixes" for tag in tags)
        return is_fix or self.project.lists.has_stable_tag(tags)

    def name_patches(self, numbers: Iterable[int]) -> str:
        """Return a name for some patches, such as `patch 2 of 3`, or "" for all or for none."""
        known = set(self.find_numbers(None))
        chosen = sorted(known.intersection(numbers))
        if self.post or not chosen or len(chosen) == len(known):
            return ""
        noun = "patch" if len(chosen) == 1 else "patches"
        return f"{noun} {', '.join(map(str, chosen))} of {len(known)}"

    @property
    def tag_counts(self) -> dict[str, int]:
        """Return the number of tags by name. A tag that a person gave to a patch in several
        versions counts once.
        """
        keys = set[tuple[str, str, int | None]]()
        for credit in self.trailers:
            tag = parse_trailer(credit.trailer, any_name=True)
            if tag and tag.name.endswith("-by"):
                giver = tag.address.key if tag.address else tag.value
                keys.add((tag.name, giver, credit.patch))
        return dict(Counter(name for name, _, _ in sorted(keys, key=str)))

    @cached_property
    def stable(self) -> tuple[StableBranchState, ...]:
        """Return the stable branches from messages and from the repository, with their states.

        They are in the order of their versions. A branch has the state of its least advanced patch.
        """
        branches = self._summarize_branches(self.stable_patches)
        return tuple(sorted(branches, key=lambda branch: version_key(branch.version)))

    @cached_property
    def stable_patches(self) -> dict[tuple[str, int], StableBranchState]:
        """Map the stable branches and the numbers of the patches to states from messages and from
        the repository.
        """
        branches = dict(self.reported_patches)
        in_git: dict[tuple[str, int], StableBranchState] = {}
        for landed in self.commits:
            if not (version := landed.stable_version):
                continue
            release = landed.release or "" if landed.state == "released" else ""
            for number in self._list_numbers(landed):
                key = version, number
                known = branches.get(key, StableBranchState(version, landed.state, None))
                state = known._replace(
                    state=landed.state, commit=landed.commit, note=release, date=landed.date
                )
                in_git[key] = min(in_git.get(key, state), state, key=_advance)
        branches |= in_git
        for key, failed in branches.items():
            unaffected = self.needs.unaffected if self.needs else ()
            if failed.state == "failed" and failed.version in unaffected:
                note = "the branch does not have the bug"
                branches[key] = failed._replace(state="not-needed", note=note)
        return branches

    def list_branches(self, commit: str) -> tuple[StableBranchState, ...]:
        """Return the states of a mainline commit on the stable branches.

        They are the states of its patch or, if that is unknown, of the series. States from the
        repository are left out.
        """
        numbers = [
            number
            for number, landed in self.upstream.items()
            if landed.commit and commit.startswith(landed.commit)
        ]
        if not numbers:
            # the patches of a backport name its mainline commits
            own = self.commit or (commit if self.targets else "-")
            return tuple(it for it in self.stable if commit.startswith(it.commit or own))
        return tuple(
            state
            for (_, number), state in self.stable_patches.items()
            if number in numbers and commit.startswith(state.commit or commit)
        )


def _advance(state: StableBranchState) -> tuple[int, bool, list[int]]:
    """Return a key that is the smallest for the least advanced patch on a stable branch."""
    release = [-int(number) for number in re.findall(r"\d+", state.note[:99])]
    is_released = state.state == "released"
    return LEAST_ADVANCED.index(state.state), not state.needs_change, release * is_released


def _describe_review(state: SeriesState) -> str:
    return CHANGES if state is SeriesState.CHANGES_REQUESTED else ""


def _parse_new_path(line: str) -> str | None:
    return parse_header_path(line[4:]) if line.startswith("+++ ") else parse_git_paths(line)[1]


def _is_before(earlier: datetime | None, later: datetime | None) -> bool:
    return earlier is None or later is None or earlier <= later
