# SPDX-License-Identifier: GPL-2.0-or-later
"""Find names that an adapted file uses but that are missing from the branch."""

import re
from collections.abc import Iterable, Sequence

from patchpilot.backports.adapt.tokens import IDENTIFIER
from patchpilot.backports.adapt.verify import strip_comments_and_strings
from patchpilot.backports.changed_functions import find_enclosing_function
from patchpilot.commits.object_store import ScratchStore
from patchpilot.errors import GitError
from patchpilot.model.c_scanner import read_code

_USED = re.compile(
    r"(?:(?:->|\.)\s*([A-Za-z_]\w{2,})\b|\b([A-Za-z_]\w{2,})\s*\(|\b([A-Z][A-Z0-9_]{3,})\b)"
)
_TYPED = re.compile(
    r"^\s+(?:(?:const|static|unsigned|struct|enum|union)\s+)*[A-Za-z_]\w*(?:\s+|\s*\*+\s*)(?:[A-Za-z_]\w*|\*)"
)
_PARAMETER = re.compile(r"\w[\s*]+([A-Za-z_]\w*)\s*(?=[,)\[])|\(\*([A-Za-z_]\w*)\)")
_COUNTER = re.compile(r"\bfor\s*\((?:\w+[\s*]+)+(\w+)\s*=")
_FIELD = re.compile(r"(?:->|\.)\s*[A-Za-z_]\w*")
_MOST = 40
_TIMEOUT = 10.0


def find_names(lines: Iterable[str]) -> set[str]:
    return {name for line in lines for name in IDENTIFIER.findall(line)}


def find_used_names(lines: Sequence[str]) -> set[str]:
    """Return the functions, fields and constants used in lines of C."""
    return {
        name
        for line in strip_comments_and_strings(lines)
        for match in _USED.findall(line)
        for name in match
        if name
    }


def find_absent_names(
    scratch: ScratchStore,
    tree: str,
    base: str,
    names: Iterable[str],
    nearby_folders: Sequence[str],
) -> set[str]:
    """Return the names that occur in the base's tree but not in the branch's tree.

    Search `nearby_folders` first.
    """
    remaining = set(sorted(names)[:_MOST])
    for searched_tree, folders, is_present in (
        (tree, nearby_folders, False),
        (base, (), True),
        (tree, (), False),
    ):
        if not remaining:
            break
        existing = [folder for folder in folders if scratch.has(searched_tree, folder)]
        try:
            present = scratch.find_words(searched_tree, remaining, paths=existing, timeout=_TIMEOUT)
        except GitError:
            present = remaining
        remaining = remaining & present if is_present else remaining - present
    return remaining


def find_undeclared_variables(
    ours: Sequence[str],
    base: Sequence[str],
    theirs: Sequence[str],
    adapted: Sequence[str],
) -> set[str]:
    """Return the variables that an adapted function uses but does not declare.

    Only variables of the branch's function, or found only in the base's function, are checked. A
    function missing from the base is compared with all functions missing from the branch, because
    it may have been renamed. If one of the fix's functions also uses a variable without declaring
    it, assume that it is declared elsewhere.
    """
    before, ours_by_name, theirs_by_name, adapted_by_name = map(
        _map_functions, (base, ours, theirs, adapted)
    )
    missing = set()
    for name, body in adapted_by_name.items():
        branch_body = ours_by_name.get(name)
        if branch_body is None or body == branch_body:
            continue
        old_body, fix_body = (
            functions.get(name)
            or [line for it in functions.keys() - ours_by_name for line in functions[it]]
            for functions in (before, theirs_by_name)
        )
        used_names = _find_variables(body)
        undeclared = (used_names - _find_variables(branch_body)) & _find_declared_names(
            old_body
        ) | used_names & _find_declared_names(branch_body)
        missing |= (
            undeclared
            - _find_declared_names(body)
            - (_find_variables(fix_body) - _find_declared_names(fix_body))
        )
    return missing


def find_foreign_names(
    ours: Sequence[str], base: Sequence[str], adapted: Sequence[str]
) -> dict[str, set[str]]:
    """Map the adapted functions to the names in them that the base's function uses, and the
    branch's function does not.
    """
    before, ours_by_name, adapted_by_name = map(_map_functions, (base, ours, adapted))
    foreign = {
        name: find_code_names(body)
        & find_code_names(before.get(name, ())) - find_code_names(ours_by_name[name])
        for name, body in adapted_by_name.items()
        if name in ours_by_name
    }
    return {name: names for name, names in foreign.items() if names}


def find_code_names(lines: Sequence[str]) -> set[str]:
    """Return the names in lines of C without comments and strings."""
    return find_names(strip_comments_and_strings(lines))


def _find_variables(lines: Sequence[str]) -> set[str]:
    """Return the names in lines of code without the names of fields."""
    return find_names(_FIELD.sub("", line) for line in strip_comments_and_strings(lines))


def _map_functions(lines: Sequence[str]) -> dict[str, Sequence[str]]:
    """Map function names to the functions' lines, omitting names that occur twice."""
    bodies: dict[str, list[Sequence[str]]] = {}
    code = read_code(lines)
    for index, line in enumerate(code):
        function = find_enclosing_function(code, index) if line.startswith("{") else None
        if function:
            start, end = function.span
            bodies.setdefault(function.name, []).append(lines[start:end])
    return {name: candidates[0] for name, candidates in bodies.items() if len(candidates) == 1}


def _find_declared_names(body: Sequence[str]) -> set[str]:
    """Return the parameters, variables and loop counters that functions declare."""
    result = set(_COUNTER.findall(" ".join(body)))
    is_head = True
    for line in body:
        is_head = line.startswith("}") or (is_head and not line.startswith("{"))
        if is_head:
            result |= {name for match in _PARAMETER.findall(line) for name in match if name}
            continue
        if line.lstrip().startswith(("return", "goto", "else", "case")) or not _TYPED.match(line):
            continue
        result |= set(
            re.findall(r"([A-Za-z_]\w*)\s*(?==[^=]|;|,|\[|\)|$)", line.split("(")[0].rstrip())
        )
    return result
