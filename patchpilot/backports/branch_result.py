# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the backport verdict for a branch or directory."""

from dataclasses import dataclass
from datetime import datetime

from patchpilot.backports.adapted_fix import Adaptation, AdaptationPrice
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.conflict_reasons import Cause
from patchpilot.backports.differing_functions import FunctionDifference
from patchpilot.backports.posted_backport import PostedBackport
from patchpilot.backports.prerequisites import PrerequisiteNeed, SearchState
from patchpilot.backports.present_lines import PresentLine
from patchpilot.commits.applies import AppliesHow, ApplyResult
from patchpilot.commits.mail_commits import Files
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.releases import BranchFix
from patchpilot.model.follow_up import Follower
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch
from patchpilot.reading.thread_values import StableBranchState
from patchpilot.threads.conflict_clones import ConflictClone
from patchpilot.threads.stable_requests import find_marked_time, name_patches_mark

IN_REVIEW = ("posted", "review", "queued")
_ANSWERS = ("failed", "dropped", "objected", "not-needed")
"""States of a branch that end the stable review of what was sent before."""


def find_review_state(
    name: str, reported: StableBranchState | None, sent: datetime | None
) -> StableBranchState | None:
    """Return the state of what was sent for a branch, or None if nothing was or it was answered.

    `reported` is the last state according to messages, and `sent` when the user sent a backport.
    """
    if reported and reported.state in IN_REVIEW:
        return reported
    if sent is None or find_answer(reported, sent):
        return None
    return StableBranchState(name, "posted", None, date=sent)


def find_answer(reported: StableBranchState | None, sent: datetime) -> StableBranchState | None:
    """Return the reported state if it answers what was sent at this time; otherwise, None."""
    is_answer = reported and reported.state in _ANSWERS and reported.date and reported.date > sent
    return reported if is_answer else None


def find_sent_time(commit: str, branch: "BranchResult") -> datetime | None:
    """Return when the patches of a commit for a branch were sent, as the user marked it or as the
    tracked series show, or None. For a release, return None once its branch has the fix.
    """
    if branch.branch_fix:
        return None
    return find_marked_time(name_patches_mark(commit, branch.name)) or branch.sent


def needs_next_version(commit: str, branch: "BranchResult") -> bool:
    """Return whether the next patches of a commit for a branch are a new version."""
    needs_change = bool(branch.reported and branch.reported.needs_change)
    return needs_change or find_sent_time(commit, branch) is not None


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """The files that a fix changes in an unpacked tree.

    `before` and `after` map each path to its mode and content.
    """

    patch: Patch
    before: Files
    after: Files


@json_form(
    "branch version tip~ verdict affected applies landed_as landed_by queued culprit_as "
    "reason conflicts present? causes prerequisites prerequisites_partial=partial search "
    "too_large differences adaptation alternative? commands hints followers lacking_newer "
    "ends stale stacked stacked_others as_of? failed? reported? sent?"
)
@dataclass(frozen=True, slots=True)
class BranchResult:
    """The backport verdict for a branch or directory, with details.

    `tip` is "" for a directory. `search` is None if prerequisites were not searched; `partial` is
    set if only the prerequisites' changes to the fix's files are needed. `too_large` is a commit
    that the search did not propose because of its size. `applied` is the result of
    applying the fix to a branch, and `change` contains the files that it changes in a directory.
    `stacked` is the number of other commits of TARGET that were applied before the fix was
    judged; `stacked_others` counts the ones without a fix. `adaptation` is the fix adapted to
    the branch, if this was requested and possible. `alternative` is the price of an adaptation that
    changes less than the prerequisites. `clone` is the clone in which the user resolves its
    conflict, and `resolved` the folder with the patches that were written for it, or "". `as_of` is
    the date of an outdated local copy.
    `present` are the lines of a fix that was probably applied to a directory.
    `failed` is the stable maintainers' "failed to apply" message in a tracked series, or "".
    `reported` is the last state of the fix on the branch according to messages, and `sent` when the
    user sent a backport, from the local branch `sent_from` ("" for patch files).
    `adding_commits` are the commits that add code which a fix that applies uses and the branch
    lacks; "" is an unknown one.
    `posted` is the backport that was applied instead of the commit that it names.
    `branch_fix` is the fix in the stable branch of a release that lacks it.
    """

    branch: str
    version: str | None
    tip: str
    verdict: BranchVerdict
    reason: str
    affected: bool | None = None
    applied: ApplyResult | None = None
    applies: AppliesHow | None = None
    landed_as: str | None = None
    landed_by: str | None = None
    queued: bool = False
    culprit_as: str | None = None
    conflicts: tuple[ConflictPlace, ...] = ()
    causes: tuple[Cause, ...] = ()
    adding_commits: frozenset[str] = frozenset()
    present: tuple[PresentLine, ...] = ()
    prerequisites: tuple[PrerequisiteNeed, ...] = ()
    partial: bool = False
    search: SearchState | None = None
    too_large: PrerequisiteNeed | None = None
    differences: tuple[FunctionDifference, ...] = ()
    commands: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    followers: tuple[Follower, ...] = ()
    lacking_newer: tuple[str, ...] = ()
    ends: str | None = None
    stale: bool = False
    as_of: str = ""
    is_over: bool = False
    stacked: int = 0
    stacked_others: int = 0
    adaptation: Adaptation | None = None
    alternative: AdaptationPrice | None = None
    change: DirectoryChange | None = None
    failed: str = ""
    reported: StableBranchState | None = None
    sent: datetime | None = None
    sent_from: str = ""
    clone: ConflictClone | None = None
    resolved: str = ""
    posted: PostedBackport | None = None
    branch_fix: BranchFix | None = None

    @property
    def name(self) -> str:
        """Return the version that the branch is for, such as `6.1`, or its own name."""
        return self.version or self.branch

    @property
    def review(self) -> StableBranchState | None:
        """Return the state of what was sent for the branch or is queued there, or None."""
        if self.queued:
            return StableBranchState(self.name, "queued", None)
        return find_review_state(self.name, self.reported, self.sent)

    @property
    def follow_ups(self) -> tuple[Follower, ...]:
        """Return the follow-ups to apply together with the fix."""
        return tuple(
            follower
            for follower in self.followers
            if self.wants_fix and follower.kind != "replacement"
        )

    @property
    def needs_backport(self) -> bool:
        """Return whether the mainline commit alone conflicts or cannot compile on the branch."""
        return self.verdict is BranchVerdict.CONFLICT or bool(self.adding_commits)

    @property
    def is_incomplete(self) -> bool:
        """Return whether a fix that applies uses code that no prerequisite adds."""
        return not self.adding_commits <= {it.commit for it in self.prerequisites}

    @property
    def wants_fix(self) -> bool:
        """Return whether the branch lacks the fix and has, or may have, the bug."""
        return self.verdict not in (BranchVerdict.FIXED, BranchVerdict.NOT_AFFECTED)

    @property
    def needed_prerequisites(self) -> tuple[PrerequisiteNeed, ...]:
        """Return the prerequisites, or () if the branch does not want the fix."""
        return self.prerequisites if self.wants_fix else ()
