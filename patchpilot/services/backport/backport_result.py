# SPDX-License-Identifier: GPL-2.0-or-later
"""The backport verdicts for a fix."""

from dataclasses import dataclass

from patchpilot.backports.adapted_fix import Adaptation as Adaptation
from patchpilot.backports.branch_result import BranchResult as BranchResult
from patchpilot.backports.branch_result import BranchVerdict as BranchVerdict
from patchpilot.history.stable_branches import Missing
from patchpilot.model.bug_range import NOWHERE, BugRange
from patchpilot.model.follow_up import Follower
from patchpilot.model.json_form import json_form


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

    `commit` is None for a patch file, and `upstream` is None if the repository lacks mainline.
    `asked` is the user's commit if the verdicts are for its mainline commit. `bug` is the range of
    releases with the bug, if requested. `max_lines` is the size limit for patches in the stable
    trees (0: no limit). `unfetched` is set if the project has stable branches but none of them has
    been fetched.
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
        """Return the Cc: stable lines for a fix that is not yet upstream.

        For each tree, list its prerequisites in order, then the tree itself.
        """
        if self.upstream is not False:
            return ()
        lines: dict[str, None] = {}
        for branch in self.branches:
            # Cc: stable lines can only name whole commits
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
