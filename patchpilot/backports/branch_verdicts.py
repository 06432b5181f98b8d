# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine whether each stable branch has the bug and the fix, and whether the fix applies.

If it does not apply, list the commits that it requires.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from patchpilot.backports.adapt.adaptation import adapt_conflicts
from patchpilot.backports.adapt.explain_steps import add_causes
from patchpilot.backports.adapted_fix import NOT_ADAPTED, AdaptationPrice, OtherBackport
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.bug_origin import explain_bug_origin, find_bug_origin
from patchpilot.backports.conflict_places import find_conflict_places
from patchpilot.backports.conflict_reasons import StackedTree, explain_conflict
from patchpilot.backports.differing_functions import find_differing_functions
from patchpilot.backports.followups import (
    find_later_fix_hints,
    find_needed_followers,
    find_newer_branches_without_fix,
    find_stable_rule_violations,
)
from patchpilot.backports.named_prerequisites import PrerequisiteReader
from patchpilot.backports.patches import compute_range_diff, count_other_lines
from patchpilot.backports.posted_backport import PostedBackport, read_posted_backport
from patchpilot.backports.prerequisites import (
    PrerequisiteNeed,
    SearchLimits,
    SearchState,
    find_prerequisites,
    is_proposed_size,
)
from patchpilot.backports.result import BackportResult, UnreadPatch
from patchpilot.backports.reverted_fix import find_mainline_revert
from patchpilot.backports.series_causes import UnappliedCommits
from patchpilot.backports.stable_states import StableStates
from patchpilot.backports.targets import (
    BackportTarget,
    find_mainline_commits,
    find_unfit_patch_commit,
    format_fetch_hint,
    is_fix,
    read_commits,
    read_fixes,
    select_fixes,
    split_onto_arguments,
)
from patchpilot.backports.unpacked_tree import check_fixes_in_directory
from patchpilot.backports.verdict import make_branch_result
from patchpilot.commits.applies import AppliesHow, ApplyResult, try_fix
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.make_commits import commit_patches
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.range import FromArchive, format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, PatchpilotError
from patchpilot.history.branch_verdict import (
    BranchVerdict,
    JudgedBranch,
    judge_branch,
    judge_whether_affected,
)
from patchpilot.history.earlier_fixes import group_changes_by_function
from patchpilot.history.fix_in_branch import Culprit, History
from patchpilot.history.followers import find_followers
from patchpilot.history.index_file import delete_index
from patchpilot.history.mainline_commit import MainlineSearch
from patchpilot.history.missing_branches import omit_later_series
from patchpilot.history.own_branches import find_own_branches
from patchpilot.history.releases import BranchFix, Releases, find_release_of_series
from patchpilot.history.stable_branches import (
    StableBranch,
    StableBranches,
    find_mainline,
    find_mainline_tip,
    find_stable_branches,
    find_version,
    is_commit_queued,
    list_queue_refs,
)
from patchpilot.model.action import Action
from patchpilot.model.bounded import clamp_time
from patchpilot.model.follow_up import Follower, Reverted
from patchpilot.model.patch import Patch
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import is_backport, read_commit_marks
from patchpilot.projects.loading import find_project
from patchpilot.projects.project import version_key
from patchpilot.reading.stable_wait import StableWait, make_stable_wait
from patchpilot.tags import rank_culprits
from patchpilot.threads.stable_requests import find_trial_reports
from patchpilot.topic.upstream_state import find_commit_state

_RESOLVE_ALONE = f"{NOT_ADAPTED}; `--adapt --resolve` opens the conflict without prerequisites"
_MANUAL_LINE = 2
"""A line in conflict costs as much as this number of lines of prerequisites, which were tested in
mainline.
"""
Found = Callable[[BackportResult], None]
"""Called with each result as soon as it is known."""


class NothingFetchedError(MissingError):
    """Raised if the repository has no stable branch."""


@dataclass(frozen=True, slots=True)
class BackportRequest:
    """A fix to backport, the branches to examine, and the actions to run afterwards.

    `target` is the fix; None means the topic since `base`. `more_files` are the patch files that
    continue its series. `commits` are the fixes instead of these. `onto` lists revisions or
    directories and defaults to the stable branches. `effort` limits the search for prerequisites in
    seconds per branch; 0 disables the search and the explanation of conflicts. `fixes` lists the
    commits that introduced the bug. For a single commit, they replace its Fixes: tags; in a series,
    they apply only to commits without such tags. `adapt` adapts a conflicting fix to the branch;
    without it, no patch is written for a conflicting fix. `range_diff` compares the result with the
    fix, or with the backport that the result is based on. `from_archive` is the function that reads
    a Message-ID or URL given as TARGET.

    Patches are written to `folder`. `resolve` is the branch whose conflict is prepared in a clone.
    `build` is the command to run, or `objects` to compile the changed files; if they do not
    compile, no patch is written. `request` writes the message to the stable maintainers, for the
    branches on which the fix was `tested` ("6.1.76 by NAME"). `note` explains the adaptation, or
    why the trees need the fix; it is written to the file `output`. `in_reply_to` is the message
    that the patches reply to. `everything` also judges the commits of a range that are no fixes,
    and allows reverted fixes and very large prerequisites. `stdin` is the content of the TARGET
    `-`.
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
    tested: Sequence[str] = ()
    signoff: bool = False
    note: str = ""
    in_reply_to: str | None = None
    everything: bool = False
    stdin: bytes | None = None
    more_files: Sequence[str] = ()
    output: Path | None = None
    commits: Sequence[str] = ()

    @property
    def has_actions(self) -> bool:
        """Return whether anything is done after the verdicts."""
        return bool(self.folder or self.resolve or self.build or self.request)


def compute_backport_verdicts(
    repository: Repository | None,
    request: BackportRequest,
    *,
    progress: Progress = ignore_progress,
    found: Found | None = None,
) -> tuple[BackportResult, ...]:
    """Return the backport verdicts for each commit in TARGET, oldest first.

    Pass each result for branches to `found` as soon as it is known.

    Each commit is applied on top of the previous ones. Of a range, only the fixes are judged and
    applied, unless `everything` is requested. Raise `NothingFetchedError` if the
    repository has no stable branch.
    """
    onto, profile, fixes = (
        request.onto,
        request.profile,
        request.fixes,
    )
    revisions, folders = split_onto_arguments(repository, onto, profile=profile)
    if fixes and repository is None:
        raise MissingError(
            "not in a git repository: cannot look up the commits named with --fixes",
            hint=Action("", ("-C", "DIR"), "name one with {}"),
        )
    introduced_by = tuple(repository.resolve(fix) for fix in fixes) if repository else ()
    targets, others, left_out = select_fixes(
        repository,
        _read_targets(repository, request),
        request.target,
        everything=request.everything or bool(fixes),
    )
    unread: tuple[UnreadPatch, ...] = ()
    states = StableStates(repository)
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
        targets, unread = find_fix_commits(repository, targets, request.base, progress)
        stable = find_stable_branches(repository, profile=profile)
        branches = list_requested_branches(repository, stable, revisions, profile)
        missing, skipped = ((), ()) if revisions else (stable.missing, stable.skipped)
        commits = [fix.commit or "" for fix in targets]
        watch = (lambda result: found(*states.add((result,)))) if found else None
        mails = {fix.commit: fix.patch for fix in targets if fix.commit and fix.patch}

        def judge() -> tuple[BackportResult, ...]:
            with BackportSession(
                repository, stable, request, progress, introduced_by, mails
            ) as session:
                return session.ask(commits, branches, others, found=watch)

        try:
            results = judge()
        except sqlite3.OperationalError as error:
            raise MissingError(
                f"cannot use the history index: {error}",
                hint="another patchpilot process may be updating it; try again",
            ) from error
        except sqlite3.DatabaseError:
            # the index is only a cache: rebuild it if it is damaged
            delete_index(repository)
            results = judge()
        results = tuple(
            replace(
                result,
                missing=omit_later_series(repository, missing, result.commit),
                skipped=skipped,
                unread=unread,
            )
            for result in results
        )
    if folders:
        patches = [(fix.as_patch(repository), fix.commit) for fix in targets]
        directory_results = [
            check_fixes_in_directory(patches, folder, repository, adapt=request.adapt)
            for folder in folders
        ]
        results = tuple(
            replace(result, branches=(*result.branches, *directory_verdicts))
            for result, directory_verdicts in zip(
                results, zip(*directory_results, strict=True), strict=True
            )
        )
    results = tuple(replace(result, left_out=left_out) for result in results)
    writes = bool(request.folder or request.resolve) and not request.in_reply_to
    return states.add(results, are_needed=writes)


def _read_targets(
    repository: Repository | None, request: BackportRequest
) -> tuple[BackportTarget, ...]:
    if repository and request.commits:
        return read_commits(repository, request.commits)
    return read_fixes(
        repository,
        request.target,
        request.base,
        request.from_archive,
        request.stdin,
        request.more_files,
    )


def find_fix_commits(
    repository: Repository,
    targets: Sequence[BackportTarget],
    base: str | None,
    progress: Progress,
) -> tuple[tuple[BackportTarget, ...], tuple[UnreadPatch, ...]]:
    """Return the fixes with their mainline commits, or with the commits that `git am` would create.

    Also return the patches of several that have neither.
    """
    fixes = find_mainline_commits(repository, targets, progress)
    if all(fix.commit for fix in fixes):
        return fixes, ()
    return _add_commits(repository, fixes, _find_patch_base(repository, fixes, base), progress)


def _add_commits(
    repository: Repository,
    fixes: Sequence[BackportTarget],
    base: str,
    progress: Progress,
) -> tuple[tuple[BackportTarget, ...], tuple[UnreadPatch, ...]]:
    """Return the fixes with a commit for each patch, and the patches of several that have none.

    Never judge an empty commit: a patch without effect is a mainline commit with another subject,
    or an error. Raise the error if there is no other fix.
    """
    patches = [fix.patch for fix in fixes if fix.commit is None and fix.patch]
    errors: dict[str, PatchpilotError] = {}

    def find_merged(patch: Patch) -> str | None:
        # the rest of a truncated patch may be the change of another commit
        return None if patch.diff_error else find_unfit_patch_commit(repository, patch, progress)

    def keep_error(patch: Patch, error: PatchpilotError) -> None:
        errors.setdefault(patch.source, error)

    on_error = keep_error if len(fixes) > 1 else None
    commits = iter(commit_patches(repository, patches, base, find_merged, on_error))
    read = tuple(fix if fix.commit else replace(fix, commit=next(commits)) for fix in fixes)
    if not any(fix.commit for fix in read):
        raise next(iter(errors.values()))
    unread = tuple(
        UnreadPatch(source, error.message.removeprefix(f"{source}: "))
        for source, error in errors.items()
    )
    return tuple(fix for fix in read if fix.commit), unread


def _find_patch_base(
    repository: Repository, fixes: Sequence[BackportTarget], base: str | None
) -> str:
    """Return the commit to apply the patches to.

    This is the given base if there is one, then the commit in a `base-commit:` line, then mainline.
    """
    if base:
        return repository.resolve(base)
    for fix in fixes:
        for line in reversed(fix.patch.lines if fix.patch else ()):
            before, _, name = line.partition("base-commit: ")
            if not before and name and (commit := repository.find(name.strip())):
                return commit
    return find_mainline_tip(repository) or repository.resolve("HEAD")


@dataclass(slots=True)
class _PendingBranch:
    """The present tree of a branch while fixes are applied, the commits applied so far, and the
    ones that do not apply.
    """

    tree: str
    commits: list[str] = field(default_factory=list)
    unapplied: UnappliedCommits = field(default_factory=UnappliedCommits)


class BackportSession:
    """Compute backport verdicts for any number of fixes.

    A context manager that keeps the history index and the object store open.
    """

    def __init__(
        self,
        repository: Repository,
        branches: StableBranches,
        request: BackportRequest,
        progress: Progress,
        culprits: Sequence[str] = (),
        patches: Mapping[str, Patch] | None = None,
    ) -> None:
        self.repository, self.stable_branches = repository, branches
        self.request, self.progress = request, progress
        self.history = History(repository, progress)
        self.scratch = ScratchStore(repository)
        main = find_mainline(repository)
        self.main = main.tip if main else None
        self.mainline = MainlineSearch(repository, main, self.history) if main else None
        self.prerequisites = PrerequisiteReader(self.history, self.main, patches)
        self.patches = patches or {}
        originals = (self.find_original(culprit) or culprit for culprit in culprits)
        self.named = tuple(
            Culprit(culprit[:12], repository.commit(culprit).subject, culprit)
            for culprit in originals
        )
        self.queues = list_queue_refs(repository)
        self._others: Collection[str] = ()
        self._number, self._total = 0, 1
        self._releases = Releases(repository)
        self._guesses: dict[str, tuple[Culprit, ...]] = {}
        self._fixes: dict[str, FixCommit] = {}
        if self.main:
            self.history.read_along(self.main)

    def __enter__(self) -> "BackportSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.scratch.close()
        self.history.close()

    def ask(
        self,
        commits: Sequence[str],
        branches: Sequence[StableBranch],
        others: Collection[str] = (),
        bugs: Mapping[str, tuple[Culprit, ...]] | None = None,
        found: Found | None = None,
    ) -> tuple[BackportResult, ...]:
        """Return the backport verdicts for commits, in order.

        Pass each result to `found` as soon as it is known. After Ctrl-C, return the known results,
        which are then marked as interrupted.

        Each commit is applied on top of the previous ones that applied. `others` are the commits
        that are no fixes. `bugs` maps a fix to the commits that introduced its bug, which override
        its tags.
        """
        self._others = others
        self.history.add(
            [
                *([self.main] if self.main else []),
                *commits,
                *(branch.tip for branch in branches),
            ]
        )
        pending_branches = {
            branch.name: _PendingBranch(self.scratch.tree_of(branch.tip)) for branch in branches
        }
        # --fixes overrides the tags of a single commit; in a series, it only fills in missing ones
        chosen = self.named if len(commits) == 1 else ()
        bugs = bugs or {}
        results: list[BackportResult] = []
        self._total = len(commits)
        for self._number, commit in enumerate(commits):
            try:
                result = self._compute_fix_verdicts(
                    commit, branches, pending_branches, bugs.get(commit) or chosen
                )
            except KeyboardInterrupt as error:
                if not results:
                    raise
                notes = "; ".join(getattr(error, "__notes__", ()))
                words = f"{len(results)} of {len(commits)} fixes are judged"
                interrupted = f"{words}; {notes}" if notes else words
                return tuple(replace(result, interrupted=interrupted) for result in results)
            results.append(result)
            if found:
                found(result)
        return tuple(results)

    def prefetch(self, commits: Sequence[str]) -> None:
        """Read the patches of commits at once, instead of one by one when they are judged."""
        readable = [
            commit for commit in commits if len(self.repository.commit(commit).parents) <= 1
        ]
        self._fixes = {fix.id: fix for fix in FixCommit.read_all(self.repository, readable)}
        self.history.read_patch_ids(readable)

    def ask_alone(self, commit: str, branches: Sequence[StableBranch]) -> BackportResult:
        """Return the verdicts for one of many fixes, each of which is judged alone.

        The branches must be in the index. The later fixes of the same lines are not looked for.
        """
        pending_branches = {
            branch.name: _PendingBranch(self.scratch.tree_of(branch.tip)) for branch in branches
        }
        return self._compute_fix_verdicts(commit, branches, pending_branches, (), has_hints=False)

    def find_original(self, commit: str) -> str | None:
        """Return the mainline commit that a commit is or that its marks lead to, or None."""
        return self.mainline.of_ids([commit]) if self.mainline else None

    def _find_mainline_commit(self, commit: str) -> tuple[str, str]:
        """Return the commit's mainline equivalent, or the commit itself if there is none, and how a
        maintainer's tree has it, or "".

        Stable trees refer to fixes by their mainline id.
        """
        if original := self.find_original(commit):
            return original, ""
        fix = find_commit_state(self.repository, commit, self.progress).sure
        if fix and fix.in_mainline:
            return fix.commit, ""
        is_applied = fix and fix.is_patch
        return commit, f"applied as {fix.commit[:12]} in {fix.where}" if fix and is_applied else ""

    def _compute_fix_verdicts(
        self,
        requested_fix: str,
        branches: Sequence[StableBranch],
        pending_branches: Mapping[str, _PendingBranch],
        chosen: tuple[Culprit, ...],
        *,
        has_hints: bool = True,
    ) -> BackportResult:
        commit, applied = self._find_mainline_commit(requested_fix)
        fix = self._fixes.pop(commit, None) or FixCommit.read(self.repository, commit)
        patch = self.patches.get(requested_fix)
        if not patch and commit != requested_fix:
            patch = format_commit_patch(self.repository, requested_fix)
        posted = read_posted_backport(self.repository, patch)
        culprits = chosen or self.history.culprits(commit) or self.named
        follow_ups = find_followers(self.history, commit, self.main)
        reverted = find_mainline_revert(self.history, fix, culprits, self.main)
        verdicts = []
        for number, branch in enumerate(branches):
            done = self._number * len(branches) + number
            total = self._total * len(branches)
            self.progress(f"{fix.commit.short} on {branch.name}", done, total)
            verdicts.append(
                self._compute_branch_verdict(
                    fix,
                    culprits,
                    follow_ups,
                    reverted,
                    branch,
                    pending_branches[branch.name],
                    posted,
                )
            )
        needs_by_branch = [
            (branch, verdict.wants_fix) for branch, verdict in zip(branches, verdicts, strict=True)
        ]
        if any(is_needed for _, is_needed in needs_by_branch):
            later_fixes = (*follow_ups, *(reverted.replacements if reverted else ()))
            later_hints = (
                find_later_fix_hints(self.history, fix, self.main, later_fixes) if has_hints else ()
            )
            for number, (branch, is_needed) in enumerate(needs_by_branch):
                if is_needed:
                    verdicts[number] = replace(
                        verdicts[number],
                        lacking_newer=find_newer_branches_without_fix(branch, needs_by_branch),
                        hints=(*verdicts[number].hints, *later_hints),
                    )
        upstream = self.history.has(self.main, commit) if self.main else None
        culprit_ids = tuple(culprit.commit for culprit in culprits if culprit.commit)
        project = find_project(self.stable_branches.stable.project)
        is_tagged = project.lists.has_stable_tag(fix.commit.trailers)
        return BackportResult(
            commit,
            fix.commit.subject,
            culprit_ids,
            tuple(verdicts),
            rules=find_stable_rule_violations(fix, project),
            followers=follow_ups,
            reverted=reverted,
            upstream=upstream,
            list=self.stable_branches.stable.list,
            asked=requested_fix if requested_fix != commit else None,
            is_asked_backport=bool(patch and is_backport(patch)),
            max_lines=self.stable_branches.stable.max_lines,
            is_tagged=is_tagged,
            wait=self._find_wait(commit) if is_tagged and upstream else None,
            origin=posted.origin if posted else None,
            applied=applied,
        )

    def _find_wait(self, commit: str) -> StableWait:
        """Return how long to wait until the stable maintainers take a tagged mainline commit."""
        release = self._releases.first(commit)
        released = clamp_time(release.date).date() if release else None
        days = self.stable_branches.stable.waiting_days
        return make_stable_wait(release.name if release else None, released, days)

    def _find_other_backports(self, commit: str, branch: StableBranch) -> Iterator[OtherBackport]:
        branches = self.stable_branches.branches
        newer_branches = [
            candidate
            for candidate in branches
            if not branch.version or version_key(candidate.version) > version_key(branch.version)
        ]
        for candidate in (
            *newer_branches,
            *(branch for branch in reversed(branches) if branch not in newer_branches),
        ):
            applied = self.history.landed(commit, candidate.tip, content=False)
            if applied and applied.holds and applied.commit != commit:
                yield OtherBackport(candidate.version, applied.commit)

    def _count_trials(
        self, judged: JudgedBranch, fix: FixCommit, branch: StableBranch
    ) -> JudgedBranch:
        """Return the verdict for a branch, which has the bug if somebody tried the fix there."""
        if judged.affected is not None or not judged.bug_reason:
            return judged
        reports = find_trial_reports(fix.id, self.request.tested)
        trial = next((each for each in reports if each.is_about(branch.version, branch.name)), None)
        user = self.repository.identity
        return judged.with_trial(trial.reason(user.name if user else "")) if trial else judged

    def _compute_branch_verdict(
        self,
        fix: FixCommit,
        culprits: tuple[Culprit, ...],
        follow_ups: tuple[Follower, ...],
        reverted: Reverted | None,
        branch: StableBranch,
        pending_branch: _PendingBranch,
        posted: PostedBackport | None,
    ) -> BranchResult:
        tree = pending_branch.tree
        applied = posted.apply(self.scratch, tree) if posted else None
        judged = judge_branch(
            self.history,
            self.scratch,
            fix,
            culprits,
            branch,
            tree,
            pending_branch.commits,
        )
        judged = judged.with_posted(applied) if applied else judged
        judged = self._count_trials(judged, fix, branch)
        result = make_branch_result(self.scratch, branch, judged)
        if posted and result.wants_fix:
            hints = posted.list_hints(is_applied=bool(applied))
            result = replace(result, hints=hints, posted=posted if applied else None)
        is_conflict = result.verdict is BranchVerdict.CONFLICT
        missing_functions = (
            ""
            if culprits or not is_conflict or (self._total > 1 and not is_fix(fix.commit))
            else self._explain_missing_functions(fix, branch.tip, pending_branch)
        )
        if missing_functions:
            result = replace(
                result,
                verdict=BranchVerdict.NOT_AFFECTED,
                affected=False,
                conflicts=(),
                reason=missing_functions,
            )
        stacked = [commit for commit in pending_branch.commits if commit != fix.id]
        is_wanted = result.wants_fix and (reverted is None or self.request.everything)
        if result.applied and result.wants_fix:
            cause = (
                pending_branch.unapplied.find_cause(self.scratch, tree, fix)
                if result.verdict is BranchVerdict.CONFLICT
                else None
            )
            if cause:
                # prerequisites cannot help without this commit
                result, new_tree = replace(result, causes=(cause,)), tree
            elif result.posted and result.applied:
                new_tree = result.applied.merge.tree
            else:
                result, new_tree = self._add_requirements(
                    result,
                    fix,
                    branch,
                    tree,
                    frozenset(pending_branch.commits) - pending_branch.unapplied.ids,
                )
            if is_wanted and new_tree == tree:
                pending_branch.unapplied.add(fix)
            if is_wanted:
                pending_branch.tree = new_tree
        if is_wanted:
            pending_branch.commits.append(fix.id)
        return replace(
            result,
            queued=result.wants_fix and self._is_queued(fix.id, branch),
            branch_fix=self._find_branch_fix(fix.id, branch) if result.wants_fix else None,
            prerequisites=tuple(
                replace(need, review="queued") if self._is_queued(need.commit, branch) else need
                for need in result.prerequisites
            ),
            stacked=len(stacked),
            stacked_others=sum(commit in self._others for commit in stacked),
            commands=_list_cherry_pick_commands(result, fix)
            if is_wanted and not result.posted
            else (),
            followers=()
            if result.verdict is BranchVerdict.NOT_AFFECTED
            else find_needed_followers(
                self.history,
                fix.id,
                follow_ups,
                reverted,
                branch.tip,
                # the same content may come from another commit
                has_fix=result.landed_as is not None,
            ),
        )

    def _find_branch_fix(self, commit: str, branch: StableBranch) -> BranchFix | None:
        """Return a fix in the stable branch to which an older release, the given one, belongs."""
        for stable in self.stable_branches.branches:
            if stable.version != branch.version or stable.tip == branch.tip:
                continue
            landing = self.history.landed(commit, stable.tip, content=False)
            if landing and landing.holds and self.history.has(stable.tip, branch.tip):
                tip, series = stable.tip, stable.version
                release = find_release_of_series(self.repository, landing.commit, tip, series)
                return BranchFix(series, release)
        return None

    def _is_queued(self, commit: str, branch: StableBranch) -> bool:
        stable = self.stable_branches.stable
        return bool(branch.version) and is_commit_queued(
            self.history, commit, branch.version, stable, self.queues
        )

    def _add_requirements(
        self,
        result: BranchResult,
        fix: FixCommit,
        branch: StableBranch,
        tree: str,
        applied_commits: Collection[str],
    ) -> tuple[BranchResult, str]:
        """Add what a branch without the fix requires, and return the branch's tree with the fix.

        These are the prerequisites that people name, the adaptation or other prerequisites if the
        fix conflicts after them, the commits that add what an applied fix uses, and explanations.
        """
        first = result.applied
        assert first
        effort = self.request.effort
        named = self.prerequisites.apply(
            self.scratch, fix, branch, tree, effort / 2, applied_commits
        )
        applied = try_fix(self.scratch, fix, named.tree) if named.needs else first
        hints = (*result.hints, *named.hints)
        result = replace(result, prerequisites=named.needs, hints=hints)
        is_conflict = applied.how is AppliesHow.CONFLICT
        if result.verdict is BranchVerdict.CONFLICT and not is_conflict:
            result = replace(result, search=SearchState.FOUND)
        if self.request.adapt and is_conflict:
            result = self._adapt(result, fix, branch, named.tree, applied)
        if effort > 0:
            if first.how is not AppliesHow.CONFLICT and not is_conflict:
                stacked = StackedTree(named.tree, applied_commits)
                result = self._explain(result, fix, branch.tip, stacked, applied)
                return self._require_names(result, fix, named.tree, applied.merge.tree)
            stacked = StackedTree(tree, applied_commits)
            result = self._explain(result, fix, branch.tip, stacked, first)
        adapted = result.adaptation
        if adapted and adapted.is_sure:
            return result, adapted.made
        # search for prerequisites only if the fix could not be adapted
        if not is_conflict or effort <= 0:
            return result, tree if is_conflict else applied.merge.tree
        search = find_prerequisites(
            self.history,
            self.scratch,
            fix,
            branch.tip,
            limits=SearchLimits(effort, self.request.everything),
            tree=named.tree,
            progress=self.progress,
        )
        if result.affected is None and (
            origin := find_bug_origin(self.scratch, fix, tree, search.needs)
        ):
            return replace(result, hints=(*result.hints, explain_bug_origin(origin))), tree
        result = replace(
            result,
            prerequisites=(*named.needs, *search.needs),
            partial=search.partial,
            search=search.state,
            too_large=search.too_large,
        )
        if not self.request.adapt:
            price = self._price_adaptation(fix, branch, named.tree, applied, search.needs)
            # a clone for a manual resolution omits the prerequisites that people name as well
            is_usable = price is not None and (price.is_sure or not named.needs)
            result = replace(result, alternative=price if is_usable else None)
        if search.tree and search.state is SearchState.FOUND:
            return result, self.scratch.pick(fix.id, search.tree, fix.base).tree
        return result, tree

    def _require_names(
        self, result: BranchResult, fix: FixCommit, tree: str, made: str
    ) -> tuple[BranchResult, str]:
        """Require the commits that add the names which an applied fix uses and the branch lacks.

        Such a commit must apply as a whole and be of a usual size; otherwise, it stays a cause.
        `made` is the branch's tree with the fix; return the one that includes these commits.
        """
        needs = list(result.prerequisites)
        commits = sorted(cause.commit for cause in result.causes)
        commits.sort(key=lambda commit: self.history.index.ordinal(commit) or 0)
        for adding in FixCommit.read_all(self.repository, commits):
            attempt = try_fix(self.scratch, adding, tree) if adding.base else None
            if attempt is None or attempt.how is AppliesHow.CONFLICT or attempt.is_empty:
                continue
            size, applied = adding.size[1], try_fix(self.scratch, fix, attempt.merge.tree)
            is_usable = is_proposed_size(fix, size) or self.request.everything
            if is_usable and applied.how is not AppliesHow.CONFLICT:
                tree, made = attempt.merge.tree, applied.merge.tree
                is_fix_itself = bool(read_commit_marks(adding.commit.message).fixes)
                subject = adding.commit.subject
                needs.append(PrerequisiteNeed(adding.id, subject, size, is_fix_itself, why="adds"))
        return replace(result, prerequisites=tuple(needs)), made

    def _price_adaptation(
        self,
        fix: FixCommit,
        branch: StableBranch,
        tree: str,
        applied: ApplyResult,
        needs: Sequence[PrerequisiteNeed],
    ) -> AdaptationPrice | None:
        """Return the price of an adaptation, or of a manual resolution, that changes less than
        prerequisites that are no fixes; otherwise, None.
        """
        if not needs or all(need.is_fix for need in needs):
            return None
        adapted = adapt_conflicts(
            self.scratch,
            applied.merge,
            tree,
            fix,
            self._find_other_backports(fix.id, branch),
            self.stable_branches.stable.changelogs,
        )
        lines = sum(need.size for need in needs)
        if adapted and adapted.is_sure:
            parent = self.scratch.commit(tree, branch.tip)
            other_lines = count_other_lines(self.scratch, fix.commit, adapted.made, parent)
            is_smaller = other_lines < lines
        else:
            places = find_conflict_places(self.scratch, applied.merge)
            other_lines = sum(len(place.ours) + len(place.theirs) for place in places)
            is_countable = all(place.line for place in places)
            is_smaller = is_countable and _MANUAL_LINE * other_lines < lines
        if not is_smaller:
            return None
        functions: set[str] = set()
        for need in needs:
            files = FixCommit.read(self.repository, need.commit).files
            functions |= group_changes_by_function(files).lines.keys()
        functions -= group_changes_by_function(fix.files).lines.keys()
        # other names are headings of definitions
        functions = {name for name in functions if name.isidentifier()}
        kind, confidence = (adapted.kind, adapted.confidence) if adapted else ("manual", 0.0)
        return AdaptationPrice(kind, confidence, other_lines, lines, len(functions))

    def _adapt(
        self,
        result: BranchResult,
        fix: FixCommit,
        branch: StableBranch,
        tree: str,
        applied: ApplyResult,
    ) -> BranchResult:
        """Adapt a conflicting fix to a branch."""
        backports = self._find_other_backports(fix.id, branch)
        adapted = adapt_conflicts(
            self.scratch,
            applied.merge,
            tree,
            fix,
            backports,
            self.stable_branches.stable.changelogs,
        )
        if adapted and self.request.range_diff:
            parent = self.scratch.commit(tree, branch.tip)
            source = self.repository.commit(adapted.start or fix.id)
            comparison = compute_range_diff(self.scratch, source, adapted.made, parent)
            adapted = replace(adapted, range_diff=comparison)
        hints = () if adapted else (_RESOLVE_ALONE,)
        return replace(result, adaptation=adapted, hints=(*result.hints, *hints))

    def _explain(
        self,
        result: BranchResult,
        fix: FixCommit,
        tip: str,
        stacked: StackedTree,
        applied: ApplyResult,
    ) -> BranchResult:
        """Add the causes of a conflict, and other functions that differ if the fix applies."""
        timeout = self.request.effort / 2
        causes, hints, adding_commits = explain_conflict(
            self.history, self.scratch, fix, tip, applied, timeout=timeout, stacked=stacked
        )
        adapted = result.adaptation
        is_conflict = applied.how is AppliesHow.CONFLICT
        if adapted or not is_conflict:
            named = {cause.commit for cause in causes} if is_conflict else set()
            differences = tuple(
                each
                for each in find_differing_functions(
                    self.history, self.scratch, fix, tip, stacked.tree, timeout=timeout
                )
                if not is_conflict or any(it.commit not in named for it in each.commits)
            )
            result = replace(result, differences=differences)
        if not is_conflict:
            result = replace(result, adding_commits=adding_commits)
        if adapted:
            adapted = replace(adapted, steps=add_causes(adapted.steps, causes))
        return replace(result, causes=causes, hints=(*result.hints, *hints), adaptation=adapted)

    def _explain_missing_functions(
        self, fix: FixCommit, tip: str, pending_branch: _PendingBranch
    ) -> str:
        """Return the reason why a branch is not affected, or "" if this is not certain.

        This is for fixes without a Fixes: tag. The branch is not affected if it has neither the
        functions that the fix changes nor the commit that the `fixes` command is certain of.
        """
        functions = [
            function for function in group_changes_by_function(fix.files).lines if function
        ]
        for change in fix.files:
            content = self.scratch.blob(pending_branch.tree, change.path) or b""
            if any(f"{function}(".encode() in content for function in functions):
                return ""
        if not functions or len(fix.commit.parents) != 1:
            return ""
        if fix.id not in self._guesses:
            candidates = rank_culprits.find_likely_culprits(self.repository, fix.commit).candidates
            self._guesses[fix.id] = tuple(
                Culprit(candidate.commit[:12], candidate.subject, candidate.commit, is_guess=True)
                for candidate in candidates[:1]
                if not candidate.doubt
            )
        guesses = self._guesses[fix.id]
        has_bug, _, reason = judge_whether_affected(
            self.history, guesses, tip, pending_branch.commits
        )
        return f"{reason}, nor is the function {functions[0]}()" if has_bug is False else ""


def _list_cherry_pick_commands(result: BranchResult, fix: FixCommit) -> tuple[str, ...]:
    if not result.wants_fix:
        return ()
    start = result.branch if result.version else result.tip[:12]
    local_branch = f"backport-{fix.commit.short}-{result.version or result.tip[:12]}"
    prerequisites = [needed for needed in result.prerequisites if not needed.paths]
    return (
        f"git switch -c {local_branch} {quote(start)}",
        *(f"git cherry-pick -x {prerequisite.commit}" for prerequisite in prerequisites),
        f"git cherry-pick -x {fix.id}",
    )


def list_requested_branches(
    repository: Repository, stable: StableBranches, revisions: Sequence[str], profile: str | None
) -> tuple[StableBranch, ...]:
    """Return the branches given with --onto, otherwise the stable branches and the user's own.

    Raise `NothingFetchedError` if there are none.
    """
    if revisions:
        return resolve_onto_revisions(repository, stable, revisions)
    branches = (*stable.branches, *find_own_branches(repository))
    if not branches:
        raise NothingFetchedError(
            "no stable branch has been fetched",
            hint=format_fetch_hint(repository, stable, profile),
        )
    return branches


def resolve_onto_revisions(
    repository: Repository, branches: StableBranches, revisions: Sequence[str]
) -> tuple[StableBranch, ...]:
    """Convert the revisions given with --onto to branches."""
    resolved_branches = []
    today = datetime.now(UTC).date()
    for revision in revisions:
        tip = repository.resolve(revision)
        stable = branches.stable
        version = find_version(repository, stable, tip, revision) or ""
        # the branch of a vendor is maintained after the stable branch that it is based on
        is_over = bool(stable.version_of(revision)) and stable.is_over(version, today)
        resolved_branches.append(
            StableBranch(revision, version, tip, stable.ends(version), is_over=is_over)
        )
    return tuple(resolved_branches)
