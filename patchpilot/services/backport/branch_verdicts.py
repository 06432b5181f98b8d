# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine for each stable branch whether it has the bug and the fix, and whether the fix applies.

If the fix does not apply, the verdict contains the changes it requires.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from patchpilot.backports.adapt.adaptation import adapt
from patchpilot.backports.adapt.explain_steps import add_causes
from patchpilot.backports.applies import AppliesHow, ApplyResult
from patchpilot.backports.backport_patches import range_diff
from patchpilot.backports.branch_result import BranchVerdict
from patchpilot.backports.conflict_reasons import explain
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.followups import (
    followers,
    lacking_newer,
    later_fixes,
    needed_followers,
    stable_rules,
)
from patchpilot.backports.object_store import Scratch
from patchpilot.backports.prerequisites import (
    PrerequisiteSearch,
    SearchState,
    find_prerequisites,
)
from patchpilot.backports.verdict import judge, judge_affected
from patchpilot.commits.make_commits import commit_patches
from patchpilot.commits.range import FromArchive
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError
from patchpilot.history.earlier_fixes import changed_functions
from patchpilot.history.fix_in_branch import Culprit, History
from patchpilot.history.index_file import forget
from patchpilot.history.stable_branches import (
    Branch,
    Branches,
    is_queued,
    mainline,
    queues,
    stable_branches,
    version_at,
)
from patchpilot.model.action import Action
from patchpilot.model.follow_up import Follower
from patchpilot.model.progress import Progress, silent
from patchpilot.projects.loading import find_project
from patchpilot.projects.project import version_key
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
from patchpilot.services.backport.backport_targets import (
    BackportTarget,
    fetch_hint,
    find_mainline_commit,
    read_wanted,
    split_onto,
)
from patchpilot.services.backport.unpacked_tree import judge_in_directory
from patchpilot.tags import rank_culprits
from patchpilot.topic.upstream_state import commit_state


class NothingFetchedError(MissingError):
    """Raised if the repository has no stable branch."""


@dataclass(frozen=True, slots=True)
class BackportRequest:
    """The fix to backport, the branches to examine, and the actions after the verdicts.

    `target` is the fix (None: the topic since `base`). `onto` lists revisions or directories; the
    default is the stable branches. `effort` limits the search for prerequisites, in seconds per
    branch; 0 disables the search and explanations of conflicts. `fixes` lists the commits that
    introduced the bug. They override a single commit's Fixes: tags; in a series, they apply to
    commits without such tags.

    `adapt` adapts the fix to a branch on which it conflicts; otherwise no patch is written there.
    `range_diff` compares the result with the fix or with the backport it is based on.
    `from_archive` reads a Message-ID or URL as TARGET.

    Patches are written to `folder`. `resolve` is the branch with the conflict to prepare in a
    clone. `build` is a command to run; `objects` compiles the files changed by the fix, and no
    patch is written if this fails. `request` creates the message to the stable maintainers. `note`
    explains the adaptation, or why the trees need the fix. `in_reply_to` is the message that the
    patches reply to.
    """

    target: str | None = None
    onto: Sequence[str] = ()
    profile: str | None = None
    effort: float = 10.0
    base: str | None = None
    fixes: Sequence[str] = ()
    adapt: bool = False
    range_diff: bool = False
    from_archive: FromArchive | None = None
    folder: Path | None = None
    resolve: str | None = None
    build: str | None = None
    request: bool = False
    signoff: bool = False
    note: str = ""
    in_reply_to: str | None = None


def backport(
    repository: Repository | None,
    request: BackportRequest,
    *,
    progress: Progress = silent,
) -> tuple[BackportResult, ...]:
    """Return the backport verdicts for each commit in TARGET, oldest first.

    Each commit is applied on top of the previous ones. Raise `NothingFetchedError` if the
    repository has no stable branch.
    """
    onto, profile, fixes = (
        request.onto,
        request.profile,
        request.fixes,
    )
    revisions, folders = split_onto(repository, onto, profile=profile)
    if fixes and repository is None:
        raise MissingError(
            "not in a git repository: cannot look up the commits named with --fixes",
            hint=Action("", ("-C", "DIR"), "name one with {}"),
        )
    named = tuple(repository.resolve(fix) for fix in fixes) if repository else ()
    targets = read_wanted(
        repository, request.target, request.base, request.from_archive
    )
    results = tuple(BackportResult(fix.commit, fix.subject) for fix in targets)
    if revisions or not onto:
        if repository is None:
            raise MissingError(
                "not in a git repository",
                hint=Action(
                    "",
                    ("-C", "DIR"),
                    "name one with {}, or a directory with --onto DIR",
                ),
            )
        targets = tuple(
            find_mainline_commit(repository, fix, progress) for fix in targets
        )
        if any(fix.commit is None for fix in targets):
            base = _patch_base(repository, targets, request.base)
            targets = _add_commits(repository, targets, base)
        stable = stable_branches(repository, profile=profile)
        branches = (
            resolve_branches(repository, stable, revisions)
            if revisions
            else stable.branches
        )
        if not branches:
            raise NothingFetchedError(
                "no stable branch has been fetched",
                hint=fetch_hint(repository, stable, profile),
            )
        missing = () if revisions else stable.missing
        commits = [fix.commit or "" for fix in targets]
        try:
            with BackportSession(repository, stable, request, progress, named) as asker:
                results = asker.ask(commits, branches)
        except sqlite3.OperationalError as error:
            raise MissingError(
                f"cannot use the history index: {error}",
                hint="another patchpilot process may be updating it; try again",
            ) from error
        except sqlite3.DatabaseError:
            # the index is just a cache, so rebuild it if it is damaged
            forget(repository)
            with BackportSession(repository, stable, request, progress, named) as asker:
                results = asker.ask(commits, branches)
        results = tuple(replace(result, missing=missing) for result in results)
    if folders:
        patches = [(fix.as_patch(repository), fix.commit) for fix in targets]
        answers = [
            judge_in_directory(patches, folder, repository, adapts=request.adapt)
            for folder in folders
        ]
        results = tuple(
            replace(result, branches=(*result.branches, *rows))
            for result, rows in zip(results, zip(*answers, strict=True), strict=True)
        )
    return results


def _add_commits(
    repository: Repository, fixes: Sequence[BackportTarget], tip: str
) -> tuple[BackportTarget, ...]:
    """Return the fixes as commits, each on top of the previous one."""
    patches = [fix.patch for fix in fixes if fix.commit is None and fix.patch]
    commits = iter(commit_patches(repository, patches, tip))
    return tuple(
        fix if fix.commit else replace(fix, commit=next(commits)) for fix in fixes
    )


def _patch_base(
    repository: Repository, fixes: Sequence[BackportTarget], base: str | None
) -> str:
    """Return the commit to apply patches to: the given base, the commit in a `base-commit:` line,
    or mainline.
    """
    if base:
        return repository.resolve(base)
    for fix in fixes:
        for line in reversed(fix.patch.lines if fix.patch else ()):
            word, _, name = line.partition("base-commit: ")
            if not word and name and (commit := repository.find(name.strip())):
                return commit
    return mainline(repository) or repository.resolve("HEAD")


@dataclass(slots=True)
class _Pending:
    """The state of a branch before the next commit: its tree and the commits applied so far."""

    tree: str
    commits: list[str] = field(default_factory=list)


class BackportSession:
    """A context manager for backport verdicts, with an open history index and object store.

    Use it for any number of fixes.
    """

    def __init__(
        self,
        repository: Repository,
        branches: Branches,
        request: BackportRequest,
        progress: Progress,
        culprits: Sequence[str] = (),
    ) -> None:
        self.repository, self.found = repository, branches
        self.request, self.progress = request, progress
        self.named = tuple(
            Culprit(culprit[:12], repository.commit(culprit).subject, culprit)
            for culprit in culprits
        )
        self.history = History(repository, progress)
        self.scratch = Scratch(repository)
        self.main = mainline(repository)
        self.queues = queues(repository)
        self._guesses: dict[str, tuple[Culprit, ...]] = {}

    def __enter__(self) -> "BackportSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.scratch.close()
        self.history.close()

    def ask(
        self, commits: Sequence[str], branches: Sequence[Branch]
    ) -> tuple[BackportResult, ...]:
        """Return the backport verdicts for commits, in order.

        Each commit is applied on top of the previous ones that applied.
        """
        self.history.add(
            [
                *([self.main] if self.main else []),
                *commits,
                *(branch.tip for branch in branches),
            ]
        )
        ahead = {
            branch.name: _Pending(self.scratch.tree_of(branch.tip))
            for branch in branches
        }
        # --fixes applies to a single given commit; in a series, to commits without a Fixes: tag
        chosen = self.named if len(commits) == 1 else ()
        return tuple(
            self._fix_verdicts(commit, branches, ahead, chosen) for commit in commits
        )

    def _mainline_commit(self, commit: str) -> str:
        """Return the mainline commit that makes a commit unnecessary, or the commit itself.

        Stable trees reference fixes by mainline's id.
        """
        fix = commit_state(self.repository, commit, self.progress).sure
        return fix.commit if fix and fix.in_mainline else commit

    def _fix_verdicts(
        self,
        requested: str,
        branches: Sequence[Branch],
        ahead: Mapping[str, _Pending],
        chosen: tuple[Culprit, ...],
    ) -> BackportResult:
        commit = self._mainline_commit(requested)
        fix = FixCommit.read(self.repository, commit)
        culprits = chosen or self.history.culprits(commit) or self.named
        company = followers(self.history, commit, self.main)
        answers = []
        for number, branch in enumerate(branches):
            self.progress(f"{fix.commit.short} on {branch.name}", number, len(branches))
            answers.append(
                self._branch_verdict(fix, culprits, company, branch, ahead[branch.name])
            )
        wanting = [
            (branch, answer.wants_fix)
            for branch, answer in zip(branches, answers, strict=True)
        ]
        later = (
            later_fixes(self.history, fix, self.main, company)
            if any(wants for _, wants in wanting)
            else ()
        )
        answers = [
            (
                replace(
                    answer,
                    lacking_newer=lacking_newer(branch, wanting),
                    hints=(*answer.hints, *later),
                )
                if answer.wants_fix
                else answer
            )
            for branch, answer in zip(branches, answers, strict=True)
        ]
        upstream = self.history.has(self.main, commit) if self.main else None
        named = tuple(culprit.commit for culprit in culprits if culprit.commit)
        return BackportResult(
            commit,
            fix.commit.subject,
            named,
            tuple(answers),
            rules=stable_rules(fix, find_project(self.found.stable.project)),
            followers=company,
            upstream=upstream,
            list=self.found.stable.list,
            asked=requested if requested != commit else None,
            max_lines=self.found.stable.max_lines,
        )

    def _backports(self, commit: str, branch: Branch) -> Iterator[str]:
        """Yield a fix's backports to other stable branches, nearest newer branches first."""
        branches = self.found.branches
        newer = [
            other
            for other in branches
            if not branch.version
            or version_key(other.version) > version_key(branch.version)
        ]
        for other in (
            *newer,
            *(branch for branch in reversed(branches) if branch not in newer),
        ):
            landing = self.history.landed(commit, other.tip, content=False)
            if landing and landing.holds and landing.commit != commit:
                yield landing.commit

    def _branch_verdict(
        self,
        fix: FixCommit,
        culprits: tuple[Culprit, ...],
        company: tuple[Follower, ...],
        branch: Branch,
        ahead: _Pending,
    ) -> BranchResult:
        tree = ahead.tree
        result = judge(
            self.history, self.scratch, fix, culprits, branch, tree, ahead.commits
        )
        is_conflict = result.verdict is BranchVerdict.CONFLICT
        why = (
            ""
            if culprits or not is_conflict
            else self._missing_functions_reason(fix, branch.tip, ahead)
        )
        if why:
            result = replace(
                result,
                verdict=BranchVerdict.NOT_AFFECTED,
                affected=False,
                conflicts=(),
                reason=why,
            )
        applied, wants = result.applied, result.wants_fix
        need: PrerequisiteSearch | None = None
        is_conflict = result.verdict is BranchVerdict.CONFLICT
        if self.request.adapt and is_conflict and applied:
            backports = self._backports(fix.id, branch)
            adapted = adapt(self.scratch, applied.merge, tree, fix, backports)
            if adapted and self.request.range_diff:
                parent = self.scratch.commit(tree, branch.tip)
                backported = self.scratch.commit_like(
                    fix.commit, adapted.made, parent, fix.commit.message
                )
                source = self.repository.commit(adapted.start or fix.id)
                text = range_diff(self.scratch, source, backported)
                adapted = replace(adapted, range_diff=text)
            result = replace(result, adaptation=adapted)
        adapted = result.adaptation
        used = adapted if adapted and adapted.is_sure else None
        if applied and wants and self.request.effort > 0:
            causes, hints = explain(
                self.history,
                self.scratch,
                fix,
                branch.tip,
                applied,
                timeout=self.request.effort / 2,
                tree=tree,
            )
            result = replace(result, causes=causes, hints=hints)
            if adapted:
                steps = add_causes(adapted.steps, causes)
                result = replace(result, adaptation=replace(adapted, steps=steps))
            # an adapted fix needs no prerequisites
            if is_conflict and not used:
                need = find_prerequisites(
                    self.history,
                    self.scratch,
                    fix,
                    branch.tip,
                    effort=self.request.effort,
                    tree=tree,
                    progress=self.progress,
                )
                result = replace(
                    result,
                    prerequisites=need.needs,
                    partial=need.partial,
                    search=need.state,
                )
        if wants:
            ahead.tree = (
                used.made if used else self._tree_after(fix, applied, need, tree)
            )
            ahead.commits.append(fix.id)
        stable = self.found.stable
        return replace(
            result,
            queued=wants
            and bool(branch.version)
            and is_queued(self.history, fix.id, branch.version, stable, self.queues),
            commands=_commands(result, fix),
            followers=()
            if result.verdict is BranchVerdict.NOT_AFFECTED
            else needed_followers(self.history, company, branch.tip),
        )

    def _missing_functions_reason(
        self, fix: FixCommit, tip: str, ahead: _Pending
    ) -> str:
        """For a fix without a Fixes: tag, return why a branch lacks all changed functions, or "".

        The reason is that the branch lacks the commit found by `fixes`.
        """
        names = [name for name in changed_functions(fix.files).lines if name]
        for change in fix.files:
            text = self.scratch.blob(ahead.tree, change.path) or b""
            if any(f"{name}(".encode() in text for name in names):
                return ""
        if not names or len(fix.commit.parents) != 1:
            return ""
        if fix.id not in self._guesses:
            candidates = rank_culprits.find(self.repository, fix.commit).candidates
            self._guesses[fix.id] = tuple(
                Culprit(candidate.commit[:12], candidate.subject, candidate.commit)
                for candidate in candidates[:1]
                if candidate.confidence >= rank_culprits.SURE
            )
        guess = self._guesses[fix.id]
        has_bug, _, why = judge_affected(self.history, guess, tip, ahead.commits)
        return f"{why}, nor is the function {names[0]}()" if has_bug is False else ""

    def _tree_after(
        self,
        fix: FixCommit,
        applied: ApplyResult | None,
        need: PrerequisiteSearch | None,
        tree: str,
    ) -> str:
        if applied and applied.how is not AppliesHow.CONFLICT:
            return applied.merge.tree
        if need and need.tree and need.state is SearchState.FOUND:
            return self.scratch.pick(fix.id, need.tree, fix.base).tree
        return tree


def _commands(result: BranchResult, fix: FixCommit) -> tuple[str, ...]:
    if not result.wants_fix:
        return ()
    name = result.branch if result.version else result.tip[:12]
    local = f"backport-{fix.commit.short}-{result.version or result.tip[:12]}"
    picks = result.prerequisites if not result.partial else ()
    return (
        f"git switch -c {local} {name}",
        *(f"git cherry-pick -x {needed.commit}" for needed in picks),
        f"git cherry-pick -x {fix.id}",
    )


def resolve_branches(
    repository: Repository, branches: Branches, words: Sequence[str]
) -> tuple[Branch, ...]:
    """Return the revisions given to --onto as branches."""
    named = []
    today = datetime.now(UTC).date()
    for word in words:
        tip = repository.resolve(word)
        version = version_at(repository, branches.stable, tip, word) or ""
        over = any(
            series_.version == version and series_.is_over(today)
            for series_ in branches.stable.series
        )
        named.append(
            Branch(word, version, tip, branches.stable.ends(version), is_over=over)
        )
    return tuple(named)
