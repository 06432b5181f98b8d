# SPDX-License-Identifier: GPL-2.0-or-later
"""Which of a tree's semantic patches may match a changed file."""

from types import SimpleNamespace
from typing import Any

import pytest

from patchpilot.building.semantic_patches import near_text, scripts_for

KFREE = """/// Find a use after free.
// Options: --no-includes
virtual report
@free@
expression E;
position p1;
@@
 kfree@p1(E)
@script:python depends on report@
p1 << free.p1;
@@
coccilib.report.print_report(p1[0], "use")
"""
TWICE = "/// twice\n@@\nexpression E;\n@@\n* E || E\n"
FILES = {
    "scripts/coccinelle/free/kfree.cocci": KFREE,
    "scripts/coccinelle/tests/twice.cocci": TWICE,
    "scripts/coccinelle/free/README": "kfree(",
}


def state() -> Any:
    return SimpleNamespace(files=dict.fromkeys(FILES, "id"), read=FILES.get)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("\tkfree(one);\n", ["kfree", "twice"]),
        ("\tmy_kfree(one);\n", ["twice"]),
        ("", ["twice"]),
    ],
)
def test_a_semantic_patch_runs_where_a_function_that_it_names_is(
    text: str, names: list[str]
) -> None:
    found = [
        path.rpartition("/")[2].removesuffix(".cocci")
        for path in scripts_for(state(), text)
    ]
    assert found == names


def test_only_the_text_near_changed_lines_counts() -> None:
    text = "\n".join(f"line {number}" for number in range(1, 200))
    near = near_text(text, [100]).split("\n")
    assert (near[0], near[-1]) == ("line 70", "line 130")
    assert near_text(text, []) == ""
