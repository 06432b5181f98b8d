# SPDX-License-Identifier: GPL-2.0-or-later
"""The status of a series as plain values: state, tags, replies, merges, stable branches and
follow-ups.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.model.action import Action, Advice
from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form
from patchpilot.projects.loading import default_project, projects
from patchpilot.reading.sender import UNSEEN

if TYPE_CHECKING:
    from patchpilot.reading.delivery import DeliveryReport
    from patchpilot.reading.posted_series import Post, PostedTopic
    from patchpilot.reading.thread_match import Reply


class SeriesState(StrEnum):
    """The state of a series, as named in JSON.

    The first two states are those of a topic that no archive has.
    """

    NOT_SENT = "not-sent"
    PARTLY_SENT = "partly-sent"
    SENT = "sent"
    UNDER_REVIEW = "under-review"
    CHANGES_REQUESTED = "changes-requested"
    PARTLY_ACCEPTED = "partly-accepted"
    ACCEPTED = "accepted"
    IN_NEXT = "in-next"
    IN_MAINLINE = "in-mainline"
    IN_STABLE = "in-stable"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    STALLED = "stalled"


REFUSED = (SeriesState.REJECTED, SeriesState.SUPERSEDED, SeriesState.WITHDRAWN)
"""States that a commit of the same title does not change."""
FINAL = (SeriesState.IN_MAINLINE, SeriesState.IN_STABLE, *REFUSED)
"""States in which no review is awaited."""
TAKEN = (
    SeriesState.ACCEPTED,
    SeriesState.IN_NEXT,
    SeriesState.IN_MAINLINE,
    SeriesState.IN_STABLE,
)
"""The states of a patch that is in a tree, the least advanced first."""
LANDED = (SeriesState.PARTLY_ACCEPTED, *TAKEN)
"""States in which a maintainer has taken the series."""


def decide_topic(
    series: SeriesState | None, *, sent: bool, partly: bool
) -> SeriesState:
    """Determine the state of a topic.

    It is derived from its sends if no archive can have more, otherwise from the state of its
    tracked series (None: not tracked). `sent` is whether messages of a version were accepted;
    `partly` is whether only some messages of the latest send were.
    """
    if partly:
        return SeriesState.PARTLY_SENT
    if series is not None:
        return series
    return SeriesState.SENT if sent else SeriesState.NOT_SENT


class NextStepNeed(StrEnum):
    """What a series needs from its author."""

    ACTION = "action"
    PATIENCE = "patience"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next step in one sentence, and whether the author must take it."""

    need: NextStepNeed
    advice: Advice


@json_form("trailer", "message_id", "version", "patch", "conditional", "asks~")
@dataclass(frozen=True, slots=True)
class Credit:
    """A tag given to a series.

    Contains its text, the message that gives it, and the version and patch number (0: the whole
    series) for which it was given. `asks` is the reason why it is not added without confirmation:
    its address is not the sender's, or is an author's.
    """

    trailer: str
    message_id: str
    version: int
    patch: int | None
    conditional: str | None = None
    asks: str = ""


CLAIMED = "claimed on the list"
"""How a commit is known that only words report."""
LINUX_NEXT = "linux-next"
"""The name of the integration tree."""


@json_form("tree", "commit", "release", "how", "patch", "title", "message_id")
@dataclass(frozen=True, slots=True)
class LandedCommit:
    """A series' or patch's commit in a tree.

    Contains the tree, the commit (id as reported), the first release with it (None: unknown), and
    the evidence. `date` is that of the message or commit; `reverted_by` is the commit that later
    reverted it there.
    """

    tree: str
    commit: str | None
    release: str | None = None
    how: str = ""
    message_id: str | None = None
    patch: int | None = None
    title: str | None = None
    date: datetime | None = None
    reverted_by: str | None = None

    @property
    def in_mainline(self) -> bool:
        return any(self.tree == project.mainline for project in projects().values())

    @property
    def state(self) -> str:
        """Return its state there: merged, released or reverted."""
        if self.reverted_by:
            return "reverted"
        return "released" if self.release else "merged"

    @property
    def is_next(self) -> bool:
        return self.tree == LINUX_NEXT

    @property
    def stable_version(self) -> str | None:
        """Return the version of the stable branch, or None."""
        return (
            self.tree.removeprefix("stable/linux-").removesuffix(".y")
            if self.tree.startswith("stable/")
            else None
        )


STABLE_WORDS = {
    "queued": "queued",
    "review": "under review",
    "proposed": "proposed by AUTOSEL",
    "failed": "did not apply",
    "dropped": "dropped",
    "reverted": "reverted",
    "objected": "objected to",
    "not-needed": "not needed",
    "merged": "merged, in no release yet",
    "released": "released",
}
"""What the state of a stable branch is called."""


def stable_summary(branches: Sequence["StableBranch"]) -> str:
    """Return the stable branches in one line: `6.12 under review; 6.1 did not apply`."""
    return "; ".join(f"{branch.version} {branch.words}" for branch in branches)


@json_form("version", "state", "commit", "message_id", "note")
@dataclass(frozen=True, slots=True)
class StableBranch:
    """A stable branch and the state of the series in it.

    `state` is queued, review, proposed, failed, dropped, objected or not-needed (from messages),
    or merged, released or reverted (from the repository's branch). `note` is the release.
    """

    version: str
    state: str
    message_id: str | None
    commit: str | None = None
    note: str = ""
    date: datetime | None = None

    @property
    def words(self) -> str:
        """Return its state as text."""
        words = STABLE_WORDS.get(self.state, self.state)
        note = (
            f"in {self.note}"
            if self.state == "released" and self.note
            else f": {self.note}"
            if self.note
            else ""
        )
        return f"{words}{'' if note.startswith(':') else ' '}{note}".rstrip()


class StableNeeds(NamedTuple):
    """The stable branches that need a merged fix.

    `is_tagged` is whether a commit has a Cc: stable tag. `lacking` are the versions of the
    maintained branches that have the bug and lack the fix; None if that cannot be known, without
    a Fixes: tag or without stable branches in the repository.
    """

    is_tagged: bool
    lacking: tuple[str, ...] | None


@json_form("date", "message_id", "commit")
class Proof(NamedTuple):
    """The proof of a state: a message or commit, and its date or None."""

    date: datetime | None = None
    message_id: str | None = None
    commit: str | None = None


@json_form()
@dataclass(frozen=True, slots=True)
class PatchState:
    """The state of one patch, with its reason and proof.

    `number` is its number in `version`, the last version that contained it. A patch that was
    applied and then dropped from the next version is included.
    """

    number: int
    version: int
    title: str
    message_id: str
    state: SeriesState
    why: str
    proof: Proof
    proven: SeriesState = SeriesState.SENT


@json_form(
    "relation",
    "subject",
    "author=author_text",
    "message_id",
    "version",
    "state",
    "commit",
    "tree",
    "lacking",
)
@dataclass(frozen=True, slots=True)
class FollowUp:
    """A later series or commit related to this one, such as its fix or revert, and its state.

    `lacking` are the stable branches that have this series but not the follow-up; it is None if
    no repository shows that. A commit that is not known from any message has no Message-ID.
    """

    relation: str
    subject: str
    author: Address
    message_id: str
    version: int
    state: SeriesState
    commit: str | None
    tree: str | None
    lacking: tuple[str, ...] | None = None

    @property
    def author_text(self) -> str:
        return self.author.trailer()


_SAYS = {
    "applied": "reports it applied",
    "merged": "reports it merged",
    "queued": "reports it queued for stable",
    "dropped": "reports it dropped",
    "refused": "rejects it",
    "withdrawn": "withdraws it",
    "promised": "will apply it",
    "unclear": "unclear, read it",
}
IN_A_TREE = ("applied", "merged", "queued")
"""Claims that a commit proves."""


@json_form(
    "message_id", "from=by", "date", "what", "patch", "sentence", "known", "needs~"
)
class Claim(NamedTuple):
    """A message's claim about a series, and the sentence that makes it.

    `what` is applied, merged (mainline), queued, review, proposed, failed (stable), refused,
    dropped, withdrawn, redone (a new version announced in patchwork), promised (will be applied),
    or unclear. `tree`, `commit` and `version` are set if they were reported. `of` is the title of
    the patch it is about (None: the series, or unknown). `withdrawn` are the words that took it
    back. `known` is whether its sender may say so, `proven` whether it proves itself.
    """

    what: str
    date: datetime | None
    message_id: str
    sender: Address
    tree: str | None = None
    commit: str | None = None
    version: str | None = None
    patch: int | None = None
    title: str | None = None
    sentence: str = ""
    of: str | None = None
    withdrawn: str | None = None
    known: bool = True
    proven: bool = False

    @property
    def counts(self) -> bool:
        return self.withdrawn is None

    @property
    def by(self) -> str:
        return self.sender.trailer()

    @property
    def needs(self) -> str:
        """Return what would prove it, or ""."""
        if self.what in IN_A_TREE:
            return "a commit in a fetched tree"
        if self.what == "unclear":
            return ""
        return str(Action("track", ("confirm", f"<{self.message_id}>"), "`{}`"))

    @property
    def words(self) -> str:
        """Return the claim in words, with its sentence."""
        who = self.sender.called if self.known else f"{self.by}, {UNSEEN},"
        if self.what in ("superseded", "forwarded"):
            return f"{who} {self.sentence}"
        verb = _SAYS.get(self.what, self.what)
        verb = f"{':' if self.what == 'unclear' else ''} {verb}"
        quoted = f": “{self.sentence}”" if self.sentence else ""
        unseen = " (not seen in a tree yet)" if self.what in IN_A_TREE else ""
        return f"{who}{verb}{quoted}{unseen}"


@dataclass(frozen=True)
class Status:
    """The status of one series.

    `proven` is the state that evidence proves, `state` what somebody who may say so claims last.
    `claims` are what messages say that nothing proves yet.
    `in_repository`: its commits were searched for in a repository.
    `needs` is what the repository shows of the stable branches that need it, if it is merged.
    """

    topic: "PostedTopic"
    state: SeriesState
    why: str
    trailers: tuple[Credit, ...]
    replies: "tuple[Reply, ...]"
    follow_ups: tuple[FollowUp, ...]
    message_ids: frozenset[str]
    evidence: "Evidence"
    patches: tuple[PatchState, ...] = ()
    delivery: "tuple[DeliveryReport, ...]" = ()
    claims: tuple[Claim, ...] = ()
    in_repository: bool = False
    needs: "StableNeeds | None" = None
    proven: SeriesState = SeriesState.SENT
    proven_why: str = ""

    @property
    def events(self) -> tuple[Claim, ...]:
        return self.evidence.events

    @property
    def landed(self) -> tuple[LandedCommit, ...]:
        """The commits in messages and in the repository."""
        return self.evidence.places

    @property
    def stable(self) -> tuple[StableBranch, ...]:
        """The stable branches named by messages or the repository."""
        return self.evidence.branches

    @property
    def last_activity(self) -> datetime | None:
        return self.evidence.last

    @property
    def commit(self) -> str | None:
        """The commit it became, with the full id if known: the first one reported for the whole
        series or its first patch.
        """
        known = [landed.commit for landed in self.landed if landed.commit] + [
            event.commit
            for event in self.events
            if event.commit and event.what in ("review", "queued")
        ]
        first = next(iter(known), None)
        return next(
            (
                commit
                for commit in known
                if first and commit.startswith(first) and len(commit) == 40
            ),
            first,
        )


_DROPPED = re.compile(
    r"\b(?:dropped|dropping|removed|reverted|un-?applied|not really|wrong|ignore|disregard|have"
    r" been (?:sent|added|queued))\b",
    re.IGNORECASE,
)
WENT_ON = ("review", "queued", "proposed", "failed")
"""What stable trees report of a commit of the mainline."""
_RANK = {"proposed": 0, "failed": 1, "review": 2, "queued": 3, "released": 4}


@dataclass(frozen=True)
class Evidence:
    """The evidence for the state of a series.

    It consists of messages, what they claim, and commits in the repository. `attached` are the
    messages about it. `now` is the time used to detect a stalled series. `post` is the patch that
    all the evidence is about, or None for a series of several patches.
    """

    topic: "PostedTopic"
    attached: "tuple[Reply, ...]"
    events: tuple[Claim, ...]
    now: datetime
    last: datetime | None
    commits: tuple[LandedCommit, ...] = ()
    post: "Post | None" = None

    @property
    def proofs(self) -> "Evidence":
        """The same without mere claims."""
        return replace(
            self,
            events=tuple(
                event if event.proven else event._replace(what="claimed")
                for event in self.events
            ),
        )

    @cached_property
    def landed(self) -> tuple[LandedCommit, ...]:
        """The merges outside the stable trees according to messages, mainline last.

        Stable trees take only mainline commits, so messages about them imply that mainline has
        the commit.
        """
        found: dict[tuple[str, str], LandedCommit] = {}
        sure = {
            (event.by, event.patch)
            for event in self.events
            if event.what == "applied" and event.commit
        }
        for event in self.events:
            is_merge = event.what in ("applied", "merged") and event.counts
            if is_merge and (event.commit or (event.by, event.patch) not in sure):
                how = "reported on the list" if event.proven else CLAIMED
                tree = event.tree or f"the tree of {event.by}"
                named = (event.commit or "")[:12] or event.title or str(event.patch)
                landed = _landed(event, tree, how, event.title)
                found.setdefault((tree, named), landed)
        if any(it.what == "merged" and not it.withdrawn for it in self.events):
            return tuple(found.values())
        how = "referenced by the stable trees as upstream commit; release unknown"
        how += " without a repository"
        tree = default_project().mainline
        for event in self.events:
            if event.what in WENT_ON and event.commit:
                landed = _landed(event, tree, how, event.of)
                found.setdefault((tree, event.commit[:12]), landed)
        return tuple(found.values())

    @property
    def places(self) -> tuple[LandedCommit, ...]:
        """The commits in messages, overridden by those in the repository."""
        in_mainline = any(landed.in_mainline for landed in self.commits)
        reported = (it for it in self.landed if not (in_mainline and it.in_mainline))
        return (*reported, *self.commits)

    @cached_property
    def stable(self) -> tuple[StableBranch, ...]:
        """The stable branches in messages, each with its latest state."""
        branches: dict[str, StableBranch] = {}
        for event in self.events:
            if event.version is None or event.what not in _RANK:
                continue
            version, note = event.version.removesuffix(".y"), event.withdrawn or ""
            state = _taken_back(event) if note else event.what
            old = branches.get(version)
            if old and not note and _RANK.get(old.state, -1) > _RANK[state]:
                continue
            branches[version] = StableBranch(
                version, state, event.message_id, event.commit, note, event.date
            )
        return tuple(branches.values())

    @cached_property
    def branches(self) -> tuple[StableBranch, ...]:
        """The stable branches in messages or in the repository, with their states."""
        branches = {branch.version: branch for branch in self.stable}
        for landed in self.commits:
            if version := landed.stable_version:
                known = branches.get(version, StableBranch(version, "merged", None))
                branches[version] = replace(
                    known,
                    state=landed.state,
                    commit=landed.commit,
                    note=landed.release or "" if landed.state == "released" else "",
                    date=landed.date,
                )
        return tuple(branches.values())


def _landed(event: Claim, tree: str, how: str, title: str | None) -> LandedCommit:
    by, patch, date = event.message_id, event.patch, event.date
    return LandedCommit(tree, event.commit, None, how, by, patch, title, date)


def _taken_back(event: Claim) -> str:
    """Return a person's objection to a stable mail: it was dropped, somebody objects, or a
    branch that it did not apply to does not need it.
    """
    if event.what == "failed":
        return "not-needed"
    return "dropped" if _DROPPED.search(event.withdrawn or "") else "objected"
