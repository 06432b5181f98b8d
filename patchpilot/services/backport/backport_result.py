# SPDX-License-Identifier: GPL-2.0-or-later
"""The verdicts for a fix: for each branch or tree, and for all of them."""

from dataclasses import dataclass

from patchpilot.backports.adapt.proposals import Proposal as Proposal
from patchpilot.backports.adapt.proposals import ProposedConflict as ProposedConflict
from patchpilot.backports.adapted_fix import Adaptation as Adaptation
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.conflict_reasons import Cause
from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.backports.verdict import BranchVerdict
from patchpilot.commits.mail_commits import Files
from patchpilot.history.stable_branches import Missing
from patchpilot.model.bug_range import NOWHERE, BugRange
from patchpilot.model.follow_up import Follower
from patchpilot.model.patch import Patch


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """What a fix changes in an unpacked tree: path → mode and content before and after it."""

    patch: Patch
    before: Files
    after: Files


@dataclass(frozen=True, slots=True)
class BranchResult:
    """The answer for one branch or tree.

    `tip` is "" for a directory; `search` is None when no prerequisites were looked for.

    `whole` are the whole commits that would do in place of the `partial` prerequisites, when they
    are far too many; their number then. `resolved` is the folder with the patches of a conflict
    that the user resolved; "" while there is none. `chosen` is how far the user is in choosing what
    each conflict becomes. `adaptation` is the fix adapted to the branch, where that was asked for
    and there is one. `proposals` are what each conflict may become, where that was asked for and no
    adaptation is used. `change` is what a patch that fits a directory, or is adapted to it, changes
    there. `failed` is the mail by which the stable maintainers reported that the fix failed to
    apply, where a followed series has it.
    """

    branch: str
    version: str | None
    tip: str
    verdict: BranchVerdict
    reason: str
    affected: bool | None = None
    applies: str | None = None
    landed_as: str | None = None
    landed_by: str | None = None
    queued: bool = False
    culprit_as: str | None = None
    conflicts: tuple[ConflictPlace, ...] = ()
    causes: tuple[Cause, ...] = ()
    prerequisites: tuple[PrerequisiteNeed, ...] = ()
    partial: bool = False
    whole: tuple[PrerequisiteNeed, ...] = ()
    search: str | None = None
    commands: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    followers: tuple[Follower, ...] = ()
    lacking_newer: tuple[str, ...] = ()
    ends: str | None = None
    stale: bool = False
    is_over: bool = False
    adaptation: Adaptation | None = None
    proposals: tuple[ProposedConflict, ...] = ()
    change: DirectoryChange | None = None
    failed: str = ""
    resolved: str = ""
    chosen: str = ""

    @property
    def wants_fix(self) -> bool:
        """Whether the branch has (or may have) the bug and not the fix."""
        return self.verdict not in (BranchVerdict.FIXED, BranchVerdict.NOT_AFFECTED)


@dataclass(frozen=True, slots=True)
class BackportResult:
    """The answers for one fix.

    `commit` is None when the fix is a patch file; `upstream` None when no mainline is known here.

    `asked` is the commit that was asked about where that was mailed and taken: the answers are for
    what it became in mainline. `bug` is where the bug is, for the release ruler, where that was
    asked for; `max_lines` the largest patch that the stable trees take (0: no limit).
    """

    commit: str | None
    subject: str
    culprits: tuple[str, ...] = ()
    branches: tuple[BranchResult, ...] = ()
    missing: tuple[Missing, ...] = ()
    rules: tuple[str, ...] = ()
    followers: tuple[Follower, ...] = ()
    upstream: bool | None = None
    list: str = ""
    asked: str | None = None
    bug: BugRange = NOWHERE
    max_lines: int = 0
