# SPDX-License-Identifier: GPL-2.0-or-later
"""Sanity checks for an adapted file.

It must have no conflict markers, unbalanced brackets, missing labels, unreachable code, or `else`
without `if`. Python code must be valid and keep the names that it uses.
"""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Sequence

from patchpilot.backports.adapt.units import code_lines, is_code, units

_MARKER = re.compile(r"(?:<{7}|>{7}|\|{7}) ")
_GOTO = re.compile(r"\bgoto\s+([A-Za-z_]\w*)\s*;")
_JUMP = re.compile(r"(?:return|goto|break|continue)\b[^;]*;")
_TARGET = re.compile(r"\w+\s*:|case\b|default\b")
# a declaration, assignment or jump that is complete in its line
_STATEMENT = re.compile(r"(?!if\b|for\b|while\b|else\b|[A-Z_]+\()[^{}]*;")
_BRACKETS = "(){}[]"


def is_sound(
    path: str,
    made: Sequence[str],
    ours: Sequence[str],
    base: Sequence[str],
    theirs: Sequence[str],
) -> bool:
    """Return whether an adapted file passes the checks.

    Problems that the branch's own file has are ignored. Only C and Python files are checked.
    """
    if _is_marked(made) and not _is_marked(ours):
        return False
    if is_code(path):
        return _is_sound_c(made, ours, base, theirs)
    return not path.endswith(".py") or _is_sound_python(made, ours)


def _is_sound_python(made: Sequence[str], ours: Sequence[str]) -> bool:
    own, mine = _parsed(ours), _parsed(made)
    if own is None:
        return True
    # a name that is used must not lose its declaration
    return mine is not None and not (_bound(own) - _bound(mine)) & _used(mine)


def _is_sound_c(
    made: Sequence[str], ours: Sequence[str], base: Sequence[str], theirs: Sequence[str]
) -> bool:
    mine, own, old, new = (_brackets(side) for side in (made, ours, base, theirs))
    is_balanced = all(
        mine[char] - own[char] - (mine[pair] - own[pair])
        == new[char] - old[char] - (new[pair] - old[pair])
        for char, pair in ("()", "{}", "[]")
    )
    return is_balanced and not (
        _unreachable(made) - _unreachable(ours) - _unreachable(theirs)
        or _stray_elses(made) - _stray_elses(ours) - _stray_elses(theirs)
        or _undeclared(made) - _undeclared(ours)
    )


def _is_marked(lines: Sequence[str]) -> bool:
    """Whether any of these lines is a conflict marker."""
    return any(_MARKER.match(line) for line in lines)


def _parsed(lines: Sequence[str]) -> ast.Module | None:
    """A file as a tree, None where it is not valid Python of this interpreter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse("".join(lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _bound(tree: ast.Module) -> set[str]:
    """The names that a file imports, defines or assigns anywhere."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.alias():
                found.add(node.asname or node.name.partition(".")[0])
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.arg():
                found.add(node.arg)
            case ast.Name(ctx=ast.Store()):
                found.add(node.id)
    return found


def _used(tree: ast.Module) -> set[str]:
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _unreachable(lines: Sequence[str]) -> set[tuple[str, str]]:
    """The jumps that follow a complete statement, each with a statement right below it."""
    code = [line.strip() for line in code_lines(lines) if line.strip()]
    return {
        (jump, below)
        for before, jump, below in zip(code, code[1:], code[2:], strict=False)
        if _JUMP.fullmatch(jump)
        and before.endswith((";", "{", "}"))
        and below.endswith(";")
        and not _TARGET.match(below)
    }


def _stray_elses(lines: Sequence[str]) -> Counter[str]:
    """The lines that begin with an `else` right after a statement that no `if` or macro is above."""  # noqa: E501
    found: Counter[str] = Counter()
    code = [line.strip() for line in code_lines(lines) if line.strip()]
    for above, before, line in zip(code, code[1:], code[2:], strict=False):
        if (
            line.startswith("else")
            and _STATEMENT.fullmatch(before)
            and (above.endswith((";", "{")) or above == "}")
        ):
            found[line] += 1
    return found


def _brackets(lines: Sequence[str]) -> Counter[str]:
    return Counter(
        char for line in code_lines(lines) for char in line if char in _BRACKETS
    )


def _undeclared(lines: Sequence[str]) -> set[str]:
    """The labels that a function jumps to and does not have."""
    code = list(code_lines(lines))
    found: set[str] = set()
    for unit in units(lines):
        body = "\n".join(code[unit.start : unit.end])
        found |= {
            label
            for label in _GOTO.findall(body)
            if not re.search(rf"\b{label}\s*:", body)
        }
    return found
