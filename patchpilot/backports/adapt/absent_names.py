# SPDX-License-Identifier: GPL-2.0-or-later
"""Find names used in an adapted file but missing from the branch."""

import re
from collections.abc import Iterable, Sequence

from patchpilot.backports.adapt.tokens import IDENTIFIER
from patchpilot.backports.adapt.verify import code_lines
from patchpilot.backports.changed_functions import function_at
from patchpilot.backports.object_store import Scratch
from patchpilot.errors import GitError

_USED = re.compile(
    r"(?:(?:->|\.)\s*([A-Za-z_]\w{2,})\b|\b([A-Za-z_]\w{2,})\s*\(|\b([A-Z][A-Z0-9_]{3,})\b)"
)
_TYPED = re.compile(
    r"^\s+(?:(?:const|static|unsigned|struct|enum|union)\s+)*[A-Za-z_]\w*(?:\s+|\s*\*+\s*)(?:[A-Za-z_]\w*|\*)"
)
_MOST = 40
_TIMEOUT = 10.0


def names_in(lines: Iterable[str]) -> set[str]:
    return {name for line in lines for name in IDENTIFIER.findall(line)}


def names_used(lines: Sequence[str]) -> set[str]:
    """Return the functions, fields and constants used in lines of C."""
    return {
        name
        for line in code_lines(lines)
        for match in _USED.findall(line)
        for name in match
        if name
    }


def absent_names(
    scratch: Scratch, tree: str, base: str, names: Iterable[str], near: Sequence[str]
) -> set[str]:
    """Return the names found in the base's tree but not in the branch's.

    Search the folders `near` first.
    """
    left = set(sorted(names)[:_MOST])
    for of, folders, is_present in (
        (tree, near, False),
        (base, (), True),
        (tree, (), False),
    ):
        if not left:
            break
        existing = [folder for folder in folders if scratch.has(of, folder)]
        try:
            present = scratch.find_words(of, left, paths=existing, timeout=_TIMEOUT)
        except GitError:
            present = left
        left = left & present if is_present else left - present
    return left


def undeclared_variables(
    ours: Sequence[str], base: Sequence[str], theirs: Sequence[str], made: Sequence[str]
) -> set[str]:
    """Return the variables that an adapted function uses but does not declare.

    They are variables of the branch's function, or variables that only the base's function has. If
    one of the fix's functions does the same, assume that the variable is declared elsewhere.
    """
    before, after, new, result = map(_functions, (base, ours, theirs, made))
    missing: set[str] = set()
    for name, body in result.items():
        branch_body = after.get(name)
        if branch_body is None or name not in before or body == branch_body:
            continue
        used, fixed = names_in(body), new.get(name, [])
        lost = (used - names_in(branch_body)) & _declared_names(
            before[name]
        ) | used & _declared_names(branch_body)
        missing |= (
            lost - _declared_names(body) - (names_in(fixed) - _declared_names(fixed))
        )
    return missing


def _functions(lines: Sequence[str]) -> dict[str, Sequence[str]]:
    """Map function names to the functions' lines, omitting names that occur twice."""
    bodies: dict[str, list[Sequence[str]]] = {}
    for at, line in enumerate(lines):
        function = function_at(lines, at) if line.startswith("{") else None
        if function:
            start, end = function.span
            bodies.setdefault(function.name, []).append(lines[start:end])
    return {name: same[0] for name, same in bodies.items() if len(same) == 1}


def _declared_names(body: Sequence[str]) -> set[str]:
    """Return a function's variables and parameters, as far as these lines declare them."""
    result: set[str] = set()
    for line in body:
        if line.lstrip().startswith(
            ("return", "goto", "else", "case")
        ) or not _TYPED.match(line):
            continue
        result |= set(
            re.findall(
                r"([A-Za-z_]\w*)\s*(?==[^=]|;|,|\[|\)|$)", line.split("(")[0].rstrip()
            )
        )
    return result
