# SPDX-License-Identifier: GPL-2.0-or-later
"""Combine the backport result of a fix with the user's choices and work for each branch.

The choices are unticked prerequisites; the work is written patches, and drafts and patches that
were marked as sent.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from patchpilot.backports.branch_result import BranchResult, find_sent_time
from patchpilot.backports.branch_rows import format_branch_rows
from patchpilot.backports.branch_step import (
    NO_WORK,
    REQUESTABLE,
    BranchStep,
    BranchWork,
    StepKind,
    find_branch_step,
)
from patchpilot.backports.result import BackportResult
from patchpilot.model.fact_row import FactRow
from patchpilot.model.printable import format_count
from patchpilot.resources import mark_sent
from patchpilot.threads.stable_requests import (
    REQUESTS,
    StableRequest,
    find_current_request,
    find_marked_time,
    name_patches_mark,
    read_requests,
)

if TYPE_CHECKING:
    from patchpilot.backports.write import WrittenBackport
    from patchpilot.threads.tracked import Tracked


WrittenPatches = Mapping[tuple[str | None, str], "WrittenBackport | None"]
"""Maps a commit and a branch to the patches written for them."""


@dataclass(frozen=True, slots=True)
class BranchChoices:
    """A backport result with the user's choices and work for its branches.

    `left_out` maps a branch to its unticked prerequisites. `merged` is a mainline commit that
    messages name but that has not been fetched yet. `written_for` maps a commit and a branch to the
    patches written for them. `requests` are the user's requests for the commit. `seen_in` is the
    version in which the user saw the bug, or "". `unsendable` is why drafts cannot be sent, or "".
    """

    result: BackportResult
    left_out: Mapping[str, frozenset[str]] = field(default_factory=dict)
    merged: str = ""
    written_for: WrittenPatches = field(default_factory=dict)
    requests: tuple[StableRequest, ...] = ()
    seen_in: str = ""
    unsendable: str = ""

    def get_unticked_commits(self, branch: BranchResult) -> frozenset[str]:
        """Return a branch's unticked prerequisites.

        Initially, there are none. None are ticked as long as the introducing commit is unknown,
        because one of them may be that commit, or if an adaptation changes less.
        """
        is_ticked = self.result.culprits and not branch.alternative
        prerequisites = () if is_ticked else branch.prerequisites
        return self.left_out.get(
            branch.branch,
            frozenset(prerequisite.commit for prerequisite in prerequisites),
        )

    def count_ticked(self, branch: BranchResult) -> int:
        left_out = self.get_unticked_commits(branch)
        return sum(prerequisite.commit not in left_out for prerequisite in branch.prerequisites)

    def written_backport(self, branch: BranchResult) -> "WrittenBackport | None":
        """Return the patches written for a branch, or None if there are none left."""
        backport = self.written_for.get((self.result.commit, branch.branch))
        return backport if backport and any(file.exists() for file in backport.files) else None

    def _find_request(self, branch: BranchResult) -> StableRequest | None:
        """Return the draft of a request for a branch, or the last one that was sent, or None."""
        return find_current_request(
            it for it in self.requests if it.is_for(branch.version, branch.branch)
        )

    def find_work(self, branch: BranchResult) -> BranchWork:
        request = self._find_request(branch)
        return BranchWork(
            written=self.written_backport(branch),
            ticked=self.count_ticked(branch),
            merged=self.merged,
            is_drafted=bool(request and request.is_draft),
            requested=request.sent if request else None,
            sent=find_sent_time(self.commit, branch),
            reported=branch.reported,
            is_seen=branch.version in re.findall(r"\d+\.\d+", self.seen_in)[:1],
            unsendable=self.unsendable,
        )

    @property
    def commit(self) -> str:
        return self.result.short

    def mark_name(self, branch: BranchResult) -> str:
        """Return the name of the mark that the user sent what the next step sends.

        This is the name of the draft for a request, and the commit and the branch for patches.
        Return "" if there is nothing to send, or if patchpilot sent it or an archive has it.
        """
        kind = self.find_step(branch).kind
        name = ""
        if kind in (StepKind.SEND_REQUEST, StepKind.REQUESTED):
            request = self._find_request(branch)
            name = request.name if request else ""
        elif kind in (StepKind.SEND, StepKind.OPEN, StepKind.SENT):
            name = name_patches_mark(self.commit, branch.name)
        is_known = kind in (StepKind.REQUESTED, StepKind.SENT) and not find_marked_time(name)
        return "" if is_known else name

    def is_sent(self, branch: BranchResult) -> bool:
        """Return whether the user marked the request or the branch's patches as sent."""
        return self.find_step(branch).kind in (StepKind.REQUESTED, StepKind.SENT)

    def mark_sent(self, branch: BranchResult, *, is_sent: bool = True) -> None:
        mark_sent(REQUESTS, self.mark_name(branch), is_sent=is_sent)

    def mark_patches_sent(self) -> None:
        """Mark the patches of all branches whose next step is to send them."""
        for branch in self.result.branches:
            if self.find_step(branch).kind in (StepKind.SEND, StepKind.OPEN):
                self.mark_sent(branch)

    def find_rows(self, branch: BranchResult) -> tuple[FactRow, ...]:
        today = datetime.now(UTC).date()
        return format_branch_rows(self.result, branch, self.find_work(branch), today)

    def find_sent_work(self, branch: BranchResult) -> BranchWork:
        """Return what was drafted or sent for a branch, and what the stable maintainers replied."""
        work = self.find_work(branch)
        return NO_WORK._replace(
            is_drafted=work.is_drafted,
            requested=work.requested,
            sent=work.sent,
            reported=work.reported,
        )

    def find_step(self, branch: BranchResult) -> BranchStep:
        return find_branch_step(self.result, branch, self.find_work(branch))

    @property
    def requestable(self) -> tuple[BranchResult, ...]:
        """Return the branches for which the stable maintainers can be asked for the fix."""
        return tuple(it for it in self.result.branches if self.find_step(it).kind in REQUESTABLE)

    def step_kinds(self) -> set[StepKind]:
        return {self.find_step(branch).kind for branch in self.result.branches}

    @property
    def branches_to_write(self) -> tuple[BranchResult, ...]:
        return tuple(
            branch
            for branch in self.result.branches
            if self.find_step(branch).kind in (StepKind.REQUEST, StepKind.WRITE)
        )

    @property
    def format_write_list(self) -> str:
        """Return one line for each branch for which the key `w` writes patches, with the
        patches.
        """
        rows = []
        for branch in self.branches_to_write:
            prerequisites = format_count(self.count_ticked(branch), "prerequisite") + ", then "
            patches = f"{prerequisites if branch.prerequisites else ''}the fix"
            if branch.follow_ups:
                patches += f", then {format_count(len(branch.follow_ups), 'follow-up')}"
            rows.append(f"{branch.branch}: {patches}")
        return "\n".join(rows)


def read_branch_choices(
    result: BackportResult,
    left_out: Mapping[str, frozenset[str]],
    written_for: WrittenPatches,
    followed: "Iterable[Tracked]" = (),
    seen_in: str = "",
    unsendable: str = "",
) -> BranchChoices:
    """Return the choices, the requests for the commit, and the merge that the tracked series
    report.
    """
    merged_commits = (
        series.posted.commit or ""
        for series in followed
        if series.posted and series.own and series.posted.is_unfetched
    )
    merged = "" if result.upstream else result.merged or next(merged_commits, "")
    return BranchChoices(
        result,
        left_out,
        merged,
        written_for,
        requests=read_requests(result.short),
        seen_in=seen_in,
        unsendable=unsendable,
    )
