# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no comment mark or quote in C hides functions from the search for earlier fixes."""

import pytest

from patchpilot.history.earlier_fixes import group_changes_by_function, is_distinctive
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import parse_diff
from tests.kit.hidden_code import MARK, TRICKS
from tests.kit.patches import build_patch_text


def find_functions(added: str) -> dict[str, set[str]]:
    """Return the added lines of each function."""
    lines = added.split("\n")
    diff = (
        "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n"
        f"@@ -20,2 +20,{len(lines) + 2} @@ int top(void)\n int a;\n"
        + "".join(f"+{line}\n" for line in lines)
        + " int b;\n"
    )
    patch = parse_patch(build_patch_text(diff=diff).encode(), "x")
    changes = group_changes_by_function(patch.files)
    return {name: {text for _, text in lines} for name, lines in changes.lines.items()}


@pytest.mark.parametrize("trick", TRICKS)
def test_marks_hide_no_function(trick: str) -> None:
    functions = find_functions(TRICKS[trick].replace(MARK, "int crob(void)\n{\n\tgrob();\n}"))
    assert "grob();" in functions["crob"]


def test_comment_starts_no_function() -> None:
    functions = find_functions("/*\nNote that vrob() waits.\n*/\nint crob(void)\n{\n\tgrob();\n}")
    assert set(functions) == {"int a;", "crob"}
    assert "grob();" in functions["crob"]


def test_code_between_comments_is_distinctive() -> None:
    assert not is_distinctive("/* count them all */")
    assert is_distinctive("/* count */ count(them); /* all */")


def test_added_function_is_not_a_change_of_the_one_above() -> None:
    rows = ("@@ -1,3 +1,8 @@ int above(void)", " \treturn 0;", " }", " ", "+int added(void)", "+{")
    rows += ("+\treturn 1;", "+}", "+")
    lines = ("diff --git a/w.c b/w.c", "--- a/w.c", "+++ b/w.c", *rows)
    assert list(group_changes_by_function(parse_diff(lines, 1).files).lines) == ["added"]
