# SPDX-License-Identifier: GPL-2.0-or-later
"""The verdicts for a fix: for each branch or tree, and for all of them."""

from dataclasses import dataclass

from patchpilot.backports.adapt.proposals import Proposal as Proposal
from patchpilot.backports.adapt.proposals import ProposedConflict as ProposedConflict
from patchpilot.backports.adapted_fix import Adaptation as Adaptation
from patchpilot.backports.applies import AppliesHow
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.conflict_reasons import Cause
from patchpilot.backports.prerequisites import PrerequisiteNeed, SearchState
from patchpilot.backports.verdict import BranchVerdict
from patchpilot.commits.mail_commits import Files
from patchpilot.history.stable_branches import Missing
from patchpilot.model.bug_range import NOWHERE, BugRange
from patchpilot.model.follow_up import Follower
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """What a fix changes in an unpacked tree: path → mode and content before and after it."""

    patch: Patch
    before: Files
    after: Files


@json_form()
@dataclass(frozen=True, slots=True)
class PrerequisiteSize:
    """How large prerequisites are: commits and lines."""

    commits: int
    lines: int


@json_form("commit=need.commit", "subject=need.subject", "lines=need.size")
@dataclass(frozen=True, slots=True)
class WholeCommit:
    """A whole commit that would do in place of a part."""

    need: PrerequisiteNeed


@json_form(
    "branch",
    "version",
    "tip~",
    "verdict",
    "affected",
    "applies",
    "landed_as",
    "landed_by",
    "queued",
    "culprit_as",
    "reason",
    "conflicts",
    "causes",
    "prerequisites",
    "prerequisites_partial=partial",
    "prerequisites_whole=whole_size",
    "whole_commits",
    "search",
    "adaptation",
    "proposals",
    "commands",
    "hints",
    "followers",
    "lacking_newer",
    "ends",
    "stale",
)
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
    applies: AppliesHow | None = None
    landed_as: str | None = None
    landed_by: str | None = None
    queued: bool = False
    culprit_as: str | None = None
    conflicts: tuple[ConflictPlace, ...] = ()
    causes: tuple[Cause, ...] = ()
    prerequisites: tuple[PrerequisiteNeed, ...] = ()
    partial: bool = False
    whole: tuple[PrerequisiteNeed, ...] = ()
    search: SearchState | None = None
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
    def whole_size(self) -> PrerequisiteSize | None:
        """How many whole commits would do in place of the parts, and their lines."""
        if not self.whole:
            return None
        return PrerequisiteSize(len(self.whole), sum(need.size for need in self.whole))

    @property
    def whole_commits(self) -> tuple[WholeCommit, ...]:
        """The whole commits that would do in place of the parts."""
        return tuple(map(WholeCommit, self.whole))

    @property
    def prerequisites_complete(self) -> bool:
        """Whether whole commits, which a Cc: stable line can name, are all that it lacks."""
        return bool(self.prerequisites and not self.partial and self.version)

    @property
    def wants_fix(self) -> bool:
        """Whether the branch has (or may have) the bug and not the fix."""
        return self.verdict not in (BranchVerdict.FIXED, BranchVerdict.NOT_AFFECTED)


@json_form(
    "commit",
    "asked",
    "subject",
    "culprits",
    "branches",
    "upstream",
    "cc_stable",
    "followers",
    "rules",
    "missing",
)
@dataclass(frozen=True, slots=True)
class BackportResult:
    """The answers for one fix.

    `commit` is None when the fix is a patch file; `upstream` None when no mainline is known here.

    `asked` is the commit that was asked about where that was mailed and taken: the answers are for
    what it became in mainline. `bug` is where the bug is, for the release ruler, where that was
    asked for; `max_lines` the largest patch that the stable trees take (0: no limit); `unfetched`
    whether the project has stable branches of which this clone has none.
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
    unfetched: bool = False

    @property
    def cc_stable(self) -> tuple[str, ...]:
        """The Cc: stable lines for a fix that is not yet upstream: each tree's prerequisites in
        order, then the tree itself.
        """
        if self.upstream is not False:
            return ()
        lines: dict[str, None] = {}
        for branch in self.branches:
            if (
                branch.verdict is BranchVerdict.CONFLICT
                and branch.prerequisites_complete
            ):
                tree = f"Cc: <{self.list}> # {branch.version}.x"
                for need in branch.prerequisites:
                    lines.setdefault(f"{tree}: {need.commit[:12]}: {need.subject}")
                lines.setdefault(tree)
        return tuple(lines)
