# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the patches of an audit: each fix that applies after the ones before it.

The others are listed with the reasons in `left.jsonl`. Nothing is sent or requested.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchpilot.backports.audit import Audit, BranchAudit
from patchpilot.backports.audit_rows import AuditRow
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_verdicts import BackportSession
from patchpilot.backports.patches import (
    BackportText,
    MadeCommit,
    Step,
    make_commits,
)
from patchpilot.backports.result import BackportResult
from patchpilot.backports.targets import backport_trees
from patchpilot.backports.write import (
    backport_folder_name,
    make_backport_messages,
    plan_backport_steps,
    write_mails,
)
from patchpilot.commits.applies import AppliesHow
from patchpilot.commits.object_store import ScratchStore
from patchpilot.errors import PatchpilotError
from patchpilot.history.own_branches import adopt_form, find_form
from patchpilot.history.stable_branches import StableBranch
from patchpilot.model.json_form import json_form, json_value
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.projects.project import StableTrees
from patchpilot.threads.stable_requests import find_marked_time, name_patches_mark
from patchpilot.write_file import write_file

LEFT = "left.jsonl"


@json_form()
@dataclass(frozen=True, slots=True)
class LeftFix:
    """A fix for which no patch was written, and the reason."""

    branch: str
    commit: str
    subject: str
    verdict: str
    reason: str


@json_form("branch folder count left left_file? files")
@dataclass(frozen=True, slots=True)
class AuditPatches:
    """The patches that were written for a branch, in order, and the number of fixes left."""

    branch: str
    folder: Path
    files: tuple[Path, ...]
    left: int
    left_file: Path | None = None

    @property
    def count(self) -> int:
        """Return the number of patches."""
        return len(self.files)


@json_form()
@dataclass(frozen=True, slots=True)
class AuditSummary:
    """The totals of each branch, and the patches written.

    `complete` is not set if the audit was interrupted.
    """

    complete: bool
    branches: tuple[BranchAudit, ...]
    written: tuple[AuditPatches, ...]


@json_form()
@dataclass(frozen=True, slots=True)
class AuditSummaryLine:
    """The last JSON line of an audit."""

    summary: AuditSummary


@json_form()
@dataclass(frozen=True, slots=True)
class AuditDocument:
    """The JSON document of an audit."""

    fixes: tuple[AuditRow, ...]
    summary: AuditSummary


def write_audit(
    audit: Audit,
    rows: Sequence[AuditRow],
    folder: Path,
    wording: BackportText,
    progress: Progress,
) -> tuple[AuditPatches, ...]:
    """Write the patches of each branch into `folder`/<version>, in the order of mainline.

    A fix that does not apply, or whose adaptation is not sure, is left, and the fixes after it are
    written without it. Raise `UsageError` if a folder already contains patches.
    """
    request = audit.request.backport
    stable = backport_trees(audit.repository, request.profile)
    written = []
    with BackportSession(audit.repository, audit.stable, request, progress) as session:
        for branch in audit.audited_branches:
            own_rows = audit.sort_rows(row for row in rows if row.branch == branch.name)
            form = adopt_form(stable, find_form(audit.repository, branch.name))
            writer = _Writer(session, branch, form, wording, is_mainline=not audit.is_list)
            for number, row in enumerate(own_rows):
                progress(f"writing {row.commit[:12]} for {branch.name}", number, len(own_rows))
                writer.add(row, adapt=request.adapt, everything=request.everything)
            written.append(writer.write(folder))
    return tuple(written)


class _Writer:
    """The patches of one branch so far."""

    def __init__(
        self,
        session: BackportSession,
        branch: StableBranch,
        stable: StableTrees,
        wording: BackportText,
        *,
        is_mainline: bool,
    ) -> None:
        self.repository, self.session, self.branch = session.repository, session, branch
        self.stable, self.wording, self.is_mainline = stable, wording, is_mainline
        self.scratch: ScratchStore = session.scratch
        self.commits: list[MadeCommit] = []
        self.left: list[LeftFix] = []
        self._done: set[str] = set()

    def add(self, row: AuditRow, *, adapt: bool, everything: bool) -> None:
        """Commit a fix after the others, with its prerequisites and follow-ups, or leave it."""
        if row.is_settled or row.commit in self._done:
            return
        if not row.commit or row.reverted_by:
            reverted = f"reverted by {(row.reverted_by or '')[:12]}"
            self._leave(row, row.reason if not row.commit else reverted)
            return
        if self._is_plain(row):
            self._add_steps(row, [Step(self.repository.commit(row.commit))])
            return
        try:
            result = self.session.ask_alone(row.commit, (self.branch,))
        except PatchpilotError as error:
            self._leave(row, error.message)
            return
        answer = result.branches[0]
        steps, obstacle = plan_backport_steps(
            self.repository, [(result, answer)], adapt=adapt, everything=everything
        )
        if not steps:
            self._leave(row, str(obstacle) or answer.reason)
            return
        if self._add_steps(row, steps):
            self._add_follow_ups(row, result, answer)

    def _is_plain(self, row: AuditRow) -> bool:
        """Return whether a mainline fix applies as it is, so that it need not be judged again."""
        mark = name_patches_mark(row.commit, self.branch.version or self.branch.name)
        return (
            self.is_mainline
            and find_marked_time(mark) is None
            and row.applies in (AppliesHow.CLEAN, AppliesHow.THREE_WAY)
            and not (row.prerequisites or row.followers)
        )

    def _add_steps(self, row: AuditRow, steps: Sequence[Step]) -> bool:
        problem = self._commit([step for step in steps if step.commit.id not in self._done])
        if problem:
            count = format_count(len(self.commits), "patch", "patches")
            self._leave(row, f"{problem}, after {count} before it")
        return not problem

    def _add_follow_ups(self, row: AuditRow, result: BackportResult, answer: BranchResult) -> None:
        for follower in answer.follow_ups:
            if follower.commit in self._done:
                continue
            step = Step(self.repository.commit(follower.commit))
            problem = self._commit([step]) if follower.of in self._done else "not written"
            if problem:
                reason = f"fixes {result.commit or row.commit}: {problem}"
                self.left.append(
                    LeftFix(self.branch.name, follower.commit, follower.subject, "", reason)
                )

    def _commit(self, steps: Sequence[Step]) -> str:
        """Commit steps after the others; return "" or the problem that prevents it."""
        parent = self.commits[-1].id if self.commits else self.branch.tip
        try:
            made = make_commits(self.scratch, self.stable, steps, parent, self.wording)
        except PatchpilotError as error:
            return error.message
        self.commits += made
        self._done |= {step.commit.id for step in steps}
        return ""

    def _leave(self, row: AuditRow, reason: str) -> None:
        self.left.append(LeftFix(row.branch, row.commit, row.subject, row.verdict, reason))

    def write(self, folder: Path) -> AuditPatches:
        """Write the patches, and the list of the fixes that are left."""
        branch = self.branch
        place = folder / backport_folder_name(branch.name, branch.version, branch.tip)
        messages = (
            make_backport_messages(
                self.scratch,
                self.stable,
                self.commits,
                branch.tip,
                branch.version,
                self.wording,
                is_built=False,
            )
            if self.commits
            else []
        )
        files = write_mails(place, messages)
        left_file = None
        left = [row for row in self.left if row.commit not in self._done]
        if left:
            left_file = place / LEFT
            write_file(left_file, "".join(f"{json.dumps(json_value(row))}\n" for row in left))
        return AuditPatches(branch.name, place, files, len(left), left_file)
