# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the functions of a fix that differ between a branch and mainline.

A fix that applies without a conflict may still be wrong if the code around it differs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from patchpilot.backports.adapt.alignment import compute_similarity
from patchpilot.backports.changed_functions import Function, list_functions
from patchpilot.backports.conflict_reasons import Cause
from patchpilot.backports.line_history import (
    LineTouch,
    find_crossing_touches,
    read_line_touches,
)
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.errors import GitError
from patchpilot.history.earlier_fixes import find_called_names
from patchpilot.history.fix_in_branch import History
from patchpilot.model.c_scanner import C_FILES, read_code_of
from patchpilot.model.hunk_fit import split_text_lines
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import FileChange

_MOST_FUNCTIONS = 8
_MOST_COMMITS = 5
_SHARE_OF_RENAMED = 0.5
"""The least similarity of a function's lines to the lines of a function with another name."""

CHANGED, CALLED = "the fix changes it", "the fix calls it"
MISSING, OWN = "missing from the branch", "a commit of this branch"


@json_form("function path why commits")
@dataclass(frozen=True, slots=True)
class FunctionDifference:
    """A function that a fix changes or calls, and that differs in the branch.

    `commits` are the mainline commits that changed it and that the branch lacks; if there are none,
    they are the branch's own.
    """

    function: str
    path: str
    why: str
    commits: tuple[Cause, ...] = ()

    @property
    def commit_words(self) -> str:
        """Return the commits that changed the function, or why it is named if none is known."""
        commits = (f'{it.commit[:12]} ("{it.subject}"), {it.why}' for it in self.commits)
        return "; ".join(commits) or self.why


@dataclass(frozen=True, slots=True)
class _Pair:
    """A function before the fix in mainline, and in the branch."""

    path: str
    why: str
    mainline: Function
    branch: Function


_Side = tuple[Sequence[str], Mapping[str, Function]]
"""The code of a file, and its functions by name."""


def find_differing_functions(
    history: History,
    scratch: ScratchStore,
    fix: FixCommit,
    tip: str,
    tree: str,
    *,
    timeout: float,
) -> tuple[FunctionDifference, ...]:
    """Return the functions that a fix changes or calls in its files and that differ in a branch.

    Comments and white space are ignored. Without the history, which may take too long to read, the
    functions are returned without commits.
    """
    pairs = _find_pairs(scratch, fix, tree) if fix.base else []
    if not pairs:
        return ()
    paths = sorted({pair.path for pair in pairs})
    base = fix.base or fix.id
    try:
        in_mainline = read_line_touches(history.repository, paths, base, [tip], timeout=timeout)
        in_branch = read_line_touches(history.repository, paths, tip, [base], timeout=timeout)
    except GitError:
        in_mainline = in_branch = ()
    lacking = set(history.missing([touch.commit for touch in in_mainline], tip))
    landed = {}

    def is_lacking(touch: LineTouch) -> bool:
        if touch.commit not in landed:
            landing = history.landed(touch.commit, tip) if touch.commit in lacking else None
            landed[touch.commit] = touch.commit not in lacking or bool(landing and landing.holds)
        return not landed[touch.commit]

    def name_commits(pair: _Pair) -> tuple[Cause, ...]:
        touches = find_crossing_touches(in_mainline, pair.path, pair.mainline.span)
        missing = [touch for touch in reversed(touches[-4 * _MOST_COMMITS :]) if is_lacking(touch)]
        own = () if missing else find_crossing_touches(in_branch, pair.path, pair.branch.span)
        rows = [(touch, MISSING) for touch in missing[:_MOST_COMMITS]]
        rows += [(touch, OWN) for touch in own[-_MOST_COMMITS:]]
        return tuple(
            Cause(touch.commit, history.repository.commit(touch.commit).subject, pair.path, why)
            for touch, why in rows
        )

    return tuple(
        FunctionDifference(pair.mainline.name, pair.path, pair.why, name_commits(pair))
        for pair in pairs[:_MOST_FUNCTIONS]
    )


def _find_pairs(scratch: ScratchStore, fix: FixCommit, tree: str) -> list[_Pair]:
    """Return the functions that differ, the changed ones first."""
    base_tree = scratch.base_tree(fix.base)
    pairs = []
    for change in fix.files:
        path = change.old_path
        if not path or not path.endswith(C_FILES):
            continue
        contents = [scratch.blob(one_tree, path) for one_tree in (base_tree, tree)]
        if None in contents or contents[0] == contents[1]:
            continue
        old, new = (read_code_of(path, split_text_lines(content or b"")) for content in contents)
        mainline, branch = ({it.name: it for it in list_functions(code)} for code in (old, new))
        for name, why in _list_used_functions(change, mainline):
            same = branch.get(name) or _find_renamed(name, (old, mainline), (new, branch))
            if same and _join(old, mainline[name]) != _join(new, same).replace(same.name, name):
                pairs.append(_Pair(path, why, mainline[name], same))
    return sorted(pairs, key=lambda pair: pair.why != CHANGED)


def _find_renamed(name: str, mainline: _Side, branch: _Side) -> Function | None:
    """Return the branch's function with most lines of a mainline function that the branch does not
    have by name, if it has at least half of them.
    """
    (old, functions), (new, others) = mainline, branch
    lines = _list_lines(old, functions[name])
    shares = [
        (compute_similarity(lines, _list_lines(new, other)), place)
        for place, other in enumerate(others.values())
        if other.name not in functions
    ]
    share, place = max(shares, default=(0.0, 0))
    return tuple(others.values())[place] if share >= _SHARE_OF_RENAMED else None


def _list_lines(lines: Sequence[str], function: Function) -> list[str]:
    start, end = function.span
    return list(filter(None, ("".join(line.split()) for line in lines[start:end])))


def _list_used_functions(
    change: FileChange, functions: Mapping[str, Function]
) -> Iterator[tuple[str, str]]:
    """Yield the names of the functions that a change to a file changes, and then calls."""
    changed: dict[str, None] = {}
    called: dict[str, None] = {}
    for hunk in change.hunks:
        position = hunk.old_start - 1
        for line in hunk.lines:
            if line.kind in "+-":
                # a line that is added above the first line of a function is not in it
                changed |= dict.fromkeys(
                    name
                    for name, function in functions.items()
                    if function.span[0] + (line.kind == "+") <= position < function.span[1]
                )
            if line.kind == "+":
                called |= dict.fromkeys(find_called_names(line.text))
            position += line.kind in " -"
    yield from ((name, CHANGED) for name in changed)
    yield from ((name, CALLED) for name in called if name in functions and name not in changed)


def _join(lines: Sequence[str], function: Function) -> str:
    return "".join(_list_lines(lines, function))
