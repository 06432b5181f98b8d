# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds uses in an adapted C file that do not match the branch's code.

These are calls with another number of arguments, undeclared variables, and returns of another
type.
"""

import re
from collections.abc import Iterable, Sequence

from patchpilot.backports.adapt.renamed_names import names_in
from patchpilot.backports.adapt.units import return_type, units_by_name
from patchpilot.backports.object_store import Scratch
from patchpilot.backports.symbols import Calls, calls_in
from patchpilot.errors import GitError

_INCLUDE = re.compile(r'\s*#\s*include\s*["<]([^">]+)[">]')
_RETURN = re.compile(r"\s*return\b")
_TYPED = re.compile(
    r"^\s+(?:(?:const|static|unsigned|struct|enum|union)\s+)*[A-Za-z_]\w*(?:\s+|\s*\*+\s*)(?:[A-Za-z_]\w*|\*)"
)
_MOST_NAMES = 20
_TIMEOUT = 5.0


def other_signatures(
    scratch: Scratch,
    tree: str,
    near: Sequence[str],
    ours: Sequence[str],
    base: Sequence[str],
    theirs: Sequence[str],
    made: Sequence[str],
) -> set[str]:
    """Returns the functions that an adapted file calls with a number of arguments unused in the
    branch.

    Functions whose number of arguments the fix changes are not included. The branch's calls are
    searched in the folders `near` the file. A number of arguments that occurs on no side results
    from the merge and is always wrong.
    """
    # calls that the branch's own lines have need not be counted
    names = names_in(set(made) - set(ours))
    mine, old, new, result = (
        calls_in("".join(side), names) for side in (ours, base, theirs, made)
    )
    introduced = {
        name for name, count in new - old if any(one == name for one, _ in old)
    }
    added = {
        (name, count) for name, count in (result - mine) & new if name not in introduced
    }
    known: dict[str, set[int]] = {}
    for name, count in mine:
        known.setdefault(name, set()).add(count)
    for name, count in _in_tree(
        scratch, tree, near, {name for name, _ in added} - known.keys()
    ):
        known.setdefault(name, set()).add(count)
    made_up = {name for name, _ in result - mine - new if name in names_in(base)}
    # a function that is called with several numbers of arguments takes any
    return made_up | {
        name
        for name, count in added
        if len(known.get(name, ())) == 1 and count not in known[name]
    }


def _in_tree(
    scratch: Scratch, tree: str, near: Sequence[str], names: Iterable[str]
) -> Calls:
    wanted = sorted(names)[:_MOST_NAMES]
    if not wanted or not near:
        return set()
    calls = [f"{name}(" for name in wanted]
    try:
        text = scratch.grep(
            tree, calls, "-h", "-F", "--max-count=5", paths=near, timeout=_TIMEOUT
        )
    except GitError:
        return set()
    return {call for line in text.split("\n") for call in calls_in(line, wanted)}


def undeclared_variables(
    ours: Sequence[str], base: Sequence[str], theirs: Sequence[str], made: Sequence[str]
) -> set[str]:
    """Returns the variables that an adapted function uses without declaring them.

    They are variables of the base's function that the branch's function lacks, or variables of
    the branch's function. If a function of the fix does the same, the declaration is assumed to
    be somewhere else.
    """
    before, after, new = (
        {name: lines[one.start : one.end] for name, one in units_by_name(lines).items()}
        for lines in (base, ours, theirs)
    )
    missing: set[str] = set()
    for name, unit in units_by_name(made).items():
        body = made[unit.start : unit.end]
        here = after.get(name)
        if here is None or name not in before or body == here:
            continue
        used, fixed = names_in(body), new.get(name, [])
        lost = (used - names_in(here)) & _declared(before[name]) | used & _declared(
            here
        )
        missing |= lost - _declared(body) - (names_in(fixed) - _declared(fixed))
    return missing


def other_returns(
    ours: Sequence[str], theirs: Sequence[str], made: Sequence[str]
) -> set[str]:
    """Returns the adapted functions with a new return statement and a return type other than the
    fix's.
    """
    mine, new, result = (
        {name: (lines, unit) for name, unit in units_by_name(lines).items()}
        for lines in (ours, theirs, made)
    )
    found = set()
    for name in mine.keys() & new.keys() & result.keys():
        types = {return_type(*side[name]) for side in (new, result)} - {()}
        (lines, unit), (own, before) = result[name], mine[name]
        added = set(lines[unit.start : unit.end]) - set(own[before.start : before.end])
        if len(types) > 1 and any(_RETURN.match(line) for line in added):
            found.add(name)
    return found


def absent_headers(
    scratch: Scratch, tree: str, base: str, ours: Sequence[str], made: Sequence[str]
) -> set[str]:
    """Returns the headers newly included by an adapted file that are missing from the branch.

    Only headers that exist in the base's tree are considered.
    """
    new = {
        found[1] for line in set(made) - set(ours) if (found := _INCLUDE.match(line))
    }
    new -= {found[1] for line in ours if (found := _INCLUDE.match(line))}
    for of, is_there in ((base, True), (tree, False)):
        if new:
            files = scratch.git("ls-tree", "-r", "-z", "--name-only", of).text.split(
                "\0"
            )
            new = {
                header
                for header in new
                if any(f"/{path}".endswith(f"/{header}") for path in files) is is_there
            }
    return new


def _declared(body: Sequence[str]) -> set[str]:
    """The variables and parameters of a function, as far as their lines show."""
    found: set[str] = set()
    for line in body:
        if line.lstrip().startswith(
            ("return", "goto", "else", "case")
        ) or not _TYPED.match(line):
            continue
        found |= set(
            re.findall(
                r"([A-Za-z_]\w*)\s*(?==[^=]|;|,|\[|\)|$)", line.split("(")[0].rstrip()
            )
        )
    return found
