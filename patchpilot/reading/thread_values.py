# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the values that describe a series, which are its state, tags, merges, stable branches and
follow-ups.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from patchpilot.model.action import Action, Advice, actions_in_advice
from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form
from patchpilot.model.trailer import is_trailer
from patchpilot.projects.loading import projects
from patchpilot.reading.sender import UNSEEN


class SeriesState(StrEnum):
    """The state of a series. The values are used in JSON.

    The first two states are used only for topics that are not in an archive.
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
"""States that are kept even if a commit has the same title."""
MERGED = (SeriesState.IN_MAINLINE, SeriesState.IN_STABLE)
"""States of a series whose mainline commit is known."""
FINAL = (*MERGED, *REFUSED)
"""States in which no review is expected."""
TAKEN = (
    SeriesState.ACCEPTED,
    SeriesState.IN_NEXT,
    SeriesState.IN_MAINLINE,
    SeriesState.IN_STABLE,
)
"""States of an applied patch, least advanced first."""
LANDED = (SeriesState.PARTLY_ACCEPTED, *TAKEN)
"""States in which at least part of the series was applied."""


def decide_topic(series: SeriesState | None, *, sent: bool, partly: bool) -> SeriesState:
    """Return the state of a topic.

    If the series is tracked, return its state, unless the latest send is incomplete. Otherwise, the
    state depends on whether messages were sent.
    """
    if partly:
        return SeriesState.PARTLY_SENT
    if series is not None:
        return series
    return SeriesState.SENT if sent else SeriesState.NOT_SENT


class Turn(StrEnum):
    """The person whose turn it is.

    The members are in the order of the groups on the home screen.
    """

    YOURS = "your turn"
    WAITING = "waiting"
    FINISHED = "finished"


class NextStep(NamedTuple):
    """The next step in one sentence, and the person whose turn it is.

    `held_by` quotes the message, with its Message-ID, because of which nothing should be sent for
    now: it asks for that, or may have decided the series.
    """

    need: Turn
    advice: Advice
    held_by: str = ""

    @property
    def is_held(self) -> bool:
        return bool(self.held_by)

    @property
    def message_to_answer(self) -> str:
        """Return the Message-ID of the message that the step asks to answer, or ""."""
        actions = ((it.name, *it.arguments) for it in actions_in_advice(self.advice))
        return next((it[2][1:-1] for it in actions if it[:2] == ("track", "reply")), "")


@json_form("trailer message_id version patch conditional asks~")
class Credit(NamedTuple):
    """A tag given to a series.

    `version` and `patch` state what the tag was given for; patch 0 is the whole series. `asks` is
    the reason why the user must confirm the tag: its address is not the sender's, it claims
    authorship, or the message that it was given in reply to is missing.
    """

    trailer: str
    message_id: str
    version: int
    patch: int | None
    conditional: str | None = None
    asks: str = ""


CLAIMED = "claimed on the list"
"""The evidence for a commit that is only claimed in messages."""
LINUX_NEXT = "linux-next"
"""The name of the integration tree."""


@json_form("tree commit release how patch title message_id")
class LandedCommit(NamedTuple):
    """A commit of a series or patch in a tree.

    `commit` is the id as reported. `release` is the first release that contains the commit, or None
    if unknown. `how` is the evidence, and `date` the date of the message or commit. `reverted_by`
    is the commit that later reverted it in that tree, and `released` the date of the release.
    `parent` is the commit before it, or "" if unknown.
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
    released: datetime | None = None
    parent: str = ""

    @property
    def in_mainline(self) -> bool:
        return any(self.tree == project.mainline for project in projects().values())

    @property
    def state(self) -> str:
        """Return the commit's state in the tree: merged, released or reverted."""
        if self.reverted_by:
            return "reverted"
        return "released" if self.release else "merged"

    @property
    def is_next(self) -> bool:
        return self.tree == LINUX_NEXT

    @property
    def stable_version(self) -> str | None:
        """Return the version of the stable branch, or None for other trees."""
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
    "posted": "backport sent",
    "dropped": "dropped",
    "reverted": "reverted",
    "objected": "objected to",
    "not-needed": "not needed",
    "merged": "merged, in no release yet",
    "released": "released",
}
"""The display names of the states of a stable branch."""
LEAST_ADVANCED = (
    *("failed", "reverted", "dropped", "objected", "proposed", "posted"),
    *("review", "queued", "merged", "released", "not-needed"),
)
"""The states of a patch on a stable branch; the first determines the state of its series."""
CHANGES = "changes requested"
"""The note of a posted backport whose reviewers requested changes."""


def stable_summary(branches: Sequence["StableBranchState"]) -> str:
    """Summarize stable branches, for example as `6.12 under review; 6.1 did not apply`."""
    return "; ".join(f"{branch.version} {branch.words}" for branch in branches)


CommitOnBranch = tuple[str, str]
"""A mainline commit and a stable version, such as `6.1`."""


class SentBackport(NamedTuple):
    """When the user sent a backport, and the local branch with its commits, or "" for files.

    `post_version` is the version of the posting, such as 2 for `[PATCH 6.1 v2]`.
    """

    when: datetime
    branch: str
    post_version: int = 1


SentBackports = Mapping[CommitOnBranch, SentBackport]
"""The last send of each mainline commit for each stable version."""

NO_BACKPORTS: SentBackports = MappingProxyType({})


@json_form("version state commit message_id note")
class StableBranchState(NamedTuple):
    """A stable branch and the state of the series in it.

    From messages, `state` is queued, review, proposed, failed, posted (a backport was sent after
    that), dropped, objected or not-needed.
    From the repository, it is merged, released or reverted. `note` is a release, an objection, or
    that changes to a posted backport were requested, and the patches if others are more advanced.
    """

    version: str
    state: str
    message_id: str | None
    commit: str | None = None
    note: str = ""
    date: datetime | None = None

    @property
    def has_commit(self) -> bool:
        """Return whether the branch in the repository has the series and did not revert it."""
        return self.state in ("merged", "released")

    @property
    def needs_change(self) -> bool:
        """Return whether changes to the backport that was sent were requested."""
        return self.state == "posted" and self.note.startswith(CHANGES)

    @property
    def words(self) -> str:
        """Describe the branch's state."""
        between = " in " if self.state == "released" else ": "
        note = f"{between}{self.note}" if self.note else ""
        return f"{STABLE_WORDS[self.state]}{note}".rstrip()


class StableNeeds(NamedTuple):
    """The stable branches that need a merged fix.

    `is_tagged` is set if a commit has a Cc: stable tag. `lacking` contains the maintained branches
    that have the bug but not the fix. It is None if there is no Fixes: tag or no stable branch.
    `unaffected` contains the branches that have neither.
    """

    is_tagged: bool
    lacking: tuple[str, ...] | None
    unaffected: tuple[str, ...] = ()


@json_form("date message_id commit")
class Proof(NamedTuple):
    """The message or commit that proves a state, and its date."""

    date: datetime | None = None
    message_id: str | None = None
    commit: str | None = None


@json_form()
class PatchState(NamedTuple):
    """The state of one patch, with its reason and proof.

    `version` is the last version that contains the patch, and `number` the number of the patch in
    that version. A patch that the next version omits because it was applied has a state too.
    """

    number: int
    version: int
    title: str
    message_id: str
    state: SeriesState
    why: str
    proof: Proof
    proven: SeriesState = SeriesState.SENT


@json_form("relation subject author=author_text message_id version state commit tree lacking")
class FollowUp(NamedTuple):
    """A later series or commit that is related to a series, such as its fix or revert.

    `lacking` contains the stable branches that have the series but not the follow-up, or None if
    this is unknown. Commits that no message mentions have no Message-ID. For a backport, `onto`
    contains the versions in its prefix, `when` is its date, `parent` the message that it replies
    to, and `patches` the numbers of the series' patches in it. `is_own` is set if the user sent it.
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
    onto: tuple[str, ...] = ()
    when: datetime | None = None
    parent: str = ""
    patches: tuple[int, ...] = ()
    is_own: bool = False

    @property
    def author_text(self) -> str:
        return self.author.trailer()

    @property
    def words(self) -> str:
        """Describe the relation, and name the stable versions of a backport."""
        branches = f" to {', '.join(self.onto)}" if self.onto else ""
        return f"{self.relation} it{branches}"


_SAYS = {
    "applied": "reports it applied",
    "merged": "reports it merged",
    "queued": "reports it queued for stable",
    "dropped": "reports it dropped",
    "refused": "rejects it",
    "withdrawn": "withdraws it",
    "promised": "will apply it",
    "unclear": "unclear statement",
}
IN_A_TREE = ("applied", "merged", "queued")
"""Claims that a commit can prove."""


@json_form("message_id from=by date what patch sentence known needs~")
class Claim(NamedTuple):
    """A message's claim about a series, with the sentence that makes it.

    `what` is applied, merged (into mainline), queued, review, proposed, failed (stable), refused,
    dropped, withdrawn, redone (patchwork announces a new version), promised (will be applied), or
    unclear. `of` is the title of the patch, or None if the claim is about the series or this is
    unknown. `withdrawn` is the text that retracts the claim. `known` is set if the sender may make
    the claim, and `proven` if the claim needs no further proof.
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
        """Return the evidence or command that would confirm the claim, or ""."""
        if self.what in IN_A_TREE:
            return "a commit in a fetched tree"
        if self.what == "unclear":
            return ""
        return str(Action("track", ("confirm", f"<{self.message_id}>"), "`{}`"))

    @property
    def words(self) -> str:
        """Describe the claim and quote its sentence."""
        who = self.sender.called if self.known else f"{self.by}, {UNSEEN},"
        if self.what in ("superseded", "forwarded"):
            return f"{who} {self.sentence}"
        verb = _SAYS.get(self.what, self.what)
        verb = f"{':' if self.what == 'unclear' else ''} {verb}"
        is_own_tag = self.sender.called in self.sentence and is_trailer(self.sentence)
        quoted = f": “{self.sentence}”" if self.sentence and not is_own_tag else ""
        is_visible = self.what in IN_A_TREE and self.what != "queued"
        unseen = " (not seen in a tree yet)" if is_visible else ""
        return f"{who}{verb}{quoted}{unseen}"
