# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the earlier mainline commits that a fix requires in order to apply.

Candidates are found in the history of the fix's lines, verified by merging, and reduced to a
minimum.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from patchpilot.backports.line_history import read_touches_of_commits
from patchpilot.backports.missing_commits import MARGINS, MissingCommits
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.merging import Merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.history.fix_in_branch import History
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import read_commit_marks

_DEEPEST = 4
# if more whole commits than this are needed, the search fails
_MOST_WHOLE = 120
# the search for partial commits comes first and gets this share of the time
_FOR_PARTS = 0.35
# commits that change more than 10 files are wide; try to drop the six widest ones first
_WIDE, _MOST_WIDE = 10, 6
# nobody would backport more whole commits or lines than this for one fix
_MANY_COMMITS = 12
_MANY_LINES = 2000
# nobody should be asked to backport a commit that is this many times larger than the fix
_TIMES_LARGER = 100


class SearchState(StrEnum):
    """The result of a search for prerequisites.

    The fix applies either with whole commits, or with only their changes to the fix's files.
    Otherwise, the search gave up because it ran out of time or because one of the commits is too
    large to be proposed, or there are no candidates.
    """

    FOUND = "found"
    PARTIAL = "partial"
    GAVE_UP = "gave-up"
    NONE = "none"


@json_form("commit subject lines=size is_fix why named_by~ serves~ review?")
@dataclass(frozen=True, slots=True)
class PrerequisiteNeed:
    """A prerequisite of a fix.

    `size` is the number of its changed lines, or only of those in the fix's files if the
    prerequisite is partial; `paths` are then these files, with their former names. `is_fix` is set
    if the prerequisite fixes another commit. `why` is "tried" if trial merges found it, "named" if
    the line `named_by` names it, or "adds" if it adds a name that the fix uses. `serves` is the
    other prerequisite that needs it, or "" if the fix itself does. `review` is its state in the
    stable review of the branch, such as "queued", or ""; then it is not written again.
    """

    commit: str
    subject: str
    size: int = 0
    is_fix: bool = False
    paths: tuple[str, ...] = ()
    why: str = "tried"
    named_by: str = ""
    serves: str = ""
    review: str = ""

    @property
    def reference(self) -> str:
        """Return `commit-id ("subject")`."""
        return f'{self.commit[:12]} ("{self.subject}")'


@dataclass(frozen=True, slots=True)
class PrerequisiteSearch:
    """The result of a search for prerequisites.

    `needs` contains the commits in the order in which to apply them. `tree` is the branch's tree
    with these commits, to which the fix applies. `too_large` is the commit that is too large.
    """

    needs: tuple[PrerequisiteNeed, ...]
    state: SearchState
    tree: str | None = None
    too_large: PrerequisiteNeed | None = None

    @property
    def partial(self) -> bool:
        """Return whether the result, or the last attempt, uses only the commits' changes to the
        fix's files.
        """
        return self.state is SearchState.PARTIAL

    @property
    def lines(self) -> int:
        """Return the number of lines changed by the commits."""
        return sum(need.size for need in self.needs)


class SearchLimits(NamedTuple):
    """The seconds that a search may take, and whether it may propose commits of any size.

    Otherwise, it proposes no commit that is over a hundred times larger than the fix.
    """

    seconds: float = 10.0
    allow_large: bool = False


_DEFAULT_LIMITS = SearchLimits()


def is_proposed_size(fix: FixCommit, size: int) -> bool:
    """Return whether a prerequisite of a fix with so many changed lines may be proposed."""
    return size <= _TIMES_LARGER * max(1, fix.size[1])


class _OutOfTimeError(Exception):
    pass


def find_prerequisites(
    history: History,
    scratch: ScratchStore,
    fix: FixCommit,
    tip: str,
    *,
    limits: SearchLimits = _DEFAULT_LIMITS,
    tree: str | None = None,
    progress: Progress = ignore_progress,
) -> PrerequisiteSearch:
    """Return the smallest ordered set of commits with which the fix applies to the branch.

    `tree` replaces the branch's tree if other commits were applied to it. First try whole commits,
    each with the prerequisites of its other files. If they do not make the fix apply, or if there
    are too many, use only their changes to the fix's files.
    """
    return _PrerequisiteSeeker(history, scratch, fix, tip, limits, progress, tree).search()


class _PrerequisiteSeeker:
    """A search that caches trial merges, checks the remaining time at each step, and remembers the
    best result.
    """

    def __init__(
        self,
        history: History,
        scratch: ScratchStore,
        fix: FixCommit,
        tip: str,
        limits: SearchLimits,
        progress: Progress,
        tree: str | None,
    ) -> None:
        self.history, self.scratch, self.fix = history, scratch, fix
        self.repository: Repository = history.repository
        self.tree = tree or scratch.tree_of(tip)
        self._start = time.monotonic()
        self._effort, self._progress = limits.seconds, progress
        self._allow_large = limits.allow_large
        self._missing = MissingCommits(history, scratch, fix.id, tip, self.tree, self._check_time)
        self._merges: dict[tuple[str, str, bool], Merge] = {}
        self._failed: set[tuple[str, str]] = set()
        self._paths = frozenset(fix.paths)
        self._partial_commits: tuple[str, ...] = ()
        self._whole_commits: tuple[str, ...] = ()

    def search(self) -> PrerequisiteSearch:
        failure_state = SearchState.GAVE_UP
        try:
            has_parts = self._find_parts()
            if self._find_whole():
                self._drop_unneeded(self._whole_commits, self._store_whole, is_partial=False)
                self._whole_commits = self._sort_by_mainline(self._whole_commits)
            elif not has_parts:
                failure_state = SearchState.NONE
            else:
                self._drop_unneeded(self._partial_commits, self._store_partial, is_partial=True)
        except _OutOfTimeError:
            pass
        except KeyboardInterrupt as error:
            commits, scope = (
                (self._whole_commits, "")
                if self._whole_commits
                else (self._partial_commits, ", only the changes to the fix's files")
            )
            if commits:
                ids = " ".join(commit[:12] for commit in commits)
                error.add_note(
                    f"prerequisites of {self.fix.commit.short} found before that"
                    f" ({format_count(len(commits), 'commit')}{scope}): {ids}"
                )
            raise
        except GitError:
            # git exceeded the time limit of the search
            if time.monotonic() < self._start + self._effort:
                raise
        self._effort = float("inf")
        partial = (
            self._make_result(self._partial_commits, SearchState.PARTIAL, is_partial=True)
            if self._partial_commits
            else PrerequisiteSearch((), failure_state)
        )
        partial = self._refuse_large(partial)
        if not self._whole_commits:
            return partial
        whole = self._make_result(self._whole_commits, SearchState.FOUND, is_partial=False)
        return self._choose(self._refuse_large(whole), partial)

    def _choose(self, whole: PrerequisiteSearch, partial: PrerequisiteSearch) -> PrerequisiteSearch:
        """Return the better one of two sets of prerequisites, whole commits or parts of them."""
        if whole.too_large:
            return partial if partial.needs else whole
        if partial.too_large:
            return whole
        # prefer whole commits, unless there are far too many and the partial ones are much smaller,
        # or do not exist because a part must not create a file
        has_too_many = len(whole.needs) > _MANY_COMMITS and 2 * len(partial.needs) <= len(
            whole.needs
        )
        is_too_large = (
            whole.lines > max(_MANY_LINES, self.fix.size[1]) and 4 * partial.lines <= whole.lines
        )
        return partial if has_too_many or is_too_large else whole

    def _refuse_large(self, search: PrerequisiteSearch) -> PrerequisiteSearch:
        """Return the search without its commits if one of them is too large."""
        largest = max(search.needs, key=lambda need: need.size, default=None)
        if self._allow_large or largest is None or is_proposed_size(self.fix, largest.size):
            return search
        return PrerequisiteSearch((), SearchState.GAVE_UP, too_large=largest)

    def _store_partial(self, commits: tuple[str, ...]) -> None:
        self._partial_commits = commits

    def _store_whole(self, commits: tuple[str, ...]) -> None:
        self._whole_commits = commits

    def _find_parts(self) -> bool:
        """Find commits whose changes to the fix's files make the fix apply.

        Return False if it does not apply even with all of them.
        """
        # read the history of the fix's files once for all steps
        names = self._missing.with_older_names(self.fix.paths)
        self._paths = frozenset(names)
        self._missing.read_earlier_touches(self.fix.id, names)
        collected = self._collect((), is_partial=True)
        merge = self._pick(self.fix.id, self.tree, is_partial=True)
        pools = (
            (self._missing.dependencies_of(self.fix.id, merge.paths, margin) for margin in MARGINS)
            if collected is None
            else ()
        )
        for pool in pools:
            if pool and self._fix_applies_after(pool, is_partial=True):
                collected = self._applicable(pool)
                break
        if collected is None:
            pool = self._missing.latest(self.fix.id, self.fix.paths)
            if not self._fix_applies_after(pool, is_partial=True):
                return False
            collected = self._applicable(pool)
        self._partial_commits = collected
        self._drop_unneeded(collected, self._store_partial, is_partial=True, share=_FOR_PARTS)
        return True

    def _find_whole(self) -> bool:
        """Find whole commits that make the fix apply.

        They are the partial commits, as a whole and with their prerequisites. Return False if none
        were found.
        """
        collected = self._collect(self._partial_commits, is_partial=False)
        if collected:
            self._whole_commits = collected
            return True
        conflict = self._pick(self.fix.id, self.tree, is_partial=False).paths
        pools = [
            self._partial_commits,
            *(self._missing.dependencies_of(self.fix.id, conflict, margin) for margin in MARGINS),
        ]
        for pool in dict.fromkeys(pools):
            applied = self._apply_recursively(pool, self.tree, _DEEPEST)
            if self._fix_applies_after(applied, is_partial=False):
                self._whole_commits = applied
                return True
        return False

    def _collect(self, seeds: Sequence[str], *, is_partial: bool) -> tuple[str, ...] | None:
        """Return commits, in mainline order, that make the fix apply.

        If the fix or one of them conflicts, its prerequisites are added. Return None if
        prerequisites of the fix cannot be found or are far too many.
        """
        collected, skipped = set(seeds), set[str]()
        levels: dict[str, int] = {}
        while len(collected) <= _MOST_WHOLE:
            ordered = self._sort_commits(collected)
            tree = self.tree
            for commit in (*ordered, self.fix.id):
                merge = self._pick(commit, tree, is_partial=is_partial)
                if not merge.clean:
                    break
                tree = merge.tree
            else:
                return ordered
            new = self._more_prerequisites(
                commit, merge, levels, collected | skipped, is_partial=is_partial
            )
            if new:
                collected |= new
            elif commit == self.fix.id:
                return None
            else:
                # skip a commit that conflicts with the branch, because the fix may apply without it
                collected.discard(commit)
                skipped.add(commit)
        return None

    def _more_prerequisites(
        self,
        commit: str,
        merge: Merge,
        levels: dict[str, int],
        excluded: set[str],
        *,
        is_partial: bool,
    ) -> set[str]:
        """Return more prerequisites of a conflicting commit.

        First try the commits that wrote its lines, then adjacent lines, and finally all commits
        that changed the files.
        """
        for level in range(levels.get(commit, 0), len(MARGINS) + 2):
            levels[commit] = level
            if level == 0:
                candidates = self._missing.find_writers(
                    commit, merge, self._commit_trees(commit, is_partial=is_partial)[1]
                )
            elif level <= len(MARGINS):
                candidates = self._missing.dependencies_of(commit, merge.paths, MARGINS[level - 1])
            else:
                candidates = (
                    self._missing.latest(commit, merge.paths)
                    if is_partial or commit == self.fix.id
                    else ()
                )
            new = set(candidates) - excluded - {commit, self.fix.id}
            if new:
                return new
        return set()

    def _sort_commits(self, commits: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(commits, key=lambda commit: self.history.index.ordinal(commit) or 0))

    def _applicable(self, pool: Sequence[str]) -> tuple[str, ...]:
        """Return the commits whose changes to the fix's files apply in order and are not empty."""
        tree, applied = self.tree, []
        for commit in pool:
            merge = self._pick(commit, tree, is_partial=True)
            if merge.clean and merge.tree != tree:
                tree = merge.tree
                applied.append(commit)
        return tuple(applied)

    def _apply_recursively(self, pool: Sequence[str], tree: str, depth: int) -> tuple[str, ...]:
        """Apply the commits in `pool`, each after its prerequisites; return the ones that apply, in
        order.
        """
        applied = []
        for commit in pool:
            steps = self._find_steps(commit, tree, depth)
            for step in steps or ():
                merge = self._pick(step, tree, is_partial=False)
                if merge.clean and merge.tree != tree:
                    applied.append(step)
                    tree = merge.tree
        return tuple(applied)

    def _find_steps(self, commit: str, tree: str, depth: int) -> tuple[str, ...] | None:
        """Return the commits that make a commit apply to a tree, followed by the commit itself.

        Return None if there are none.
        """
        merge = self._pick(commit, tree, is_partial=False)
        if merge.clean:
            return (commit,)
        if depth == 0 or (commit, tree) in self._failed:
            return None
        for margin in MARGINS[:2]:
            steps = self._apply_recursively(
                self._missing.dependencies_of(commit, merge.paths, margin),
                tree,
                depth - 1,
            )
            patched_tree = tree
            for step in steps:
                patched_tree = self._pick(step, patched_tree, is_partial=False).tree
            if steps and self._pick(commit, patched_tree, is_partial=False).clean:
                return (*steps, commit)
        self._failed.add((commit, tree))
        return None

    def _drop_unneeded(
        self,
        chosen: Sequence[str],
        store: Callable[[tuple[str, ...]], None],
        *,
        is_partial: bool,
        share: float = 1.0,
    ) -> None:
        """Drop commits that are not required, using at most this share of the remaining time.

        Try commits that change many files first, because a fix seldom requires them. Then try to
        drop halves, smaller groups, and finally single commits, the ones with the most files first.
        """
        result = list(chosen)

        def drop(candidates: Sequence[str]) -> bool:
            remaining = [commit for commit in result if commit not in candidates]
            if not remaining or not self._fix_applies_after(
                remaining, is_partial=is_partial, strict=True
            ):
                return False
            result[:] = remaining
            store(tuple(remaining))
            return True

        def widest() -> list[str]:
            return sorted(result, key=self._count_changed_files, reverse=True)

        groups = [
            [commit]
            for commit in widest()[:_MOST_WIDE]
            if self._count_changed_files(commit) > _WIDE
        ]
        size = len(result)
        while True:
            dropped = False
            for group in groups:
                if time.monotonic() > self._start + share * self._effort:
                    return
                dropped |= len(result) > len(group) and drop(group)
            if size == 1 and not dropped:
                return
            size = max(1, size // 2)
            ordered = widest() if size == 1 else list(result)
            groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]

    def _count_changed_files(self, commit: str) -> int:
        return len(self.scratch.changed(*self._commit_trees(commit, is_partial=False)))

    def _sort_by_mainline(self, commits: tuple[str, ...]) -> tuple[str, ...]:
        """Sort the commits in mainline order if the fix still applies in that order."""
        ordered = self._sort_commits(commits)
        return (
            ordered
            if ordered != commits
            and self._fix_applies_after(ordered, is_partial=False, strict=True)
            else commits
        )

    def _fix_applies_after(
        self, commits: Sequence[str], *, is_partial: bool, strict: bool = False
    ) -> bool:
        """Return whether the fix applies after these commits.

        If one of them does not apply, return False if `strict` is set; otherwise skip it.
        """
        tree = self.tree
        for commit in commits:
            merge = self._pick(commit, tree, is_partial=is_partial)
            if merge.clean:
                tree = merge.tree
            elif strict:
                return False
        return self._pick(self.fix.id, tree, is_partial=is_partial).clean

    def _make_result(
        self, commits: Sequence[str], state: SearchState, *, is_partial: bool
    ) -> PrerequisiteSearch:
        tree = self.tree
        applied = []
        for commit in commits:
            merge = self._pick(commit, tree, is_partial=is_partial)
            if merge.clean and merge.tree != tree:
                tree = merge.tree
                applied.append(commit)
        paths = tuple(sorted(self._paths)) if is_partial else ()
        serves = {} if is_partial else self._find_served(applied)
        touches = read_touches_of_commits(self.repository, applied, paths) if applied else {}
        needs = []
        for commit_id in applied:
            applied_commit = self.repository.commit(commit_id)
            needs.append(
                PrerequisiteNeed(
                    commit_id,
                    applied_commit.subject,
                    touches[commit_id].size,
                    bool(read_commit_marks(applied_commit.message).fixes),
                    paths,
                    serves=serves.get(commit_id, ""),
                )
            )
        return PrerequisiteSearch(tuple(needs), state, tree)

    def _find_served(self, commits: Sequence[str]) -> dict[str, str]:
        """Map each commit that the fix does not need itself to the first one that needs it.

        The fix needs a commit itself if it does not apply to the other commits' changes to its
        files.
        """
        served = {}
        for index, commit in enumerate(commits[:-1]):
            others = [other for other in commits if other != commit]
            if not self._fix_applies_after(others, is_partial=True):
                continue
            tree = self.tree
            for other in others:
                merge = self._pick(other, tree, is_partial=False)
                if not merge.clean and other in commits[index:]:
                    served[commit] = other
                    break
                tree = merge.tree
        return served

    def _pick(self, commit: str, tree: str, *, is_partial: bool) -> Merge:
        key = (commit, tree, is_partial)
        if key not in self._merges:
            self._check_time()
            base, theirs = self._commit_trees(commit, is_partial=is_partial)
            self._merges[key] = self.scratch.merge(base, tree, theirs)
        return self._merges[key]

    def _commit_trees(self, commit: str, *, is_partial: bool) -> tuple[str, str]:
        """Return the trees before and after a commit.

        If `is_partial` is set, the tree after it contains only the changes to the fix's files.
        """
        parents = self.repository.commit(commit).parents
        base = parents[0] if parents else None
        if is_partial and commit != self.fix.id:
            return self.scratch.part(commit, base, self._paths)
        return self.scratch.base_tree(base), self.scratch.tree_of(commit)

    def _check_time(self) -> float:
        seconds_left = self._start + self._effort - time.monotonic()
        self._progress("searching for prerequisites", len(self._merges))
        if seconds_left <= 0:
            raise _OutOfTimeError
        return seconds_left
