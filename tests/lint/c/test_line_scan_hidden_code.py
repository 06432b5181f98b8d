# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no comment mark or quote in C hides the code around it.

Each combination has a place of the code, a trick that looks like a comment or a string, a flaw, and
the options of the check. One of twenty parts runs with `make test`.
"""

import difflib
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import choose_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Rule
from tests.kit.hidden_code import MARK, TRICKS
from tests.kit.patches import build_patch_text
from tests.kit.snippets import MemoryTree

PARTS = 20
PATH = "drivers/demo/foo.c"
FLAWS = (
    "int grob[] = {1,2} ;",
    "unsigned crob;",
    "typedef struct frob {\n\tint a;\n} frob_t;",
    "int crob(void)\n{\n\tif(x){\n\t\ty( 1 );\n\t}\n\treturn 1;\n}",
)
PLACES = ("new file", "mail", "tree", "old file in the tree")
OLD = "".join(f"int before{number}(void);\n" for number in range(60))


class Combination(NamedTuple):
    place: str
    trick: str
    flaw: str
    is_strict: bool

    @property
    def part(self) -> int:
        return zlib.crc32(repr(tuple(self)).encode()) % PARTS


def list_combinations() -> Iterator[Combination]:
    return (Combination(*values) for values in product(PLACES, TRICKS, FLAWS, (False, True)))


def make_diff(old: str, new: str) -> str:
    old_name = f"a/{PATH}" if old else "/dev/null"
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), old_name, f"b/{PATH}"
    )
    mode = "" if old else "new file mode 100644\n"
    return f"diff --git a/{PATH} b/{PATH}\n{mode}{''.join(lines)}"


@cache
def _choose_rules() -> Sequence[Rule]:
    return choose_rules(load_rules(), kernel=(6, 1), profile="linux")


def find_in_flaw(place: str, trick: str, flaw: str, is_strict: bool) -> set[tuple[str, int]]:
    """Return (rule, line of the flaw) of each finding in the flaw."""
    added = trick.replace(MARK, f"\n{flaw}\n") + "\n"
    first = trick.partition(MARK)[0].count("\n") + 1
    top = OLD if place != "new file" else "/* SPDX-License-Identifier: GPL-2.0 */\n"
    old = "" if place == "new file" else OLD + OLD.replace("before", "after")
    if place == "old file in the tree":
        # the file has a comment, and marks of comments that are none
        top = f'/* don\'t\n * do\n */\nchar *a = "/*"; // */\n{top}'
        old = top + OLD.replace("before", "after")
    new = top + added + (OLD.replace("before", "after") if old else "")
    raw = build_patch_text(diff=make_diff(old, new)).encode()
    tree = MemoryTree({PATH: old} if old and place != "mail" else {})
    context = Context(
        parse_patch(raw, "x"),
        tree=None if place == "mail" else tree,
        options=Options(strict=is_strict),
    )
    start = top.count("\n") + first + 1
    height = flaw.count("\n")
    return {
        (finding.rule, finding.line - start)
        for finding in find_findings(context, _choose_rules())
        if finding.line is not None and start <= finding.line <= start + height
    }


@cache
def find_alone(place: str, flaw: str, is_strict: bool) -> frozenset[tuple[str, int]]:
    return frozenset(find_in_flaw(place, MARK, flaw, is_strict))


def is_hidden(combination: Combination) -> bool:
    place, trick, flaw, is_strict = combination
    expected = find_alone(place, flaw, is_strict)
    assert expected
    return not expected <= find_in_flaw(place, TRICKS[trick], flaw, is_strict)


@pytest.mark.parametrize(
    "part",
    [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, PARTS))],
)
def test_marks_hide_no_code(part: int) -> None:
    combinations = [one for one in list_combinations() if one.part == part]
    assert len(combinations) > 50
    assert [one for one in combinations if is_hidden(one)] == []
