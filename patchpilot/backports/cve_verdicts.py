# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the verdict of CVEs for each branch.

The verdict is the one of `backport FIX --fixes COMMIT` for the commits of the CVE's record. A CVE
that was rejected, or has no fix, has a verdict without one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from patchpilot.archive.cve_records import Snapshot
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    BackportSession,
    list_requested_branches,
)
from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.backports.result import BackportResult
from patchpilot.backports.targets import split_onto_arguments
from patchpilot.backports.unpacked_tree import check_fixes_in_directory
from patchpilot.backports.work import ActionResults, run_backport_actions
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.history.branch_verdict import BranchVerdict, judge_whether_affected
from patchpilot.history.fix_in_branch import Culprit
from patchpilot.history.stable_branches import StableBranch, find_stable_branches
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import join_words
from patchpilot.model.progress import Progress
from patchpilot.reading.cve_record import (
    CveRecord,
    CveState,
    is_mainline_release,
    is_stable_release,
)

NO_FIX = "no-fix"
NO_ACTIONS = ActionResults()
_STATES = {
    CveState.REJECTED: "rejected by the CVE team",
    CveState.RESERVED: "reserved, but not published yet",
    CveState.RETURNED: "returned by the CVE team without being used",
    CveState.UNKNOWN: "",
}
_ORDER = [verdict.value for verdict in BranchVerdict if verdict is not BranchVerdict.NOT_AFFECTED]
"""The verdicts of fixes, best first: one of the fixes of a bug is enough."""


@json_form(
    "branch verdict reason commit~ subject landed_as culprit~ culprit_in_branch prerequisites"
)
@dataclass(frozen=True, slots=True)
class CveBranch:
    """The verdict of a CVE for a branch.

    `verdict` is that of `backport`, or `no-fix`. `commit` is the fix that it is about, or "". The
    commit that introduced the bug may have another id in the branch. `judged` is the complete
    verdict for the fix, which is None if the repository has no fix.
    """

    branch: str
    verdict: str
    reason: str
    commit: str = ""
    subject: str = ""
    culprit: str = ""
    judged: BranchResult | None = None

    @property
    def landed_as(self) -> str | None:
        """Return the commit in the branch that is the fix, or None."""
        return self.judged.landed_as if self.judged else None

    @property
    def culprit_in_branch(self) -> str | None:
        """Return the commit in the branch that introduced the bug, or None."""
        return self.judged.culprit_as if self.judged else None

    @property
    def prerequisites(self) -> tuple[PrerequisiteNeed, ...]:
        """Return the commits to apply before the fix."""
        return self.judged.prerequisites if self.judged else ()

    @property
    def wants_fix(self) -> bool:
        """Return whether the branch has the bug, or may have it."""
        return self.verdict not in (BranchVerdict.FIXED, BranchVerdict.NOT_AFFECTED)


@json_form("cve state=record.state title=record.title verdict note~ fixes branches")
@dataclass(frozen=True, slots=True)
class CveResult:
    """The verdict of a CVE for each branch.

    `results` are the verdicts for its fixes; `note` is the reason for its state, and names
    the commits that the repository lacks. There are no branches if the CVE was not published.
    """

    record: CveRecord
    results: tuple[BackportResult, ...] = ()
    branches: tuple[CveBranch, ...] = ()
    note: str = ""

    @property
    def cve(self) -> str:
        """Return the id of the CVE."""
        return self.record.cve

    @property
    def fixes(self) -> tuple[str, ...]:
        """Return the fixes, as commits in the repository or else as the record names them."""
        ids = tuple(result.commit for result in self.results if result.commit)
        return ids or self.record.fixes

    @property
    def verdict(self) -> str:
        """Return the state of a CVE without a verdict for each branch, `no-fix`, or ""."""
        if self.record.state is not CveState.PUBLISHED:
            return self.record.state.value
        return "" if self.record.fixes else NO_FIX

    @property
    def rows(self) -> tuple[CveBranch, ...]:
        """Return a row for each branch, otherwise one without a branch."""
        return self.branches or (CveBranch("", self.verdict, self.note),)


@json_form(
    "cve=result.cve title=result.record.title branch=row.branch~ verdict=row.verdict "
    "reason=row.reason commit=row.commit~ subject=row.subject landed_as=row.landed_as "
    "culprit=row.culprit~ culprit_in_branch=row.culprit_in_branch "
    "prerequisites=row.prerequisites"
)
class CveLine(NamedTuple):
    """A line of JSON Lines: the verdict of a CVE for a branch, or for none."""

    result: CveResult
    row: CveBranch


@json_form("cves others branches left_out records interrupted")
class CveSummary(NamedTuple):
    """The number of CVEs, of those without branches by their verdict, and by branch and verdict.

    `left_out` is the number of messages that announce no CVE, `records` the local copy of the
    records. `interrupted` is set if the user stopped before the end.
    """

    cves: int
    others: Mapping[str, int]
    branches: Mapping[str, Mapping[str, int]]
    left_out: int = 0
    records: Snapshot | None = None
    interrupted: bool = False


@json_form()
class CveSummaryLine(NamedTuple):
    """The last line of JSON Lines."""

    summary: CveSummary


@json_form("cves? summary?")
class CveAnswer(NamedTuple):
    """The keys that CVEs add to the JSON document."""

    cves: Sequence[CveResult]
    summary: CveSummary


class _Fixes(NamedTuple):
    """The fixes of a record in the repository with the commits that introduced their bugs.

    `missing` are ids of fixes that the repository lacks. If it has a backport of such a fix, that
    backport is judged; otherwise, `bugs` are the commits whose bugs have no fix here.
    """

    culprits: Mapping[str, tuple[Culprit, ...]]
    missing: tuple[str, ...]
    bugs: tuple[Culprit, ...] | None


def compute_cve_verdicts(
    repository: Repository,
    records: Iterable[CveRecord],
    request: BackportRequest,
    progress: Progress,
) -> Iterator[CveResult]:
    """Yield the verdicts for each record as soon as they are known.

    Each is judged alone, not on top of the others. Raise `NothingFetchedError` if there is no
    branch.
    """
    profile = request.profile
    revisions, folders = split_onto_arguments(repository, request.onto, profile=profile)
    stable = find_stable_branches(repository, profile=profile)
    branches: tuple[StableBranch, ...] = ()
    if revisions or not folders:
        branches = list_requested_branches(repository, stable, revisions, profile)
    with BackportSession(repository, stable, request, progress) as session:
        judge = _CveJudge(session, branches, folders)
        tips = [branch.tip for branch in branches]
        session.history.add([*([session.main] if session.main else []), *tips])
        for record in records:
            result = judge.judge(record)
            if not revisions and not folders:
                results = tuple(
                    replace(fix, missing=stable.missing, skipped=stable.skipped)
                    for fix in result.results
                )
                result = replace(result, results=results)
            yield result


class _CveJudge:
    """Judges records with one session."""

    def __init__(
        self,
        session: BackportSession,
        branches: Sequence[StableBranch],
        folders: Sequence[str],
    ) -> None:
        self.session, self.branches, self.folders = session, branches, folders
        self.repository, self.history = session.repository, session.history
        self._commits: dict[str, str | None] = {}

    def judge(self, record: CveRecord) -> CveResult:
        """Return the verdict of a CVE for each branch."""
        if record.state is not CveState.PUBLISHED:
            words = (_STATES[record.state], record.note)
            return CveResult(record, note=": ".join(word for word in words if word))
        fixes = self._find_fixes(record)
        results = tuple(self._judge_fix(fix, fixes.culprits[fix]) for fix in fixes.culprits)
        branches = [
            self._combine(record, fixes, results, number, branch)
            for number, branch in enumerate(self.branches)
        ]
        branches += [
            _combine_in_directory(results, len(self.branches) + number, folder)
            for number, folder in enumerate(self.folders)
        ]
        note = "; ".join(_list_notes(record, fixes))
        return CveResult(record, results, tuple(branches), note)

    def _find_commit(self, name: str) -> str | None:
        """Return the mainline commit for an id, which may be one of a stable tree, or the commit
        itself, or None.
        """
        if name not in self._commits:
            commit = self.session.find_original(name) or self.repository.find(name)
            self._commits[name] = commit
        return self._commits[name]

    def _find_fixes(self, record: CveRecord) -> _Fixes:
        """Return the fixes of a record that are in the repository, and the origins of their bugs.

        A pair names a fix by its id in any tree.
        """
        commits = {name: self._find_commit(name) for name in record.fixes}
        named: dict[str, list[str]] = {commit: [] for commit in commits.values() if commit}
        # without its stable tree, a backport is missing only if there is no other fix
        missing = tuple(
            name
            for name, commit in commits.items()
            if not commit and not (named and is_stable_release(record.fixed_in.get(name, "")))
        )
        bugs: dict[str, None] = {}
        replaced = 0
        is_single = len(named) == len(commits) == 1
        for pair in record.pairs:
            # all pairs of a single fix name it, or its backports
            commit = next(iter(named)) if is_single else None
            if pair.fix and not is_single:
                commit = self._find_commit(pair.fix)
            if commit and commit not in named and missing:
                named[commit] = []
                replaced += 1
            if commit in named and pair.culprit:
                named[commit].append(pair.culprit)
            elif pair.culprit and is_mainline_release(pair.until or pair.since):
                bugs[pair.culprit] = None
        culprits = {
            fix: self._read_culprits(record, names or record.culprits, fix)
            for fix, names in named.items()
        }
        if named and (not missing or replaced):
            return _Fixes(culprits, missing, None)
        return _Fixes(
            culprits, missing, self._read_culprits(record, tuple(bugs) or record.culprits, "")
        )

    def _read_culprits(
        self, record: CveRecord, names: Sequence[str], fix: str
    ) -> tuple[Culprit, ...]:
        """Return the commits with these ids that introduced a bug.

        A commit of a stable tree is replaced by its mainline commit, unless the fix is for stable
        trees only. If it was not fetched, it is a backport of the others.
        """
        in_mainline = {pair.culprit for pair in record.pairs if is_mainline_release(pair.since)}
        is_stable_only = bool(fix) and self._is_stable_only(fix)
        found = {}
        lacking = {}
        for name in names:
            commit = self.repository.find(name) if is_stable_only else self._find_commit(name)
            if commit:
                subject = self.repository.commit(commit).subject
                found[commit] = Culprit(commit[:12], subject, commit)
            else:
                lacking[name] = Culprit(name[:12], "", None)
        needed = [name for name in lacking if name in in_mainline or not found]
        return (*found.values(), *(lacking[name] for name in needed))

    def _is_stable_only(self, fix: str) -> bool:
        main = self.session.main
        return bool(main) and not self.history.has(str(main), fix)

    def _judge_fix(self, fix: str, culprits: tuple[Culprit, ...]) -> BackportResult:
        result = (
            self.session.ask([fix], self.branches, bugs={fix: culprits})[0]
            if self.branches
            else BackportResult(fix, self.repository.commit(fix).subject)
        )
        rows = tuple(self._add_own_reason(fix, row) for row in result.branches)
        result = replace(result, branches=rows)
        if not self.folders:
            return result
        patch = format_commit_patch(self.repository, fix)
        judged = (
            check_fixes_in_directory(
                [(patch, fix)], folder, self.repository, adapt=self.session.request.adapt
            )[0]
            for folder in self.folders
        )
        return replace(result, branches=(*result.branches, *judged))

    def _add_own_reason(self, fix: str, row: BranchResult) -> BranchResult:
        """Add to a branch without the CVE's bug that the fix's own Fixes: tag names a bug in it."""
        if row.affected is not False:
            return row
        has_bug, _, _ = judge_whether_affected(self.history, self.history.culprits(fix), row.tip)
        if not has_bug:
            return row
        return replace(row, reason=f"{row.reason}; but by its Fixes: tag the branch needs the fix")

    def _combine(
        self,
        record: CveRecord,
        fixes: _Fixes,
        results: Sequence[BackportResult],
        number: int,
        branch: StableBranch,
    ) -> CveBranch:
        """Return the verdict for a branch from the verdicts of all fixes.

        One of the fixes of a bug is enough, but each bug needs one. A fix that is undone
        by a commit that introduced the bug again does not count.
        """
        rows = [
            (self._make_row(result, result.branches[number], culprits), culprits)
            for result, culprits in zip(results, fixes.culprits.values(), strict=True)
        ]
        ids = {culprit.commit for _, culprits in rows for culprit in culprits}
        if len(rows) > 1:
            rows = [row for row in rows if not self._is_undone(row[0], branch, ids)] or rows
        if fixes.bugs is not None:
            rows.append((self._judge_without_fix(record, fixes.bugs, branch), fixes.bugs))
        affected = [row for row in rows if row[0].verdict != BranchVerdict.NOT_AFFECTED]
        bugs: list[tuple[set[str], list[CveBranch]]] = []
        for row, culprits in affected:
            names = {culprit.written for culprit in culprits}
            for known, alternatives in bugs:
                if names & known or not (names or known):
                    known |= names
                    alternatives.append(row)
                    break
            else:
                bugs.append((names, [row]))
        best = [min(alternatives, key=_rank) for _, alternatives in bugs]
        return max(best, key=_rank) if best else rows[0][0]

    def _is_undone(
        self, row: CveBranch, branch: StableBranch, culprits: Collection[str | None]
    ) -> bool:
        """Return whether a commit that introduced the bug reverts this fix in the branch."""
        return self.history.find_revert(row.commit, branch.tip) in culprits

    def _make_row(
        self, result: BackportResult, judged: BranchResult, culprits: tuple[Culprit, ...]
    ) -> CveBranch:
        verdict, reason = judged.verdict.value, judged.reason
        commit = result.commit or ""
        main = self.session.main
        if (
            main
            and judged.culprit_as
            and self._is_stable_only(commit)
            and self.history.has(main, judged.culprit_as)
        ):
            verdict = BranchVerdict.NOT_AFFECTED.value
            reason = (
                f"has {judged.culprit_as[:12]} as in mainline; the record names only its backports"
            )
        culprit = next((row.commit for row in culprits if row.commit), None)
        return CveBranch(
            judged.branch,
            verdict,
            reason,
            commit,
            result.subject,
            culprit or next(iter(result.culprits), ""),
            judged,
        )

    def _judge_without_fix(
        self, record: CveRecord, culprits: tuple[Culprit, ...], branch: StableBranch
    ) -> CveBranch:
        """Return the verdict for a branch if a fix is not here or not known."""
        culprit = next((row.commit for row in culprits if row.commit), None)
        has_bug, _, reason = judge_whether_affected(self.history, culprits, branch.tip)
        if has_bug is False:
            return CveBranch(branch.name, BranchVerdict.NOT_AFFECTED, reason, culprit=culprit or "")
        if not culprits:
            reason = "not known whether the branch has the bug"
        why = "the fix is not in this repository" if record.fixes else "no fix is known"
        verdict = BranchVerdict.UNKNOWN.value if record.fixes else NO_FIX
        return CveBranch(branch.name, verdict, f"{reason}; {why}", culprit=culprit or "")


def _list_notes(record: CveRecord, fixes: _Fixes) -> Iterator[str]:
    """Yield what the record lacks, and the fixes that the repository lacks."""
    if record.note:
        yield record.note
    if not record.fixes:
        yield "no fix is known"
    if not record.culprits:
        yield "the record names no commit that introduced the bug"
    if fixes.missing:
        releases = [record.fixed_in.get(fix, "") for fix in fixes.missing]
        named = [
            f"{fix[:12]} ({release})" if release else fix[:12]
            for fix, release in zip(fixes.missing, releases, strict=True)
        ]
        verb = "is" if len(named) == 1 else "are"
        yield f"{join_words(named)} {verb} not in this repository: fetch mainline"


def _combine_in_directory(results: Sequence[BackportResult], number: int, folder: str) -> CveBranch:
    if not results:
        reason = "no fix to compare with: the repository has none"
        return CveBranch(folder, BranchVerdict.UNKNOWN.value, reason)
    rows = [
        CveBranch(
            folder,
            result.branches[number].verdict.value,
            result.branches[number].reason,
            result.commit or "",
            result.subject,
            next(iter(result.culprits), ""),
            result.branches[number],
        )
        for result in results
    ]
    return min(rows, key=_rank)


def _rank(row: CveBranch) -> int:
    return _ORDER.index(row.verdict) if row.verdict in _ORDER else len(_ORDER)


def run_cve_actions(
    repository: Repository,
    results: Sequence[CveResult],
    request: BackportRequest,
    progress: Progress,
) -> ActionResults:
    """Run the requested actions for the fixes that a branch needs; several ones are stacked.

    Without such a fix, nothing is done.
    """
    wanted = {
        row.commit for result in results for row in result.branches if row.commit and row.wants_fix
    }
    fixes = {fix.commit: fix for result in results for fix in result.results if fix.commit}
    chosen = [fix for commit, fix in fixes.items() if commit in wanted]
    if len(chosen) > 1 and request.has_actions:
        chosen = _stack(repository, chosen, request, progress)
    return run_backport_actions(repository, chosen, request, progress) if chosen else NO_ACTIONS


def _stack(
    repository: Repository,
    fixes: Sequence[BackportResult],
    request: BackportRequest,
    progress: Progress,
) -> list[BackportResult]:
    """Return the verdicts of fixes on top of each other, in the order of mainline."""
    culprits = {
        fix.commit or "": tuple(
            Culprit(name[:12], repository.commit(name).subject, name) for name in fix.culprits
        )
        for fix in fixes
    }
    revisions, folders = split_onto_arguments(repository, request.onto, profile=request.profile)
    stable = find_stable_branches(repository, profile=request.profile)
    branches: tuple[StableBranch, ...] = ()
    if revisions or not folders:
        branches = list_requested_branches(repository, stable, revisions, request.profile)
    with BackportSession(repository, stable, request, progress) as session:
        session.history.add(culprits)
        commits = sorted(culprits, key=lambda commit: session.history.index.ordinal(commit) or 0)
        stacked = session.ask(commits, branches, bugs=culprits)
    patches = [(format_commit_patch(repository, commit), commit) for commit in commits]
    directories = [
        check_fixes_in_directory(patches, folder, repository, adapt=request.adapt)
        for folder in folders
    ]
    return [
        replace(fix, branches=(*fix.branches, *(judged[number] for judged in directories)))
        for number, fix in enumerate(stacked)
    ]
