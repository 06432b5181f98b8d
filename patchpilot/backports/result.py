# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the result of `backport` for one fix."""

from dataclasses import dataclass

from patchpilot.backports.branch_result import BranchResult
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.stable_branches import MissingSeries, SkippedBranch
from patchpilot.model.bug_range import NOWHERE, BugRange
from patchpilot.model.follow_up import Follower, Reverted
from patchpilot.model.json_form import json_form
from patchpilot.model.origin import Origin
from patchpilot.reading.stable_wait import StableWait


@json_form()
@dataclass(frozen=True, slots=True)
class UnreadPatch:
    """A patch among several that was not judged, and the reason."""

    source: str
    problem: str


@json_form(
    "commit asked subject culprits branches upstream cc_stable reverted followers rules "
    "missing skipped unread left_out wait? origin? interrupted?"
)
@dataclass(frozen=True, slots=True)
class BackportResult:
    """The backport verdicts for one fix.

    `commit` is None for a patch file. `upstream` is None if the repository has no mainline branch.
    If the user named a backport, or a commit that was merged as another one, the verdicts are for
    the mainline commit and `asked` is the commit that the user named. `reverted` is set if mainline
    reverted the fix; it is then not requested from stable trees. `bug` is the range of affected
    releases, if requested. `max_lines` is the patch size limit of the stable trees; 0 means no
    limit. `unfetched` is set if none of the project's stable branches has been fetched. `unread`
    lists the other patches of TARGET that could not be read, apply to nothing and are not in
    mainline. `left_out` is the number of commits of a range that are not judged because they are no
    fixes. `is_tagged` is set if the fix has a Cc: stable tag; if it is in mainline, `wait` is how
    long to wait for the stable maintainers. `applied` is the commit in a maintainer's tree if the
    fix is not in mainline yet, or "". `merged` is the mainline commit that messages name if it has
    not been fetched yet, or "". `interrupted` states how many fixes are judged if the user stopped
    the search. `reports` changes with what messages report about the fix (see
    `sign_stable_reports`). `origin` compares a backport, which TARGET is, with the commit that it
    names, if they differ.
    """

    commit: str | None
    subject: str
    culprits: tuple[str, ...] = ()
    branches: tuple[BranchResult, ...] = ()
    missing: tuple[MissingSeries, ...] = ()
    skipped: tuple[SkippedBranch, ...] = ()
    rules: tuple[str, ...] = ()
    followers: tuple[Follower, ...] = ()
    reverted: Reverted | None = None
    upstream: bool | None = None
    list: str = ""
    asked: str | None = None
    bug: BugRange = NOWHERE
    max_lines: int = 0
    unfetched: bool = False
    unread: tuple[UnreadPatch, ...] = ()
    left_out: int = 0
    is_tagged: bool = False
    wait: StableWait | None = None
    origin: Origin | None = None
    interrupted: str = ""
    reports: str = ""
    applied: str = ""
    merged: str = ""
    is_asked_backport: bool = False

    @property
    def short(self) -> str:
        """Return the commit's abbreviated id, or "" for a patch file."""
        return (self.commit or "")[:12]

    @property
    def cc_stable(self) -> tuple[str, ...]:
        """Return the Cc: stable lines to add to a fix that no maintainer has applied yet.

        If the fix needs prerequisites on a stable tree, a line for each prerequisite that its
        message does not name yet precedes the tree's line. There are none for a branch of which it
        is unknown whether it has the bug: the commit that introduced the bug may be a prerequisite.
        """
        if self.upstream is not False or self.applied or self.merged:
            return ()
        lines: dict[str, None] = {}
        for branch in self.branches:
            # Cc: stable lines can only name whole commits, so skip branches that need only parts of
            # commits
            if (
                branch.needs_backport
                and branch.affected
                and branch.version
                and not branch.partial
                and branch.prerequisites
            ):
                tree = f"Cc: <{self.list}> # {branch.version}.x"
                added = [
                    f"{tree}: {prerequisite.commit[:12]}: {prerequisite.subject}"
                    for prerequisite in branch.prerequisites
                    if not prerequisite.named_by.startswith("Cc: stable")
                ]
                lines |= dict.fromkeys((*added, tree) if added else ())
        return tuple(lines)

    def split_newer(
        self, branch: BranchResult
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Return the newer branches that lack the fix, the versions that it is queued for, and the
        versions that a backport was sent for.
        """
        states = {
            row.branch: (row.review.state, row.name)
            for row in self.branches
            if row.review and row.branch in branch.lacking_newer
        }
        queued, sent = (
            {newer: name for newer, (each, name) in states.items() if each == state}
            for state in ("queued", "posted")
        )
        lacking = tuple(it for it in branch.lacking_newer if it not in queued | sent)
        return lacking, tuple(queued.values()), tuple(sent.values())

    def describe_rules(self) -> tuple[str, str]:
        """Return the title and the text that explain why there are no branches."""
        title, _, text = "\n\n".join(self.rules).partition("\n\n")
        return title, text.replace("`", "")

    def describe_condition(self, likely: str, seen_in: str) -> str:
        """Return under which condition the verdicts are right, or "".

        `likely` is the commit that probably introduced the bug, or "". If `seen_in` is the version
        that was searched for a fix, this commit is a candidate, and may not be the fix.
        """
        is_unknown = any(branch.affected is None and branch.wants_fix for branch in self.branches)
        condition = f", if {likely[:12]} introduced the bug" if likely else ""
        return condition + (f", if {self.short} is the fix" if seen_in and is_unknown else "")

    def describe_needs(self) -> str:
        """Return how many branches need the fix, and on how many of them a conflict is open.

        If it is unknown whether any of them has the bug, they only may need it.
        """
        needy = [branch for branch in self.branches if branch.wants_fix]
        conflicts = sum(
            branch.verdict is BranchVerdict.CONFLICT and not (branch.resolved or branch.review)
            for branch in needy
        )
        is_unknown = bool(needy) and all(branch.affected is None for branch in needy)
        verb = "may need" if is_unknown else "need"
        note = f"{len(needy)} of {len(self.branches)} branches {verb} the fix"
        return f"{note}, {conflicts} with conflicts" if conflicts else note
