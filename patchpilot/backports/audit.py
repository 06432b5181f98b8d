# SPDX-License-Identifier: GPL-2.0-or-later
"""Audit branches: list the fixes that they lack and judge each, or judge the fixes of a list.

Unlike the fixes of a series, each fix is judged alone, and the verdicts are the same as for a
single commit. Rows are returned as they are found, and stored so that an audit can be continued.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from patchpilot.backports.audit_rows import (
    Apart,
    ApartFix,
    AuditRow,
    AuditStore,
    make_audit_row,
    make_unjudged_row,
)
from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    BackportSession,
    find_fix_commits,
    list_requested_branches,
)
from patchpilot.backports.compiled_fixes import Configuration, read_changed_paths
from patchpilot.backports.pick_order import rank_fixes
from patchpilot.backports.skip_list import SkipList
from patchpilot.backports.targets import branch_ref, read_fix_list, split_onto_arguments
from patchpilot.checking.worker_pool import run_in_order
from patchpilot.commits.objects import CatFile
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, PatchpilotError, UsageError
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.fix_in_branch import History
from patchpilot.history.missing_fixes import MissingFix, find_commit_at, find_missing_fixes
from patchpilot.history.stable_branches import (
    SETTING,
    StableBranch,
    StableBranches,
    find_mainline,
    find_stable_branches,
)
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress

_SHARE = 16
_SHARES_KEPT = 5
_WORTH_A_PROCESS = 3 * _SHARE


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """The branches to audit, and which fixes to list.

    `backport` has the branches, the time limit per fix, and whether to adapt. Only fixes that
    change one of the `paths` are listed. With `carried`, only fixes of backports in the branch are
    listed. Fixes in a branch of `not_in`, fixes of code not compiled with the .config, and
    skipped fixes are listed apart. `since` is a date or a commit: list only later commits of
    mainline. With `list_only`, nothing is judged. `resume` continues the last audit with the same
    inputs.
    """

    backport: BackportRequest
    paths: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    carried: bool = False
    since: datetime | str | None = None
    config: Path | None = None
    skipped: SkipList = field(default_factory=lambda: SkipList({}))
    list_only: bool = False
    resume: bool = False
    jobs: int = 0


@json_form("branch version tip compared missing judged carried verdicts apart_counts apart")
@dataclass(slots=True)
class BranchAudit:
    """The result of an audit for a branch so far.

    `compared` is the number of commits in mainline but not in the branch; for a list of fixes, 0.
    `missing` is the number of fixes that the branch lacks, or of the fixes in the list.
    """

    branch: str
    version: str
    tip: str
    compared: int = 0
    missing: int = 0
    judged: int = 0
    carried: int = 0
    apart: list[ApartFix] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    @property
    def verdicts(self) -> dict[str, int]:
        """Return the number of fixes with each verdict."""
        return dict(self._counts)

    @property
    def apart_counts(self) -> dict[str, int]:
        """Return the number of fixes that are listed apart, by kind."""
        return dict(Counter(fix.kind for fix in self.apart))

    def add(self, row: AuditRow) -> None:
        self.judged += 1
        self.carried += row.carried
        if row.verdict:
            self._counts[row.verdict] += 1


class Audit:
    """An audit: first the plan, then the rows, one by one.

    `branches` has the totals of the `audited_branches`, which change while rows are read. `is_list`
    is set if the user named the fixes; `errors` are the (name, problem) of each unreadable one.
    """

    def __init__(
        self,
        repository: Repository,
        request: AuditRequest,
        progress: Progress = ignore_progress,
        fixes: Sequence[str] | None = None,
        errors: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.repository, self.request, self.progress = repository, request, progress
        self.is_list = fixes is not None
        self.stable, branches = find_audited_branches(repository, request.backport)
        main = find_mainline(repository)
        if main is None:
            raise MissingError(
                "no mainline branch in this repository",
                hint=f"fetch it, or name it: `git config {SETTING} REF`",
            )
        self.main = main.tip
        self.branches = tuple(
            BranchAudit(branch.name, branch.version, branch.tip) for branch in branches
        )
        self.audited_branches = branches
        self._errors = tuple(errors)
        self._plan: list[tuple[int, MissingFix]] = []
        with History(repository, progress) as history:
            history.add([self.main, *(fixes or ()), *(branch.tip for branch in branches)])
            for number, totals in enumerate(self.branches):
                if fixes is None:
                    progress(f"listing the fixes that {totals.branch} lacks")
                    listed = self._list_missing(history, totals)
                else:
                    listed = [MissingFix(fix) for fix in fixes]
                totals.missing = len(listed) + len(errors)
                self._plan += ((number, fix) for fix in listed)

    def _list_missing(self, history: History, totals: BranchAudit) -> list[MissingFix]:
        request, repository = self.request, self.repository
        since = request.since
        if isinstance(since, datetime):
            since = find_commit_at(repository, self.main, since)
        found = find_missing_fixes(history, self.main, totals.tip, since=since, paths=request.paths)
        totals.compared = found.compared
        for fix, revert in found.reverted:
            self._set_apart(totals, fix, Apart.REVERTED, f"reverted by {revert[:12]}")
        for fix, revert in found.undone:
            reason = f"the branch reverted it with {revert[:12]}"
            self._set_apart(totals, fix, Apart.REVERTED_HERE, reason)
        fixes = list(found.fixes)
        if request.backport.everything:
            fixes = sorted((*fixes, *found.unnamed), key=lambda fix: fix.number)
        else:
            for fix in found.unnamed:
                reason = "names no commit that introduced the bug"
                self._set_apart(totals, fix, Apart.NO_CULPRIT, reason)
        fixes = self._drop_unwanted(history, totals, fixes)
        return rank_fixes(repository, found, fixes)

    def _drop_unwanted(
        self, history: History, totals: BranchAudit, fixes: Sequence[MissingFix]
    ) -> list[MissingFix]:
        """Return the fixes that count as missing, and list the others apart."""
        request, repository = self.request, self.repository
        profile = request.backport.profile
        refs = {name: branch_ref(repository, name, profile=profile) for name in request.not_in}
        others = [(name, repository.resolve(ref)) for name, ref in refs.items()]
        history.add([tip for _, tip in others])
        configuration = (
            Configuration(repository, request.config, totals.tip) if request.config else None
        )
        commits = [fix.commit for fix in fixes] if configuration else []
        paths = read_changed_paths(repository, commits) if commits else {}
        kept = []
        for fix in fixes:
            if reason := request.skipped.find_reason(fix.commit):
                self._set_apart(totals, fix, Apart.SKIPPED, reason)
            elif request.carried and not fix.is_carried:
                self._set_apart(totals, fix, Apart.NOT_CARRIED, "the bug is no backport's")
            elif name := _find_other_branch(history, fix.commit, others):
                self._set_apart(totals, fix, Apart.IN_OTHER_BRANCH, f"in {name}")
            elif configuration and (
                reason := configuration.explain_not_compiled(paths.get(fix.commit, ()))
            ):
                self._set_apart(totals, fix, Apart.NOT_COMPILED, reason)
            else:
                kept.append(fix)
        return kept

    def _set_apart(self, totals: BranchAudit, fix: MissingFix, kind: Apart, reason: str) -> None:
        totals.apart.append(
            ApartFix(totals.branch, fix.commit, self._read_subject(fix.commit), kind.value, reason)
        )

    def _read_subject(self, commit: str) -> str:
        return self.repository.commit(commit).subject

    def sort_rows(self, rows: Iterable[AuditRow]) -> list[AuditRow]:
        """Return rows in the order in which to apply the fixes: of mainline, or of the list."""
        order = {fix.commit: fix.number for _, fix in self._plan}
        return sorted(rows, key=lambda row: order.get(row.commit, 0))

    def judge(self) -> Iterator[AuditRow]:
        """Yield a row for each fix and branch as it is judged, by rank or in the order of the list.

        A listed fix that turns out to be present, or not needed after all, has no row; it is
        listed apart.
        """
        for name, problem in self._errors:
            for totals in self.branches:
                row = make_unjudged_row(totals.branch, MissingFix(""), name, problem)
                totals.add(row)
                yield row
        if self.request.list_only:
            for number, fix in self._plan:
                totals = self.branches[number]
                row = make_unjudged_row(totals.branch, fix, fix.subject, "")
                totals.add(row)
                yield row
            return
        for row in self._judge_plan():
            totals = next(totals for totals in self.branches if totals.branch == row.branch)
            if row.is_settled and not self.is_list:
                totals.missing -= 1
                is_fixed = row.verdict == BranchVerdict.FIXED
                kind = Apart.ALREADY_FIXED if is_fixed else Apart.NOT_AFFECTED
                totals.apart.append(
                    ApartFix(row.branch, row.commit, row.subject, kind.value, row.reason)
                )
                continue
            totals.add(row)
            yield row

    def _judge_plan(self) -> Iterator[AuditRow]:
        store = AuditStore(self.repository, self._list_inputs(), resume=self.request.resume)
        todo = []
        for number, fix in self._plan:
            row = store.rows.get((self.branches[number].branch, fix.commit))
            if row:
                yield replace(row, rank=fix.rank, rank_reasons=fix.rank_reasons)
            else:
                todo.append((number, fix))
        done = len(self._plan) - len(todo)
        for rows in self._judge_shares(todo):
            store.add(rows)
            for row in rows:
                done += 1
                self.progress(f"{row.commit[:12]} on {row.branch}", done, len(self._plan))
                yield row

    def _list_inputs(self) -> list[str]:
        request = self.request.backport
        tips = [f"{totals.branch} {totals.tip}" for totals in self.branches]
        options = (request.effort, request.adapt, request.everything, self.is_list)
        return [self.main, *tips, *map(str, options), *map(str, request.fixes)]

    def _judge_shares(self, todo: Sequence[tuple[int, MissingFix]]) -> Iterator[list[AuditRow]]:
        remaining = iter(todo)
        shares = iter(lambda: list(islice(remaining, _SHARE)), [])
        jobs = min(self.request.jobs or os.cpu_count() or 1, len(todo) // _SHARE + 1)
        # a forked process would wait forever for a lock held by another thread
        if jobs < 2 or len(todo) < _WORTH_A_PROCESS or threading.active_count() > 1:
            with self._open_judge() as judge:
                yield from map(judge.judge_share, shares)
            return
        judges = []

        def begin() -> None:
            # each process needs a pipe to git and an index of its own
            self.repository.objects = CatFile(self.repository.top)
            judges.append(self._open_judge())

        yield from run_in_order(
            lambda share: judges[0].judge_share(share),
            shares,
            jobs,
            begin,
            lambda: judges[0].close(),
        )

    def _open_judge(self) -> "_Judge":
        return _Judge(self.repository, self.stable, self.audited_branches, self.request.backport)


def plan_list(
    repository: Repository,
    request: AuditRequest,
    targets: Sequence[str],
    progress: Progress = ignore_progress,
) -> Audit:
    """Return the audit of the fixes that the targets name; each is judged alone."""
    backport = request.backport
    listed = read_fix_list(
        repository, targets, backport.base, backport.from_archive, backport.stdin
    )
    fixes, unread = find_fix_commits(repository, listed.targets, backport.base, progress)
    errors = [*listed.errors, *((patch.source, patch.problem) for patch in unread)]
    commits = tuple(dict.fromkeys(fix.commit for fix in fixes if fix.commit))
    return Audit(repository, request, progress, commits, errors)


class _Judge:
    """Judges fixes in one process."""

    def __init__(
        self,
        repository: Repository,
        stable: StableBranches,
        branches: Sequence[StableBranch],
        request: BackportRequest,
    ) -> None:
        self.branches, self._shares = branches, 0
        culprits = [repository.resolve(name) for name in request.fixes]
        self.session = BackportSession(repository, stable, request, ignore_progress, culprits)
        main = [self.session.main] if self.session.main else []
        self.session.history.add([*main, *(branch.tip for branch in branches)])

    def __enter__(self) -> "_Judge":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the temporary objects."""
        self.session.__exit__()

    def judge_share(self, share: Sequence[tuple[int, MissingFix]]) -> list[AuditRow]:
        """Return the rows of some fixes; a fix that cannot be judged is `unknown`."""
        self._shares += 1
        if self._shares % _SHARES_KEPT == 0:
            self.session.scratch.release_memory()
        self.session.prefetch([fix.commit for _, fix in share])
        return [self._judge(self.branches[number], fix) for number, fix in share]

    def _judge(self, branch: StableBranch, fix: MissingFix) -> AuditRow:
        try:
            result = self.session.ask_alone(fix.commit, (branch,))
        except PatchpilotError as error:
            subject = self.session.repository.commit(fix.commit).subject
            return make_unjudged_row(branch.name, fix, subject, error.message)
        return make_audit_row(fix, result, result.branches[0])


def find_audited_branches(
    repository: Repository, request: BackportRequest
) -> tuple[StableBranches, tuple[StableBranch, ...]]:
    """Return the stable branches of a repository, and the branches to audit.

    Raise `UsageError` for a directory, which has no history.
    """
    revisions, folders = split_onto_arguments(repository, request.onto, profile=request.profile)
    if folders:
        raise UsageError(
            f"{folders[0]}: a directory has no history to audit",
            hint="name a branch, or judge single fixes with `backport COMMIT --onto DIR`",
        )
    stable = find_stable_branches(repository, profile=request.profile)
    return stable, list_requested_branches(repository, stable, revisions, request.profile)


def _find_other_branch(history: History, commit: str, others: Iterable[tuple[str, str]]) -> str:
    """Return the first of the other branches that has a fix, or ""."""
    for name, tip in others:
        landing = history.landed(commit, tip, content=False)
        if landing and landing.holds:
            return name
    return ""
