# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the functions in which a fix conflicts, and the commits that changed them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.line_history import LineTouch, Span, find_crossing_touches
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.history.earlier_fixes import find_function_start, is_function_start
from patchpilot.model.c_scanner import read_code_of
from patchpilot.model.hunk_fit import split_text_lines

_NAME = re.compile(r"\b(\w++)\s*+\(")


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its name and its range of lines in a file. The range consists of two
    positions between lines.
    """

    name: str
    span: Span


def find_enclosing_function(lines: Sequence[str], index: int) -> Function | None:
    """Return the function that contains a 0-based line of code, as read by `read_code_of`.

    Return None outside of functions, and in languages that are not like C.
    """
    head_line = find_function_start(lines, index)
    if head_line is None:
        return None
    end = next(
        (
            line
            for line in range(head_line + 1, len(lines))
            if lines[line].startswith("}") or (line > index and is_function_start(lines[line]))
        ),
        len(lines),
    )
    match = _NAME.search(lines[head_line])
    if not match:
        return None
    return Function(match[1], (head_line, min(len(lines), end + 1)))


def list_functions(lines: Sequence[str]) -> list[Function]:
    """Return the functions in a file's code, as read by `read_code_of`."""
    functions: list[Function] = []
    for index, line in enumerate(lines):
        if functions and index < functions[-1].span[1]:
            continue
        function = find_enclosing_function(lines, index) if is_function_start(line) else None
        if function and any("{" in text for text in lines[index : function.span[1]]):
            functions.append(function)
    return functions


def find_conflicting_functions(
    scratch: ScratchStore, fix: FixCommit, conflicts: Sequence[ConflictPlace]
) -> dict[str, tuple[Function, ...]]:
    """Map the old path of each file to the functions with conflicting hunks."""
    result: dict[str, tuple[Function, ...]] = {}
    if fix.base is None:
        return result
    tree = scratch.tree_of(fix.base)
    for change in fix.files:
        file_conflicts = [
            conflict
            for conflict in conflicts
            if conflict.path in (change.old_path, change.new_path)
        ]
        content = (
            scratch.blob(tree, change.old_path) if file_conflicts and change.old_path else None
        )
        if content is None or change.old_path is None:
            continue
        lines = read_code_of(change.old_path, split_text_lines(content))
        their_lines = [line for conflict in file_conflicts for line in conflict.theirs]
        inside: dict[str, Function] = {}
        for hunk in change.hunks:
            line_index = hunk.old_start - 1
            for line in hunk.lines:
                # skip added lines that are outside the conflict, because git merged them cleanly
                if line.kind in "+-" and (
                    not their_lines or line.kind == "-" or line.text in their_lines
                ):
                    function = find_enclosing_function(lines, line_index)
                    if function:
                        inside.setdefault(function.name, function)
                line_index += line.kind in " -"
        if inside:
            result[change.old_path] = tuple(inside.values())
    return result


def find_function_changes(
    touches: Sequence[LineTouch], functions: dict[str, tuple[Function, ...]]
) -> list[tuple[LineTouch, str]]:
    """Return the commits that changed one of the functions, with its name, latest first.

    The given commits precede the fix, and are ordered oldest first.
    """
    result: dict[str, tuple[LineTouch, str]] = {}
    for path, inside in functions.items():
        for function in inside:
            for touch in find_crossing_touches(touches, path, function.span):
                result.setdefault(touch.commit, (touch, function.name))
    order = {touch.commit: index for index, touch in enumerate(touches)}
    return sorted(result.values(), key=lambda touch: -order[touch[0].commit])


def find_defining_files(
    scratch: ScratchStore, tree: str, name: str, folder: str, timeout: float
) -> list[str]:
    """Return the files in a folder that define this function or structure."""
    escaped = re.escape(name)
    pattern = rf"^([A-Za-z_][A-Za-z0-9_ *]*[ *])?{escaped} ?\(.*[^;]$|^struct {escaped}( .*)?\{{"
    return scratch.files_with(tree, (pattern,), "-E", paths=(folder or ".",), timeout=timeout)
