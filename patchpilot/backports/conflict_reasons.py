# SPDX-License-Identifier: GPL-2.0-or-later
"""Explain why a fix conflicts with a branch, or why it may be wrong even though it applies."""

import re
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from patchpilot.backports.changed_functions import (
    find_conflicting_functions,
    find_defining_files,
    find_enclosing_function,
    find_function_changes,
)
from patchpilot.backports.conflict_places import find_conflict_places
from patchpilot.backports.line_history import (
    LineEditStep,
    LineTouch,
    find_dependencies,
    find_older_names,
    read_line_touch,
    read_line_touches,
)
from patchpilot.backports.local_names import find_missing_locals
from patchpilot.backports.symbols import compare_symbols, find_adding_commit
from patchpilot.commits.applies import AppliesHow, ApplyResult
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.errors import GitError
from patchpilot.history.fix_in_branch import History
from patchpilot.model.c_scanner import read_code_of
from patchpilot.model.hunk_fit import split_text_lines
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import FileChange, parse_diff

CHANGED_LINES = "it changed the lines that the fix changes, or lines next to them"
OWN_LINES = "a commit of this branch that wrote the conflicting lines"
_MOST_PLACES = 8
_MOST_ELSEWHERE = 5
_MIN_TIMEOUT = 1.0
# git blame marks boundary commits with ^; they are older than the branch
_ID = re.compile(r"[0-9a-f]{40}")
_DEFINED = re.compile(r"\b([A-Za-z_]\w{2,})\s*\(|^struct (\w+)\b")


@json_form()
@dataclass(frozen=True, slots=True)
class Cause:
    """A commit that causes a conflict, with the reason.

    The commit is either missing from the branch or found only in the branch.
    """

    commit: str
    subject: str
    path: str
    why: str


class StackedTree(NamedTuple):
    """The tree of a branch with commits applied to it, and these commits."""

    tree: str
    commits: Collection[str] = ()


def explain_conflict(
    history: History,
    scratch: ScratchStore,
    fix: FixCommit,
    tip: str,
    applied: ApplyResult,
    *,
    timeout: float = 5.0,
    stacked: StackedTree | None = None,
) -> tuple[tuple[Cause, ...], tuple[str, ...], frozenset[str]]:
    """Return the commits that cause a conflict, hints for resolving it, and the commits that add
    code which the fix uses and the branch lacks.

    The commits in `stacked`, which were applied before, cause none. If there is no conflict, the
    hints list what the user should review. The last value contains "" if such a commit is unknown.
    The search takes about `timeout` seconds.
    """
    end = time.monotonic() + timeout
    tree_id, planned = stacked or StackedTree(scratch.tree_of(tip))
    missing_names, symbol_hints, function_hints = compare_symbols(
        scratch, fix, tree_id, timeout=timeout
    )
    causes: list[Cause] = []
    function_causes: list[Cause] = []
    if applied.how is AppliesHow.CONFLICT:
        causes, function_causes = _find_causes(
            history, scratch, fix, (tip, planned), applied, _compute_seconds_left(end)
        )
        causes = causes or _find_branch_commits(
            history, scratch, fix, tip, applied, _compute_seconds_left(end)
        )
    else:
        missing_locals = find_missing_locals(scratch, fix, tree_id, applied.merge.tree)
        missing_names += missing_locals
        symbol_hints += [
            f"the fix uses {it.words}, which {it.function}() in the branch does not have"
            for it in missing_locals
        ]
    adding_commits: list[str] = []
    for missing in missing_names:
        if time.monotonic() > end:
            break
        adding_commit = find_adding_commit(
            scratch, fix, missing, tip, timeout=_compute_seconds_left(end)
        )
        adding_commits += [adding_commit] if adding_commit else []
        if adding_commit and adding_commit not in [cause.commit for cause in causes]:
            causes.append(
                Cause(
                    adding_commit,
                    history.repository.commit(adding_commit).subject,
                    missing.path,
                    f"it added {missing.words}, which the fix uses",
                )
            )
    known_ids = {cause.commit for cause in causes}
    causes += [cause for cause in function_causes if cause.commit not in known_ids]
    hints = (
        *symbol_hints,
        *function_hints,
        *_misplaced_hunk_hints(scratch, fix, tree_id, applied),
        *_moved_function_hints(scratch, fix, tree_id, applied, end),
    )
    unknown = [""] if len(adding_commits) < len(symbol_hints) else []
    return tuple(causes), hints, frozenset((*adding_commits, *unknown))


def _compute_seconds_left(end: float) -> float:
    """Return the seconds until `end`, or at least the time that a fast query needs."""
    return max(_MIN_TIMEOUT, end - time.monotonic())


def _find_causes(
    history: History,
    scratch: ScratchStore,
    fix: FixCommit,
    branch: tuple[str, Collection[str]],
    applied: ApplyResult,
    timeout: float,
) -> tuple[list[Cause], list[Cause]]:
    """Return the missing commits that changed the conflicting lines or the same functions.

    `branch` is the tip of the branch and the commits that were applied to it.
    """
    tip, planned = branch
    paths = applied.merge.paths
    goal = read_line_touch(history.repository, fix.id, fix.paths)
    tree = scratch.tree_of(tip)
    names = list(paths)
    missing_paths = [path for path in paths if not scratch.has(tree, path)]
    if missing_paths and fix.base:
        # in a long history, following renames is slow; without former names, the commits that added
        # the files are still found
        with suppress(GitError):
            names += find_older_names(
                history.repository, missing_paths, fix.base, tip, timeout=timeout / 2
            )
    try:
        touches = read_line_touches(
            history.repository, names, fix.base or fix.id, [tip], timeout=timeout
        )
    except GitError:
        return [], []
    commits = [touch.commit for touch in touches]
    missing = frozenset(history.missing(commits, tip)) - frozenset(planned)
    present = frozenset(commits) - missing
    bases = find_dependencies(touches, goal, present, frozenset(paths))
    functions = find_conflicting_functions(
        scratch, fix, find_conflict_places(scratch, applied.merge)
    )
    function_touches = [
        (touch, name)
        for touch, name in find_function_changes(touches, functions)
        if touch.commit not in present and touch not in bases
    ]
    lines = [
        Cause(
            touch.commit,
            history.repository.commit(touch.commit).subject,
            touch.edits[0].new_path or touch.edits[0].old_path or "",
            _describe_edits(touch.edits),
        )
        for touch in bases
        if touch.edits
    ]
    return lines, _find_function_causes(history, tip, function_touches)


def _find_function_causes(
    history: History, tip: str, touches: Sequence[tuple[LineTouch, str]]
) -> list[Cause]:
    """Return the last few of these commits that the branch lacks, oldest first.

    Their number is limited, because finding a commit with another id requires reading patches.
    """
    causes: list[Cause] = []
    for touch, name in touches[: 2 * _MOST_ELSEWHERE]:
        landing = history.landed(touch.commit, tip)
        if not (landing and landing.holds) and len(causes) < _MOST_ELSEWHERE:
            path = touch.edits[0].new_path or touch.edits[0].old_path or ""
            causes.append(
                Cause(
                    touch.commit,
                    history.repository.commit(touch.commit).subject,
                    path,
                    f"it changed other lines of {name}()",
                )
            )
    return causes[::-1]


def _find_branch_commits(
    history: History,
    scratch: ScratchStore,
    fix: FixCommit,
    tip: str,
    applied: ApplyResult,
    timeout: float,
) -> list[Cause]:
    """Return the commits found only in the branch that wrote the conflicting lines.

    This is used if no mainline commit explains the conflict.
    """
    causes = {}
    for conflict in find_conflict_places(scratch, applied.merge)[:_MOST_PLACES]:
        if not conflict.ours or not conflict.line:
            continue
        lines = f"{conflict.line},{conflict.line + len(conflict.ours) - 1}"
        try:
            result = history.repository.git(
                "blame",
                "-s",
                "-l",
                "--no-progress",
                "-L",
                lines,
                tip,
                f"^{fix.base or fix.id}",
                "--",
                conflict.path,
                ok=(0, 128),
                timeout=timeout,
            )
        except GitError:
            break
        for writer in dict.fromkeys(line.split(" ", 1)[0] for line in result.text.splitlines()):
            if (
                _ID.fullmatch(writer)
                and writer not in causes
                and history.has(tip, writer)
                and not history.has(fix.id, writer)
            ):
                causes[writer] = Cause(
                    writer,
                    history.repository.commit(writer).subject,
                    conflict.path,
                    OWN_LINES,
                )
    return list(causes.values())


def _describe_edits(edits: Sequence[LineEditStep]) -> str:
    renamed = [edit for edit in edits if edit.new_path not in (None, edit.old_path)]
    if renamed:
        old = renamed[0].old_path
        return f"it renamed the file from {old}" if old else "it added the file"
    return CHANGED_LINES


def _moved_function_hints(
    scratch: ScratchStore, fix: FixCommit, tree: str, applied: ApplyResult, end: float
) -> Iterator[str]:
    """Yield hints that name the branch's file which defines the function or structure of a missing
    file.
    """
    for change in fix.files if applied.how is AppliesHow.CONFLICT else ():
        path = change.old_path
        if not path or scratch.has(tree, path):
            continue
        matches = [match for hunk in change.hunks if (match := _DEFINED.search(hunk.section))]
        labels = {
            match[1] or match[2]: f"{match[1]}()" if match[1] else f"struct {match[2]}"
            for match in matches
        }
        folder = path.rpartition("/")[0]
        for name, label in list(labels.items())[:_MOST_ELSEWHERE]:
            with suppress(GitError):
                files = find_defining_files(scratch, tree, name, folder, _compute_seconds_left(end))
                if files:
                    yield (
                        f"{path} does not exist in the branch; {label} is in {', '.join(files[:3])}"
                    )


def _misplaced_hunk_hints(
    scratch: ScratchStore, fix: FixCommit, tree: str, applied: ApplyResult
) -> list[str]:
    """Return hints about hunks that were applied to a different function with the same context."""
    if applied.how is AppliesHow.CONFLICT:
        return []
    functions_by_path = {change.path: _find_changed_functions(change) for change in fix.files}
    trees = tree, applied.merge.tree
    if all(
        _is_first_difference_in(scratch, trees, *names)
        for names in functions_by_path.items()
        if names[1]
    ):
        return []
    result = scratch.git("diff-tree", "-r", "-p", "-M", tree, applied.merge.tree)
    hints = []
    for change in parse_diff(tuple(result.text.split("\n")), 1).files:
        expected, functions = (
            functions_by_path.get(change.path, set()),
            _find_changed_functions(change),
        )
        if expected and functions and not functions & expected:
            hints.append(
                f"{change.path}: the patch was applied to {', '.join(sorted(functions)[:3])}(), but"
                f" mainline changes {', '.join(sorted(expected)[:3])}(); check the result"
            )
    return hints


def _is_first_difference_in(
    scratch: ScratchStore, trees: tuple[str, str], path: str, names: set[str]
) -> bool:
    """Return whether the first difference between two trees in a file is in one of the
    functions.
    """
    old, new = (split_text_lines(scratch.blob(tree, path) or b"") for tree in trees)
    first_difference = next(
        (
            index
            for index, (old_line, new_line) in enumerate(zip(old, new, strict=False))
            if old_line != new_line
        ),
        min(len(old), len(new)),
    )
    function = find_enclosing_function(read_code_of(path, old), first_difference)
    return function is not None and function.name in names


def _find_changed_functions(change: FileChange) -> set[str]:
    return {_parse_function_name(hunk.section) for hunk in change.hunks} - {""}


def _parse_function_name(section: str) -> str:
    head = section.split("(", 1)[0].split()
    return head[-1].lstrip("*") if "(" in section and head else ""
