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

    `commit` is None for a patch file. `upstream` is None if the repository has no mainline branch.
    `asked` is the user's commit if the verdicts are for its mainline equivalent. `bug` is the range
    of affected releases, if requested. `max_lines` is the stable trees' patch size limit (0: none).
    `unfetched` is set if none of the project's stable branches has been fetched.
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
        """Return the Cc: stable lines for a fix that is not upstream yet.

        Each tree is listed after its prerequisites.
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
                for prerequisite in branch.prerequisites:
                    lines.setdefault(
                        f"{tree}: {prerequisite.commit[:12]}: {prerequisite.subject}"
                    )
                lines.setdefault(tree)
        return tuple(lines)
