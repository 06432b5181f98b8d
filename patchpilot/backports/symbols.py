# SPDX-License-Identifier: GPL-2.0-or-later
"""Find symbols that a fix uses and that are missing from a branch or declared differently."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from patchpilot.backports.local_names import MissingName
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.errors import GitError
from patchpilot.history.earlier_fixes import group_changes_by_function
from patchpilot.model.c_scanner import C_FILES, read_code, read_hunk_code
from patchpilot.model.patch import FileChange

_CODE = (".c", ".h", ".cc", ".cpp", ".hpp", ".S", ".rs")
_WORD = re.compile(r"\b[A-Za-z_]\w{2,}\b")
_USED = re.compile(
    r"(?:(?:->|\.)\s*(?P<field>[A-Za-z_]\w{2,})\b|\b(?P<called>[A-Za-z_]\w{2,})\s*\(|\b(?P<constant>[A-Z][A-Z0-9_]{3,})\b)"
)
_KEYWORDS = frozenset(
    [
        "if",
        "for",
        "while",
        "switch",
        "return",
        "sizeof",
        "typeof",
        "defined",
        "alignof",
        "case",
        "else",
        "do",
        "goto",
        "likely",
        "unlikely",
    ]
)
_CALL = re.compile(r"\b([A-Za-z_]\w{2,})\s*\(")
_NO_CALLS = {
    "return",
    "sizeof",
    "switch",
    "while",
    "for",
    "defined",
    "typeof",
    "__attribute__",
}
_MOST_LETTERS = 2000
_MOST = 40
_CALLED, _NAMED = "called", "named"


def compare_symbols(
    scratch: ScratchStore, fix: FixCommit, tree: str, *, timeout: float = 5.0
) -> tuple[tuple[MissingName, ...], list[str], list[str]]:
    """Compare the symbols that the fix uses with a tree.

    Check only symbols that occur in mainline, at the fix's parent, or in the fix's files. Return
    the symbols missing from the tree, then hints about missing symbols and functions with different
    arguments, with which the fix cannot compile, then hints about changed functions that the tree
    lacks.
    """
    if fix.base is None:
        return (), [], []
    base = scratch.tree_of(fix.base)
    used = {
        symbol: kind
        for symbol, kind in _find_new_symbols(fix).items()
        if not _is_used_in_branch(scratch, fix, tree, symbol, kind)
    }
    function_hints = [
        f"the fix changes {symbol}(), which the branch's {path} does not have"
        for symbol, path in _find_missing_functions(scratch, fix, base, tree).items()
    ]
    folders = _list_nearby_paths(fix)
    try:
        before = _find_declarations(scratch, base, used, folders, timeout)
        after = _find_declarations(scratch, tree, before, folders, timeout)
        absent = {symbol for symbol in used if symbol in before and symbol not in after}
        if absent:
            absent -= scratch.find_words(tree, absent, timeout=timeout)
    except GitError:
        return (), [], function_hints
    missing = tuple(MissingName(symbol, before[symbol][0]) for symbol in used if symbol in absent)
    hints = [
        f"the fix {'calls' if used[it.name] == _CALLED else 'uses'} {it.name}, which the branch"
        f" does not have (mainline: {it.path})"
        for it in missing
    ]
    hints += [
        f"{symbol}() has different arguments: {after[symbol][1]!r} in the branch,"
        f" {before[symbol][1]!r} in mainline ({before[symbol][0]})"
        for symbol in used
        if used[symbol] == _CALLED
        and symbol in before
        and symbol in after
        and _arguments_differ(before[symbol], after[symbol])
    ]
    return missing, hints, function_hints


def find_adding_commit(
    scratch: ScratchStore,
    fix: FixCommit,
    missing: MissingName,
    tip: str,
    *,
    timeout: float = 5.0,
) -> str | None:
    """Return the mainline commit, missing from the branch, that added a name to a file.

    Return None if the commit is not found before the timeout.
    """
    # `git log -S` would show the symbol to other users of the machine, as an argument of a process
    try:
        result = scratch.repository.git(
            "log",
            "--reverse",
            "--no-merges",
            "--format=%x00%H",
            "--patch",
            "--unified=0",
            f"{fix.id}^",
            f"^{tip}",
            "--",
            missing.path,
            timeout=timeout,
        )
    except GitError:
        return None
    # a hunk of the function has its name in its heading, or adds its first line
    function = re.compile(rf"\b{missing.function}\s*\(" if missing.function else "")
    for record in result.text.split("\0")[1:]:
        commit_id, _, patch = record.partition("\n")
        hunks = [hunk for hunk in patch.split("\n@@ ")[1:] if function.search(hunk)]
        lines = [line for hunk in hunks for line in hunk.split("\n")]
        added, removed = (
            sum(len(missing.pattern.findall(line)) for line in lines if line.startswith(sign))
            for sign in "+-"
        )
        if added != removed:
            return commit_id
    return None


def _find_new_symbols(fix: FixCommit) -> dict[str, str]:
    """Map each symbol that only the fix's added lines use to the way it is used."""
    lines = [
        line
        for change in fix.files
        if change.path.endswith(_CODE)
        for hunk in change.hunks
        for line in hunk.lines
    ]
    old_words = {
        symbol for line in lines if line.kind != "+" for symbol in _WORD.findall(line.text)
    }
    result: dict[str, str] = {}
    for line in (line for change in fix.files for line in _read_added_code(change)):
        for match in _USED.finditer(line):
            symbol = match["field"] or match["called"] or match["constant"]
            if symbol in _KEYWORDS:
                continue
            if match["called"]:
                result.setdefault(symbol, _CALLED)
            elif symbol not in old_words:
                result.setdefault(symbol, _NAMED)
    return dict(list(result.items())[:_MOST])


def _is_used_in_branch(
    scratch: ScratchStore, fix: FixCommit, tree: str, symbol: str, kind: str
) -> bool:
    """Return whether the branch's version of the fix's files uses a symbol in the same way.

    If so, the symbol need not be looked up.
    """
    for change in fix.files:
        if (
            not change.old_path
            or not change.new_path
            or not any(symbol in line.text for line in change.lines("+"))
        ):
            continue
        content = scratch.blob(tree, change.old_path)
        branch_text = content.decode("utf-8", "replace") if content else ""
        if not re.search(rf"\b{symbol}\b", branch_text):
            return False
        if kind == _CALLED:
            added = "\n".join(_read_added_code(change))
            if not _count_calls(added, {symbol}) <= find_calls(branch_text, {symbol}):
                return False
    return True


Calls = set[tuple[str, int]]
"""Names of functions or macros, each with the number of arguments in a call."""


def find_calls(code: str, names: Collection[str] | None = None) -> Calls:
    """Return the calls and definitions in C text, limited to `names` if given.

    Incomplete calls and definitions are omitted.
    """
    return _count_calls(_read_code(code), names)


@lru_cache(maxsize=4)
def _read_code(text: str) -> str:
    return "\n".join(read_code(text.split("\n")))


def _read_added_code(change: FileChange) -> list[str]:
    """Return the lines that a change adds to a source file, without comments and strings."""
    if not change.path.endswith(_CODE):
        return []
    if not change.path.endswith(C_FILES):
        # in Rust, most apostrophes are lifetimes
        return read_code(line.text.replace("'", " ") for line in change.lines())
    return [
        code
        for hunk in change.hunks
        for line, code in zip(hunk.lines, read_hunk_code(hunk), strict=True)
        if line.kind == "+"
    ]


def _count_calls(plain_code: str, names: Collection[str] | None) -> Calls:
    calls = set()
    for call in _CALL.finditer(plain_code):
        if call[1] in _NO_CALLS or (names is not None and call[1] not in names):
            continue
        count = _count_arguments(plain_code, call.end())
        if count is not None:
            calls.add((call[1], count))
    return calls


def _count_arguments(code: str, start: int) -> int | None:
    depth, commas, has_argument = 1, 0, False
    for char in code[start : start + _MOST_LETTERS]:
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if not depth:
                return commas + 1 if has_argument else 0
        elif char == "," and depth == 1:
            commas += 1
        elif char in ";" and depth == 1:
            return None
        has_argument = has_argument or not char.isspace()
    return None


def _list_nearby_paths(fix: FixCommit) -> tuple[str, ...]:
    folders = {path.rpartition("/")[0] for path in fix.paths}
    return (*sorted(folders | set(fix.paths)), "include", "lib")


def _find_declarations(
    scratch: ScratchStore,
    tree: str,
    symbols: Iterable[str],
    folders: Sequence[str],
    timeout: float,
) -> dict[str, tuple[str, str]]:
    """Map each symbol to its most likely declaration and that declaration's path. Search headers
    and directories near the fix's files.
    """
    wanted_symbols = list(symbols)
    if not wanted_symbols:
        return {}
    paths = [path for path in folders if path and scratch.has(tree, path)] or ["."]
    output = scratch.grep(tree, wanted_symbols, "-w", "-F", "-z", paths=paths, timeout=timeout)
    declarations: dict[str, tuple[int, str, str]] = {}
    pattern = re.compile(rf"\b(?:{'|'.join(wanted_symbols)})\b")
    for row in output.split("\n"):
        path, _, line = row.partition("\0")
        for symbol in set(pattern.findall(line)):
            rank = _rate_declaration(line, symbol)
            if symbol not in declarations or rank > declarations[symbol][0]:
                declarations[symbol] = (rank, path.partition(":")[2], line.strip())
    return {
        symbol: (path, line if rank >= 2 else "")
        for symbol, (rank, path, line) in declarations.items()
    }


def _rate_declaration(line: str, symbol: str) -> int:
    """Rate how likely a line declares a symbol.

    Return 3 for a prototype or definition, 2 for a macro, 1 for a field, and 0 for a use.
    """
    if re.match(rf"#\s*define\s+{symbol}\b", line):
        return 2
    if (
        re.match(rf"(?:[A-Za-z_][\w\s*]*[\s*])?{symbol}\s*\(", line)
        and not line[:1].isspace()
        and not line.lstrip().startswith("return")
    ):
        return 3
    if re.match(rf"\s+[A-Za-z_][\w\s*]*[\s*]{symbol}\s*(?:\[[^\]]*\])?\s*(?::\s*\d+)?;", line):
        return 1
    return 0


def _arguments_differ(old: tuple[str, str], new: tuple[str, str]) -> bool:
    lists = [re.search(r"\(([^()]*)\)", line) for _, line in (old, new)]
    if not lists[0] or not lists[1] or "#" in old[1][:1] + new[1][:1]:
        return False
    counts = [
        len([arg for arg in match[1].split(",") if arg.strip() and arg.strip() != "void"])
        for match in lists
        if match
    ]
    return counts[0] != counts[1]


def _find_missing_functions(
    scratch: ScratchStore, fix: FixCommit, base: str, tree: str
) -> dict[str, str]:
    """Map functions of mainline that the fix changes and the branch lacks to the file's path."""
    symbols: dict[str, str] = {}
    for change in fix.files:
        if not change.old_path or not change.path.endswith(_CODE):
            continue
        before, after = (scratch.blob(it, change.old_path) for it in (base, tree))
        if before is None or after is None:
            continue
        lost = _list_words(before) - _list_words(after) - _KEYWORDS
        symbols.update(
            (name, change.path)
            for name in group_changes_by_function((change,)).lines
            if name in lost and name not in symbols
        )
    return symbols


def _list_words(content: bytes) -> set[str]:
    return set(_WORD.findall(content.decode("utf-8", "replace")))
