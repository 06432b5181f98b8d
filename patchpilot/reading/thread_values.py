# SPDX-License-Identifier: GPL-2.0-or-later
"""The status of a series as values: state, tags, replies, merges, stable branches and follow-ups."""  # noqa: E501

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.model.action import Advice
from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form
from patchpilot.projects.loading import projects

if TYPE_CHECKING:
    from patchpilot.reading.delivery import DeliveryReport
    from patchpilot.reading.identities import Claim
    from patchpilot.reading.mail_classifier import Classified
    from patchpilot.reading.posted_series import Post, PostedTopic, Revision
    from patchpilot.reading.thread_events import Event
    from patchpilot.reading.thread_match import Attached


class SeriesState(StrEnum):
    """The states of a series, as JSON names them.

    The first two are of a topic that no archive has.
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
    """The state of a topic: that of its sends where no archive can have more, otherwise that of its
    tracked series (None: not tracked).

    `sent`: mails of a version were accepted; `partly`: some mails of the latest send were accepted
    and others not, or unknown.
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
    """The next step in one sentence, and whether it is the author's."""

    need: NextStepNeed
    advice: Advice


@json_form("trailer", "message_id", "version", "patch", "conditional", "asks~")
@dataclass(frozen=True, slots=True)
class Credit:
    """A tag given to the series: its text, the mail that gives it, the version and patch number (0:
    the whole series) it is for.

    `asks` says why it is not added unasked: it names an address that is not the sender's, or an
    author.
    """

    trailer: str
    message_id: str
    version: int
    patch: int | None
    conditional: str | None = None
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail about the series, and the revision it is about (None: the series as a whole)."""

    mail: "Classified"
    version: int | None
    patch: int | None
    revision: "Revision | None" = None


LINUX_NEXT = "linux-next"
"""The name of the integration tree."""


@json_form("tree", "commit", "release", "how", "patch", "title", "message_id")
@dataclass(frozen=True, slots=True)
class LandedCommit:
    """A tree that has it: tree, commit (id as reported), the first release with it (None: unknown),
    and the evidence; `date` is that of the mail or commit, `reverted_by` the commit that reverted
    it there since."""

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
        """Whether the tree is a project's mainline."""
        return any(self.tree == project.mainline for project in projects().values())

    @property
    def is_next(self) -> bool:
        """Whether the tree is linux-next."""
        return self.tree == LINUX_NEXT

    @property
    def stable_version(self) -> str | None:
        """The version of the stable branch that the tree is, or None."""
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
    """The stable branches in one line: `6.12 under review; 6.1 did not apply`."""
    return "; ".join(f"{branch.version} {branch.words}" for branch in branches)


@json_form("version", "state", "commit", "message_id", "note")
@dataclass(frozen=True, slots=True)
class StableBranch:
    """A stable branch the series was named for: `state` is queued, review, proposed, failed,
    dropped, objected, not-needed (these by mail), merged, released or reverted (in the repository's
    branch; `note` is the release)."""

    version: str
    state: str
    message_id: str | None
    commit: str | None = None
    note: str = ""
    date: datetime | None = None

    @property
    def words(self) -> str:
        """Its state as text."""
        words = STABLE_WORDS.get(self.state, self.state)
        note = (
            f"in {self.note}"
            if self.state == "released" and self.note
            else f": {self.note}"
            if self.note
            else ""
        )
        return f"{words}{'' if note.startswith(':') else ' '}{note}".rstrip()


@json_form("date", "message_id", "commit")
class Proof(NamedTuple):
    """What proves a state: a mail or a commit, and its date (None: unknown)."""

    date: datetime | None = None
    message_id: str | None = None
    commit: str | None = None


@json_form("tree", "state", "release", "note", "proof")
@dataclass(frozen=True, slots=True)
class TreeState:
    """How far one patch is in one tree, with the proof.

    `tree` is a maintainer's tree, `linux-next`, the mainline (`torvalds/linux`) or a stable branch
    (`stable/linux-6.1.y`). `state` is applied, merged or released (then `release` is the first one
    with it), dropped or reverted; of a stable branch also proposed, queued, review, failed,
    objected or not-needed.
    """

    tree: str
    state: str
    proof: Proof
    release: str | None = None
    note: str = ""


@json_form()
@dataclass(frozen=True, slots=True)
class PatchState:
    """The state of one patch, its reason and proof, and how far it is in each tree, in the order of
    its way.

    `number` is its number in the `version` it was last sent in; a patch that was applied and then
    left out of the next version is listed too.
    """

    number: int
    version: int
    title: str
    message_id: str
    state: SeriesState
    why: str
    proof: Proof
    trees: tuple[TreeState, ...] = ()


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
    """A later series or commit related to this one, such as a fix or revert of it, with its own
    state; `lacking` are the stable branches that have this one and lack the later one, None where
    no repository shows it. A commit that no mail is known of has no Message-ID."""

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
        """Its author as a trailer names them."""
        return self.author.trailer()


@dataclass(frozen=True, slots=True)
class Carrier:
    """Another's series or pull request that forwards these patches: its title, who sends it,
    whether it was merged, and the mail that says so.

    Of one that takes the series over as its next `version`, `state` is how far that is. `titles`
    are the titles that it forwards, as they are compared (none: all), `landed` where it was
    reported to be.
    """

    subject: str
    sender: str
    merged: bool
    proof: Proof
    version: int = 0
    state: SeriesState | None = None
    titles: frozenset[str] = frozenset()
    landed: tuple[LandedCommit, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for the state of a series: its mails and what they report, forwarding series,
    reverts, its commits in the repository.

    `attached` are the mails about it, `landed` and `stable` what they report; `reverted` is the
    branch that a revert of it is for ("" is mainline) where only that says that it landed;
    `commits` and `branches` are what a repository has, the latter with what mails report of other
    branches; `now` is the time for "stalled"; `post` is the patch that all of it is about, None for
    a series of several.
    """

    topic: "PostedTopic"
    attached: "tuple[Attached, ...]"
    events: "tuple[Event, ...]"
    landed: tuple[LandedCommit, ...]
    stable: tuple[StableBranch, ...]
    now: datetime
    last: datetime | None
    carriers: tuple[Carrier, ...] = ()
    reverted: str | None = None
    commits: tuple[LandedCommit, ...] = ()
    branches: tuple[StableBranch, ...] = ()
    post: "Post | None" = None


@dataclass(frozen=True)
class Status:
    """The status of one series.

    `claims` are mails that change nothing until the user says that their sender is known;
    `candidates` are the release candidates of the repository with their days, the oldest first.
    """

    topic: "PostedTopic"
    state: SeriesState
    why: str
    trailers: tuple[Credit, ...]
    replies: tuple[Reply, ...]
    events: "tuple[Event, ...]"
    landed: tuple[LandedCommit, ...]
    stable: tuple[StableBranch, ...]
    follow_ups: tuple[FollowUp, ...]
    last_activity: datetime | None
    mails: int
    message_ids: frozenset[str]
    evidence: Evidence
    patches: tuple[PatchState, ...] = ()
    delivery: "tuple[DeliveryReport, ...]" = ()
    claims: "tuple[Claim, ...]" = ()
    candidates: tuple[tuple[str, date], ...] = ()

    @property
    def commit(self) -> str | None:
        """The commit it became, full where known: the first one reported for the series as a whole
        or its first patch.
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
