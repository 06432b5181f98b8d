# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the Kconfig symbols on which the changed lines of a patch depend.

Without these symbols, only stubs are compiled.
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from patchpilot.building.tree_state import TreeState
from patchpilot.cache.entries import Kind, kept
from patchpilot.model.file_diff import FileChange

_CALLED = re.compile(r"\b([A-Za-z_]\w{3,})\s*\(|\b([A-Z][A-Z0-9_]{5,})\b")
_NAMED = re.compile(r"\bCONFIG_(\w+?)(?:_MODULE)?\b")
_IF = re.compile(r"\s*#\s*(ifdef|ifndef|if|elif|else|endif)\b(.*)")
_NOT_CALLS = frozenset(
    ("sizeof", "while", "switch", "return", "typeof", "likely", "unlikely")
)
_DEBUGGING = re.compile(
    r"(?:DEBUG_(?!FS)|PROVE_|KASAN|KCSAN|KMSAN|LOCK|PREEMPT|TRAC|FTRACE|FUNCTION_|GCOV)"
)
_KIND = Kind("build-guards", (str(Path(__file__)),), 60)
_MOST_NAMES, _MOST_HEADERS, _MOST_IN_FILE = 200, 300, 8


def guards_of(state: TreeState, changes: Iterable[FileChange]) -> tuple[str, ...]:
    """Return the Kconfig symbols that affect the changed files.

    These are the symbols in the files' preprocessor conditions and in the conditions around the
    header declarations of functions they call, except for debugging symbols.
    """
    found: dict[str, None] = {}
    names: dict[str, None] = {}
    for change in changes:
        if not change.path.endswith((".c", ".h")):
            continue
        text = state.read(change.path) or ""
        in_file = dict.fromkeys(_NAMED.findall(text))
        touched = "\n".join(
            f"{hunk.section}\n{line.text}"
            for hunk in change.hunks
            for line in hunk.lines
        )
        if len(in_file) > _MOST_IN_FILE:
            in_file = dict.fromkeys(_NAMED.findall(touched))
            in_file |= dict.fromkeys(_around(text, change))
        found |= in_file
        # of the whole file: the configuration stays the same while its lines are amended
        changed = [line.text for line in (*change.lines("+"), *change.lines("-"))]
        for one, two in _CALLED.findall("\n".join((*changed, text))):
            names[one or two] = None
    wanted = [name for name in names if name not in _NOT_CALLS][:_MOST_NAMES]
    if wanted:
        key = state.digest(fnmatch.filter(state.files, "include/*")), *wanted
        found |= dict.fromkeys(kept(_KIND, key, lambda: _in_headers(state, wanted)))
    return tuple(name for name in found if not _DEBUGGING.match(name))


def _in_headers(state: TreeState, wanted: list[str]) -> list[str]:
    """Return the symbols of the conditions around the declarations of these names."""
    users = state.grep(wanted, "-l", "-z", "-w", "-F", paths=("include",))
    headers = [path for path in users if path.endswith(".h")][:_MOST_HEADERS]
    found: dict[str, None] = {}
    for header in headers:
        found |= dict.fromkeys(_around_names(state.read(header) or "", set(wanted)))
    return list(found)


def _around(text: str, change: FileChange) -> Iterator[str]:
    """Yield the symbols of the conditions around the added lines of a file."""
    added = {line.new_line for line in change.lines("+")}
    for number, symbols, _ in _guarded(text):
        if number in added:
            yield from symbols


def _around_names(text: str, names: set[str]) -> Iterator[str]:
    """Yield the symbols of the conditions in a header around the declarations of these names."""
    if "CONFIG_" not in text:
        return
    for _, symbols, line in _guarded(text):
        if symbols and (line[:1] not in (" ", "\t", "*", "/")):
            declared = {one or two for one, two in _CALLED.findall(line)}
            if names & declared:
                yield from symbols


def _guarded(text: str) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Yield the lines of a file, each with its number and the symbols of the conditions
    around it.
    """
    stack: list[tuple[str, ...]] = []
    for number, line in enumerate(text.split("\n"), 1):
        found = _IF.match(line)
        if not found:
            if stack:
                yield number, tuple(name for names in stack for name in names), line
        elif found[1] == "endif":
            if stack:
                stack.pop()
        elif found[1].startswith("if"):
            stack.append(tuple(_NAMED.findall(found[2])))
        elif stack and found[1] == "elif":
            stack[-1] += tuple(_NAMED.findall(found[2]))
