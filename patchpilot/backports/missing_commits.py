# SPDX-License-Identifier: GPL-2.0-or-later
"""Find prerequisites of a commit that are missing from a branch.

The search starts with the conflicting lines and then includes lines around them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from patchpilot.backports.conflict_places import find_conflict_places
from patchpilot.backports.line_history import (
    LineEditStep,
    LineTouch,
    find_dependencies,
    find_last_writers,
    find_older_names,
    read_line_touch,
    read_line_touches,
)
from patchpilot.commits.merging import Merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.history.fix_in_branch import History
from patchpilot.model.hunk_fit import split_text_lines

MARGINS = (0, 1, 3)
MOST = 400
# read the branch's patches only for this many commits or fewer
_MOST_LOOKED_AT = 20


class MissingCommits:
    """The prerequisites of a fix that a branch lacks, including indirect ones.

    `seconds_left` returns the remaining seconds, and raises an exception if there are none.
    """

    def __init__(
        self,
        history: History,
        scratch: ScratchStore,
        fix: str,
        tip: str,
        tree: str,
        seconds_left: Callable[[], float],
    ) -> None:
        self.history, self.scratch, self.tip, self.tree = history, scratch, tip, tree
        self.repository = history.repository
        parents = self.repository.commit(fix).parents
        self._fix, self._top = fix, parents[0] if parents else None
        self._seconds_left = seconds_left
        self._touches: dict[frozenset[str], tuple[LineTouch, ...]] = {}
        self._older: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._goals: dict[str, LineTouch] = {}
        self._landed: dict[str, bool] = {}

    def dependencies_of(
        self, commit: str, conflicts: Sequence[str], margin: int
    ) -> tuple[str, ...]:
        """Return a commit's missing prerequisites, including indirect ones, oldest first.

        Only its conflicting files are considered.
        """
        goal, paths = self._find_conflicting_changes(commit, conflicts)
        touches = self.read_earlier_touches(commit, self.with_older_names(paths))
        return self._filter_missing(
            touches,
            lambda present: find_dependencies(touches, goal, present, frozenset(paths), margin),
        )

    def find_writers(self, commit: str, merge: Merge, theirs: str) -> tuple[str, ...]:
        """Return the missing commits that last changed the conflicting lines of a commit,
        oldest first.
        """
        goal, paths = self._find_conflicting_changes(commit, merge.paths)
        goal = replace(
            goal,
            edits=tuple(self._conflicting_part(edit, merge, theirs) for edit in goal.edits),
        )
        touches = self.read_earlier_touches(commit, self.with_older_names(paths))
        return self._filter_missing(
            touches,
            lambda present: find_last_writers(touches, goal, present, frozenset(paths)),
        )

    def latest(self, commit: str, paths: Sequence[str]) -> tuple[str, ...]:
        """Return the latest missing commits before this commit that change these files, oldest
        first.
        """
        return self.missing(
            [
                touch.commit
                for touch in self.read_earlier_touches(commit, self.with_older_names(paths))[-MOST:]
            ]
        )

    def missing(self, commits: Sequence[str]) -> tuple[str, ...]:
        """Return the commits that are missing from the branch, judging by ancestry and upstream
        markers.
        """
        return self.history.missing(commits, self.tip)

    def read_earlier_touches(self, commit: str, paths: tuple[str, ...]) -> tuple[LineTouch, ...]:
        """Return earlier commits that change the same files and are missing from the branch.

        Commits after the fix are never included.
        """
        path_set = frozenset(paths)
        cached_paths = next(
            (stored_paths for stored_paths in self._touches if path_set <= stored_paths),
            None,
        )
        if cached_paths is None:
            timeout = self._seconds_left()
            self._touches[path_set] = (
                read_line_touches(self.repository, paths, self._top, [self.tip], timeout=timeout)
                if self._top
                else ()
            )
            cached_paths = path_set
        touches = self._touches[cached_paths]
        if commit != self._fix:
            position = next(
                (
                    number
                    for number, stored_paths in enumerate(touches)
                    if stored_paths.commit == commit
                ),
                len(touches),
            )
            touches = touches[:position]
        if cached_paths == path_set:
            return touches
        return tuple(
            stored_paths
            for stored_paths in touches
            if any(
                edit.old_path in path_set or edit.new_path in path_set
                for edit in stored_paths.edits
            )
        )

    def with_older_names(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Return the paths, and former names of the files that are missing from the branch."""
        missing_paths = tuple(path for path in paths if not self.scratch.has(self.tree, path))
        if missing_paths and self._top and missing_paths not in self._older:
            self._older[missing_paths] = find_older_names(
                self.repository,
                missing_paths,
                self._top,
                self.tip,
                timeout=self._seconds_left(),
            )
        return tuple(dict.fromkeys([*paths, *self._older.get(missing_paths, ())]))

    def _find_conflicting_changes(
        self, commit: str, conflicts: Sequence[str]
    ) -> tuple[LineTouch, tuple[str, ...]]:
        """Return a commit's changes and its conflicting paths.

        If git reported paths that the commit does not change, return all paths of the commit.
        """
        if commit not in self._goals:
            self._goals[commit] = read_line_touch(self.repository, commit)
        goal = self._goals[commit]
        touched = [
            edit for edit in goal.edits if {edit.old_path, edit.new_path} & set(conflicts)
        ] or list(goal.edits)
        return goal, tuple(
            dict.fromkeys(
                path for edit in touched for path in (edit.old_path, edit.new_path) if path
            )
        )

    def _filter_missing(
        self,
        touches: Sequence[LineTouch],
        select: Callable[[frozenset[str]], Sequence[LineTouch]],
    ) -> tuple[str, ...]:
        """Return the ids of the selected commits that the branch lacks, under their own or another
        id.
        """
        present = {touch.commit for touch in touches} - set(
            self.missing([touch.commit for touch in touches])
        )
        while True:
            selected = select(frozenset(present))
            landed = (
                {touch.commit for touch in selected if self._has_landed(touch.commit)}
                if len(selected) <= _MOST_LOOKED_AT
                else set()
            )
            if not landed:
                return tuple(touch.commit for touch in selected)
            present |= landed

    def _has_landed(self, commit: str) -> bool:
        if commit not in self._landed:
            landing = self.history.landed(commit, self.tip)
            self._landed[commit] = bool(landing and landing.holds)
        return self._landed[commit]

    def _conflicting_part(self, edit: LineEditStep, merge: Merge, theirs: str) -> LineEditStep:
        """Return only the conflicting hunks of an edit. If no conflict markers identify them,
        return the whole edit.
        """
        path = edit.new_path or ""
        content = (
            self.scratch.blob(theirs, path)
            if path in merge.paths and path == edit.old_path
            else None
        )
        if content is None or len(edit.hunks) < 2:
            return edit
        lines = [line.rstrip("\n") for line in split_text_lines(content)]
        conflicting = set()
        for conflict in find_conflict_places(self.scratch, replace(merge, paths=(path,))):
            block, size = list(conflict.theirs), len(conflict.theirs)
            starts = [
                index
                for index in range(len(lines) - size + 1)
                if size and lines[index : index + size] == block
            ]
            inside = {
                number
                for number, (_, new) in enumerate(edit.hunks)
                for index in starts
                if index <= new[1] and new[0] <= index + size
            }
            if not inside:
                return edit
            conflicting |= inside
        return (
            replace(edit, hunks=tuple(edit.hunks[number] for number in sorted(conflicting)))
            if conflicting
            else edit
        )
