# SPDX-License-Identifier: GPL-2.0-or-later
"""The earlier mainline commits that make a fix apply: proposed from the lines it stands on, proved by merging, then made as few as possible."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from patchpilot.backports.fix import Fix
from patchpilot.backports.merging import Merge
from patchpilot.backports.scratch import Scratch
from patchpilot.backports.touches import Touch, older_names, read_touch, read_touches, stands_on
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.history.landed import History
from patchpilot.model.marks import read_marks
from patchpilot.model.progress import Progress, silent

_MARGINS = (0, 1, 3)
_DEEPEST = 4
_MOST = 400
# whole commits beyond these are no longer what a person picks for the sake of one fix
_MANY_COMMITS = 12
_MANY_LINES = 2000


class State(StrEnum):
    """How far a search got: whole commits found, only their changes to the fix's files, out of time, or nothing left to try."""

    FOUND = "found"
    PARTIAL = "partial"
    GAVE_UP = "gave-up"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Need:
    """A prerequisite: its id and subject, how many lines of it are needed (all, or those in the fix's files), and whether it is a fix itself."""

    commit: str
    subject: str
    size: int = 0
    is_fix: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: the commits in the order to apply, how far it got, and the tree they give (the fix applies to it).

    `whole` are the whole commits that would do as well, when they are out of proportion and parts are told instead.
    """

    needs: tuple[Need, ...]
    state: State
    tree: str | None = None
    whole: tuple[Need, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether only their changes to the fix's own files were needed or tried."""
        return self.state is State.PARTIAL

    @property
    def lines(self) -> int:
        """How many lines the commits change."""
        return sum(need.size for need in self.needs)

    def rather_than(self, whole: "Search", fix_lines: int) -> "Search":
        """This search for parts when the whole commits are far too many for the fix and the parts are much less; else that for whole ones."""
        many = len(whole.needs) > _MANY_COMMITS and 2 * len(self.needs) <= len(whole.needs)
        much = whole.lines > max(_MANY_LINES, fix_lines) and 4 * self.lines <= whole.lines
        return replace(self, whole=whole.needs) if many or much else whole


class _TimeIsOverError(Exception):
    pass


def find_prerequisites(
    history: History, scratch: Scratch, fix: Fix, tip: str, *, effort: float = 10.0, tree: str | None = None, progress: Progress = silent
) -> Search:
    """The smallest ordered set found that makes the fix apply to the branch (or to `tree`, when more was applied to it), searched for at most `effort` seconds.

    Whole commits first, each with what it needs itself in its other files; else, or when those are out of proportion, only their changes to
    the fix's files.
    """
    return _Seeker(history, scratch, fix, tip, time.monotonic() + effort, progress, tree).search()


class _Seeker:
    """One search: merges tried are remembered, and every step looks at the clock."""

    def __init__(
        self, history: History, scratch: Scratch, fix: Fix, tip: str, deadline: float, progress: Progress, tree: str | None
    ) -> None:
        self.history, self.scratch, self.fix, self.tip = history, scratch, fix, tip
        self.repository: Repository = history.repository
        self.tree = tree or scratch.tree_of(tip)
        self._deadline, self._progress = deadline, progress
        self._merges: dict[tuple[str, str, bool], Merge] = {}
        self._touches: dict[tuple[str, tuple[str, ...]], tuple[Touch, ...]] = {}
        self._older: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self._goals: dict[str, Touch] = {}
        self._landed: dict[str, bool] = {}
        self._failed: set[tuple[str, str]] = set()
        self._paths = frozenset(fix.paths)

    def search(self) -> Search:
        best: Search | None = None
        try:
            chosen = self._in_files()
            if chosen is None:
                return Search((), State.NONE)
            best = part = self._result(chosen, State.PARTIAL, cut=True)
            whole = self._whole(chosen)
            if whole is not None:
                lines = self.fix.size[1]
                best = part.rather_than(self._result(whole, State.FOUND, cut=False), lines)
                fewer = self._as_they_came(self._fewer(whole, cut=False))
                best = part.rather_than(self._result(fewer, State.FOUND, cut=False), lines)
        except _TimeIsOverError:
            return best or Search((), State.GAVE_UP)
        except GitError:
            # git was stopped at the time limit of the search
            if time.monotonic() < self._deadline:
                raise
            return best or Search((), State.GAVE_UP)
        return best

    def _in_files(self) -> tuple[str, ...] | None:
        """Commits whose changes to the fix's files make it apply, or None when all there are together do not."""
        merge = self._pick(self.fix.id, self.tree, cut=True)
        seen: set[tuple[str, ...]] = set()
        for margin in _MARGINS:
            pool = self._stands_on(self.fix.id, merge.paths, margin)
            if pool and pool not in seen and self._reaches(pool, cut=True):
                return self._fewer(pool, cut=True)
            seen.add(pool)
        touches = self._before(self.fix.id, self._names(self.fix.id, self.fix.paths))
        pool = self._missing([one.commit for one in touches[-_MOST:]])
        if self._reaches(pool, cut=True):
            return self._fewer(pool, cut=True)
        return None

    def _whole(self, chosen: Sequence[str]) -> tuple[str, ...] | None:
        """Whole commits that make the fix apply: those chosen, with what they need themselves; None when there are none."""
        if self._reaches(chosen, cut=False, strict=True):
            return tuple(chosen)
        pools: list[Sequence[str]] = [chosen]
        conflict = self._pick(self.fix.id, self.tree, cut=False).paths
        pools += [self._stands_on(self.fix.id, conflict, margin) for margin in _MARGINS]
        for pool in dict.fromkeys(tuple(one) for one in pools):
            picked = self._climb(pool, self.tree, _DEEPEST)
            if self._reaches(picked, cut=False):
                return picked
        return None

    def _climb(self, pool: Sequence[str], tree: str, depth: int) -> tuple[str, ...]:
        """Apply each of `pool` that can be applied, with what it needs first; what was applied, in order."""
        applied: list[str] = []
        for commit in pool:
            steps = self._solve(commit, tree, depth)
            for step in steps or ():
                merge = self._pick(step, tree, cut=False)
                if merge.clean and merge.tree != tree:
                    applied.append(step)
                    tree = merge.tree
        return tuple(applied)

    def _solve(self, commit: str, tree: str, depth: int) -> tuple[str, ...] | None:
        """What makes a commit apply to a tree, itself last; None when nothing was found."""
        merge = self._pick(commit, tree, cut=False)
        if merge.clean:
            return (commit,)
        if depth == 0 or (commit, tree) in self._failed:
            return None
        for margin in _MARGINS[:2]:
            steps = self._climb(self._stands_on(commit, merge.paths, margin), tree, depth - 1)
            at = tree
            for step in steps:
                at = self._pick(step, at, cut=False).tree
            if steps and self._pick(commit, at, cut=False).clean:
                return (*steps, commit)
        self._failed.add((commit, tree))
        return None

    def _fewer(self, chosen: Sequence[str], *, cut: bool) -> tuple[str, ...]:
        """The chosen without all that can be dropped: halves first, then smaller pieces, then one at a time."""
        kept = list(chosen)
        piece = max(1, len(kept) // 2)
        while True:
            at = 0
            dropped = False
            while at < len(kept) and len(kept) > 1:
                rest = kept[:at] + kept[at + piece :]
                if rest and self._reaches(rest, cut=cut, strict=True):
                    kept, dropped = rest, True
                else:
                    at += piece
            if piece == 1 and not dropped:
                return tuple(kept)
            piece = max(1, piece // 2)

    def _as_they_came(self, commits: tuple[str, ...]) -> tuple[str, ...]:
        """Commits in the order of the mainline when they apply in that order, else as they are."""
        ordered = tuple(sorted(commits, key=lambda one: self.history.index.ordinal(one) or 0))
        return ordered if ordered != commits and self._reaches(ordered, cut=False, strict=True) else commits

    def _reaches(self, commits: Sequence[str], *, cut: bool, strict: bool = False) -> bool:
        """Whether the fix applies after these; one that does not apply is passed over, or with `strict` means no."""
        tree = self.tree
        for commit in commits:
            merge = self._pick(commit, tree, cut=cut)
            if merge.clean:
                tree = merge.tree
            elif strict:
                return False
        return self._pick(self.fix.id, tree, cut=cut).clean

    def _result(self, commits: Sequence[str], state: State, *, cut: bool) -> Search:
        tree = self.tree
        needs = []
        for one in commits:
            merge = self._pick(one, tree, cut=cut)
            if merge.clean and merge.tree != tree:
                tree = merge.tree
                needs.append(self._need(one, cut=cut))
        return Search(tuple(needs), state, tree)

    def _need(self, commit: str, *, cut: bool) -> Need:
        found = self.repository.commit(commit)
        touch = read_touch(self.repository, commit, sorted(self._paths) if cut else ())
        return Need(commit, found.subject, touch.size, bool(read_marks(found.message).fixes))

    def _pick(self, commit: str, tree: str, *, cut: bool) -> Merge:
        key = (commit, tree, cut)
        if key not in self._merges:
            self._look_at_the_clock()
            parents = self.repository.commit(commit).parents
            base = self.scratch.tree_of(parents[0]) if parents else self.scratch.write("tree", b"")
            theirs = self.scratch.tree_of(commit)
            if cut and commit != self.fix.id:
                theirs = self.scratch.with_files(base, self.scratch.entries(theirs, sorted(self._paths)))
            self._merges[key] = self.scratch.merge(base, tree, theirs)
        return self._merges[key]

    def _stands_on(self, commit: str, conflicts: Sequence[str], margin: int) -> tuple[str, ...]:
        """The missing commits that a commit stands on in the files where it conflicts, oldest first."""
        if commit not in self._goals:
            self._goals[commit] = read_touch(self.repository, commit)
        goal = self._goals[commit]
        touched = [edit for edit in goal.edits if {edit.old_path, edit.new_path} & set(conflicts)] or list(goal.edits)
        paths = tuple(dict.fromkeys(path for edit in touched for path in (edit.old_path, edit.new_path) if path))
        touches = self._before(commit, self._names(commit, paths))
        present = {one.commit for one in touches} - set(self._missing([one.commit for one in touches]))
        while True:
            found = stands_on(touches, goal, frozenset(present), frozenset(paths), margin)
            there = {one.commit for one in found if self._has_landed(one.commit)} if len(found) <= 20 else set()
            if not there:
                return tuple(one.commit for one in found)
            present |= there

    def _before(self, commit: str, paths: tuple[str, ...]) -> tuple[Touch, ...]:
        """The commits before one that the branch's history does not have and that change these files."""
        if (commit, paths) not in self._touches:
            left = self._look_at_the_clock()
            parents = self.repository.commit(commit).parents
            found = read_touches(self.repository, paths, parents[0], [self.tip], timeout=left) if parents else ()
            self._touches[commit, paths] = found
        return self._touches[commit, paths]

    def _names(self, commit: str, paths: Sequence[str]) -> tuple[str, ...]:
        """These paths, with the names the files had before when the branch has no such files."""
        gone = tuple(path for path in paths if not self.scratch.has(self.tree, path))
        if gone and (commit, gone) not in self._older:
            left = self._look_at_the_clock()
            self._older[commit, gone] = older_names(self.repository, gone, f"{commit}^", self.tip, timeout=left)
        return tuple(dict.fromkeys([*paths, *self._older.get((commit, gone), ())]))

    def _missing(self, commits: Sequence[str]) -> tuple[str, ...]:
        return self.history.missing(commits, self.tip)

    def _has_landed(self, commit: str) -> bool:
        if commit not in self._landed:
            landing = self.history.landed(commit, self.tip)
            self._landed[commit] = bool(landing and landing.holds)
        return self._landed[commit]

    def _look_at_the_clock(self) -> float:
        """The seconds left; _TimeIsOverError when there are none."""
        left = self._deadline - time.monotonic()
        self._progress("searching what it stands on", len(self._merges))
        if left <= 0:
            raise _TimeIsOverError
        return left
