# SPDX-License-Identifier: GPL-2.0-or-later
"""Backport verdicts for a fix: one for each branch or directory, and the overall result."""

from dataclasses import dataclass

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
    """The files that a fix changes in an unpacked tree, before and after the fix.

    `before` and `after` map each path to its mode and content.
    """

    patch: Patch
    before: Files
    after: Files


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
    "search",
    "adaptation",
    "commands",
    "hints",
    "followers",
    "lacking_newer",
    "ends",
    "stale",
)
@dataclass(frozen=True, slots=True)
class BranchResult:
    """The backport verdict for one branch or directory, with its details.

    `tip` is empty for a directory; `search` is None if there was no search for prerequisites.

    `partial` is set if only the prerequisites' changes to the fix's files are needed.
    `resolved` is the folder with the patches of a conflict that the user resolved, empty if
    there is none. `chosen` reports the user's progress in choosing a resolution for each
    conflict. `adaptation` is the fix adapted to the branch, if an adaptation was requested and
    is possible. `change` contains the files changed in a directory, if the patch fits or was
    adapted. `failed` is the stable maintainers' message that the fix failed to apply, if a
    tracked series contains one.
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
    search: SearchState | None = None
    commands: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    followers: tuple[Follower, ...] = ()
    lacking_newer: tuple[str, ...] = ()
    ends: str | None = None
    stale: bool = False
    is_over: bool = False
    adaptation: Adaptation | None = None
    change: DirectoryChange | None = None
    failed: str = ""
    resolved: str = ""
    chosen: str = ""

    @property
    def wants_fix(self) -> bool:
        """Whether the branch has, or may have, the bug and lacks the fix."""
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
    """The backport verdicts for one fix.

    `commit` is None if the fix is a patch file, `upstream` is None if the repository has no
    mainline. `asked` is the commit that the user named, if the verdicts are for the mainline
    commit that it became. `bug` is the range of releases with the bug, if it was requested.
    `max_lines` is the size limit for patches in the stable trees (0: no limit). `unfetched`
    is set if the project has stable branches but none of them has been fetched.
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
        """The Cc: stable lines for a fix that is not yet upstream.

        For each tree, the lines name its prerequisites in order, then the tree itself.
        """
        if self.upstream is not False:
            return ()
        lines: dict[str, None] = {}
        for branch in self.branches:
            # a Cc: stable line can only name whole commits
            if (
                branch.verdict is BranchVerdict.CONFLICT
                and branch.version
                and not branch.partial
                and branch.prerequisites
            ):
                tree = f"Cc: <{self.list}> # {branch.version}.x"
                for need in branch.prerequisites:
                    lines.setdefault(f"{tree}: {need.commit[:12]}: {need.subject}")
                lines.setdefault(tree)
        return tuple(lines)
